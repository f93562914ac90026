// An Auth0 tenant as an app and a verifier see it. Each fact is from a page of the public documentation at
// auth0.com/docs, named where it is used. What cannot be true on loopback: endpoints are plain http at 127.0.0.1, while
// `iss` is what the real tenant writes; so Hallpass is told the address of the keys, and derives the issuers itself.

import { createHash, randomBytes } from 'node:crypto';
import { loginPage, redirectWithin } from './accounts.mjs';
import { nowSecs, ProviderKey } from './keys.mjs';
import { allowOtherOrigins, Loopback, readForm, sendJson } from './loopback.mjs';

const TEN_HOURS = 10 * 60 * 60;
const DAY = 24 * 60 * 60;

export class Auth0Tenant {
  /** One tenant at two addresses: its own domain and the custom domain that stands for it. */
  static async start({ domain, customDomain, clientId, redirectUri, accounts }) {
    const tenant = new Auth0Tenant({ clientId, redirectUri, accounts });
    // customize/custom-domains: tokens carry the domain that the sign-in was made at.
    tenant.own = await tenant.#open(domain);
    tenant.custom = await tenant.#open(customDomain);
    tenant.#commonName = domain;
    // get-started/tenant-settings/signing-keys: a tenant has a current key and the next one, and both are published.
    [tenant.current, tenant.next] = await Promise.all([tenant.#newKey(), tenant.#newKey()]);
    return tenant;
  }

  #commonName;
  /** Sign-ins under way, by the `state` of the login page. */
  #transactions = new Map();
  #codes = new Map();

  constructor(settings) {
    Object.assign(this, settings);
    this.previous = null;
    // get-started/apis/api-settings, "access token profile": Auth0's own form, or RFC 9068.
    this.accessTokenType = 'JWT';
  }

  /** The address of the key set; secure/tokens/json-web-tokens/json-web-key-sets. */
  get keysUrl() {
    return `${this.own.web.url}/.well-known/jwks.json`;
  }

  /** manage-users/user-accounts/identify-users: user ids are CONNECTION|ID. */
  userId(login) {
    return `auth0|${createHash('sha256').update(login).digest('hex').slice(0, 24)}`;
  }

  /** signing-keys/rotate-signing-keys: next becomes current; the one before it is trusted until it is revoked. */
  async rotate() {
    [this.previous, this.current, this.next] = [this.current, this.next, await this.#newKey()];
  }

  /** signing-keys/revoke-signing-keys: no longer published; tokens signed with it are to be refused. */
  revokePrevious() {
    this.previous = null;
  }

  /** The ID token of secure/tokens/id-tokens/id-token-structure; `overrides` replace claims, `undefined` removes. */
  idToken(login, { issuer = this.own.issuer, key = this.current, ...overrides } = {}) {
    const { email, email_verified, ...custom } = this.accounts[login] ?? {};
    const now = nowSecs();
    return key.sign({
      nickname: login,
      name: email,
      picture: `https://avatars.example/${login}.png`,
      updated_at: new Date(now * 1000).toISOString(),
      email,
      email_verified,
      // secure/tokens/json-web-tokens/create-custom-claims: an Action adds claims; their names are URIs.
      ...custom,
      iss: issuer,
      aud: this.clientId,
      sub: this.userId(login),
      iat: now,
      exp: now + TEN_HOURS,
      sid: randomBytes(24).toString('base64url'),
      ...overrides,
    });
  }

  /** secure/tokens/access-tokens/access-token-profiles: both have the API and the userinfo endpoint as audience. */
  accessToken(login, audience, issuer = this.own.issuer) {
    const now = nowSecs();
    const rfc9068 = this.accessTokenType === 'at+jwt';
    const claims = {
      iss: issuer,
      sub: this.userId(login),
      aud: [audience, `${issuer}userinfo`],
      iat: now,
      exp: now + DAY,
      scope: 'openid email',
      ...(rfc9068 ? { client_id: this.clientId, jti: randomBytes(16).toString('hex') } : { azp: this.clientId }),
    };
    return this.current.sign(claims, { typ: this.accessTokenType });
  }

  async close() {
    await Promise.all([this.own.web.down(), this.custom.web.down()]);
  }

  #newKey() {
    return ProviderKey.certified(this.#commonName, randomBytes(16).toString('base64url').slice(0, 21));
  }

  async #open(domain) {
    const door = { issuer: `https://${domain}/` };
    door.web = await Loopback.listen((request, response, url) => this.#answer(door, request, response, url));
    return door;
  }

  async #answer(door, request, response, url) {
    if (allowOtherOrigins(request, response)) return;
    const routes = {
      'GET /.well-known/openid-configuration': () => sendJson(response, 200, discovery(door)),
      'GET /.well-known/jwks.json': () => this.#sendKeys(response),
      'GET /authorize': () => this.#authorize(response, url),
      'GET /u/login': () => loginPage(response, url),
      'POST /u/login': async () => this.#logIn(response, url, await readForm(request)),
      'GET /authorize/resume': () => this.#resume(response, url),
      'POST /oauth/token': async () => this.#exchange(door, response, await readForm(request)),
    };
    const route = routes[`${request.method} ${url.pathname}`];
    return route ? route() : sendJson(response, 404, { error: 'not_found' });
  }

  /** secure/tokens/json-web-tokens/json-web-key-set-properties; for caches it is fresh for seconds only. */
  #sendKeys(response) {
    const published = [this.current, this.next, this.previous].filter(Boolean);
    const keys = published.map(({ kid, publicJwk: { kty, n, e }, certificate }) => {
      const der = certificate.raw;
      const x5t = createHash('sha1').update(der).digest('base64url');
      return { kty, use: 'sig', n, e, kid, x5t, x5c: [der.toString('base64')], alg: 'RS256' };
    });
    const caching = 'public, max-age=15, stale-while-revalidate=15, stale-if-error=86400';
    sendJson(response, 200, { keys }, { 'cache-control': caching });
  }

  /** get-started/authentication-and-authorization-flow/authorization-code-flow-with-pkce */
  #authorize(response, url) {
    const asked = Object.fromEntries(url.searchParams);
    const good =
      asked.client_id === this.clientId &&
      asked.redirect_uri === this.redirectUri &&
      asked.response_type === 'code' &&
      asked.code_challenge_method === 'S256' &&
      asked.code_challenge;
    if (!good) return sendJson(response, 400, { error: 'invalid_request' });
    const state = randomBytes(24).toString('base64url');
    this.#transactions.set(state, asked);
    redirectWithin(response, `/u/login?state=${state}`);
  }

