// The authorization code flow with PKCE as an app without a browser drives it: redirects, cookies, one form.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { PASSWORD } from './accounts.mjs';

const MOST_HOPS = 10;
export const FORM_ACTION = /<form[^>]*\baction="([^"]+)"/;

/**
 * Signs `login` in and answers the tokens and the cookie jar. `app` has `url` (where discovery is), `clientId`,
 * `redirectUri`; `parameters` are added to the authorization request and, for `resource`, to the token request.
 */
export async function signIn(app, login, parameters = {}) {
  const discovery = await (await fetch(`${app.url}/.well-known/openid-configuration`)).json();
  const [verifier, state, nonce] = [randomWord(), randomWord(), randomWord()];
  const authorize = new URL(discovery.authorization_endpoint);
  authorize.search = new URLSearchParams({
    client_id: app.clientId,
    redirect_uri: app.redirectUri,
    response_type: 'code',
    scope: 'openid email',
    state,
    nonce,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...parameters,
  });
  const jar = new CookieJar();
  const back = await followToApp(jar, authorize.href, app.redirectUri, login);
  assert.equal(back.searchParams.get('error'), null, back.searchParams.get('error_description'));
  assert.equal(back.searchParams.get('state'), state, 'the state came back');

  const answer = await fetch(discovery.token_endpoint, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: app.clientId,
      redirect_uri: app.redirectUri,
      code: back.searchParams.get('code'),
      code_verifier: verifier,
      ...(parameters.resource && { resource: parameters.resource }),
    }),
  });
  const tokens = await answer.json();
  assert.equal(answer.status, 200, JSON.stringify(tokens));
  await assertGoodIdToken(tokens.id_token, discovery, app, nonce);
  return { ...tokens, jar };
}

/** The check that a fake has to pass before its tokens prove anything about Hallpass. */
async function assertGoodIdToken(idToken, discovery, app, nonce) {
  const keys = createRemoteJWKSet(new URL(discovery.jwks_uri));
  const { payload } = await jwtVerify(idToken, keys, { issuer: discovery.issuer, audience: app.clientId });
  assert.equal(payload.nonce, nonce, 'the nonce came back');
}

async function followToApp(jar, start, redirectUri, login) {
  let url = start;
  let form = null;
  for (let hop = 0; hop < MOST_HOPS; hop += 1) {
    const answer = await jar.fetch(url, form ? { method: 'POST', body: form } : {});
    form = null;
    const location = answer.headers.get('location');
    if (location) {
      url = new URL(location, url).href;
      if (url.startsWith(redirectUri)) return new URL(url);
      continue;
    }
    const page = await answer.text();
    const action = FORM_ACTION.exec(page)?.[1].replaceAll('&amp;', '&');
    assert.ok(answer.ok && action, `no login page at ${url}: ${answer.status} ${page}`);
    url = new URL(action, url).href;
    form = new URLSearchParams({ login, password: PASSWORD });
  }
  throw new Error('the sign-in goes round in circles');
}

/** Ends the session at the provider (RP-initiated logout): it then tells its clients over the back channel. */
export async function signOut(app, tokens) {
  const discovery = await (await fetch(`${app.url}/.well-known/openid-configuration`)).json();
  const end = new URL(discovery.end_session_endpoint);
  end.search = new URLSearchParams({ id_token_hint: tokens.id_token });
  const page = await (await tokens.jar.fetch(end.href)).text();
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(page)?.[1];
  const action = new URL(FORM_ACTION.exec(page)[1], end).href;
  const body = new URLSearchParams({ xsrf, logout: 'yes' });
  assert.ok((await tokens.jar.fetch(action, { method: 'POST', body })).status < 400);
}

/** Enough of a browser's memory for one site. */
export class CookieJar {
  #cookies = new Map();

  async fetch(url, init = {}) {
    const cookie = Array.from(this.#cookies, ([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { ...init, redirect: 'manual', headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (value === '') this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return answer;
  }
}

function randomWord() {
  return randomBytes(32).toString('base64url');
}