  #logIn(response, url, form) {
    const state = url.searchParams.get('state');
    const transaction = this.#transactions.get(state);
    if (!transaction || !this.accounts[form.get('login')]) return sendJson(response, 401, { error: 'access_denied' });
    transaction.login = form.get('login');
    redirectWithin(response, `/authorize/resume?state=${state}`);
  }

  #resume(response, url) {
    const state = url.searchParams.get('state');
    const transaction = this.#transactions.get(state);
    this.#transactions.delete(state);
    if (!transaction?.login) return sendJson(response, 401, { error: 'access_denied' });
    const code = randomBytes(24).toString('base64url');
    this.#codes.set(code, transaction);
    const back = new URL(transaction.redirect_uri);
    back.search = new URLSearchParams({ code, state: transaction.state });
    redirectWithin(response, back.href);
  }

  async #exchange(door, response, form) {
    const asked = this.#codes.get(form.get('code'));
    this.#codes.delete(form.get('code'));
    const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
    const good = asked?.code_challenge === challenge && form.get('client_id') === asked.client_id;
    if (!good) return sendJson(response, 403, { error: 'invalid_grant' });
    const { login, nonce, audience } = asked;
    const { issuer } = door;
    const opaque = randomBytes(24).toString('base64url');
    const accessToken = audience ? await this.accessToken(login, audience, issuer) : opaque;
    const tokens = { access_token: accessToken, id_token: await this.idToken(login, { issuer, nonce }) };
    sendJson(response, 200, { ...tokens, scope: 'openid email', expires_in: DAY, token_type: 'Bearer' });
  }
}

/** get-started/applications/configure-applications-with-oidc-discovery */
function discovery({ issuer, web: { url } }) {
  return {
    issuer,
    authorization_endpoint: `${url}/authorize`,
    token_endpoint: `${url}/oauth/token`,
    userinfo_endpoint: `${url}/userinfo`,
    jwks_uri: `${url}/.well-known/jwks.json`,
    response_types_supported: ['code', 'token', 'id_token', 'code token', 'code id_token', 'token id_token'],
    code_challenge_methods_supported: ['S256', 'plain'],
    subject_types_supported: ['public'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    id_token_signing_alg_values_supported: ['HS256', 'RS256', 'PS256'],
  };
}
