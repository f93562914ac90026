// Sign-in at an OpenID provider: panva's `oidc-provider`, as the environment's own connection.

import assert from 'node:assert/strict';
import { ACCOUNTS } from '../providers/accounts.mjs';
import { rejectionOf, signInByMail } from './app.mjs';
import { claimsOf } from './check-tokens.mjs';
import { signInThere } from './provider-page.mjs';
import { startPara, within } from './node-para.mjs';
import { Traffic } from './traffic.mjs';

export async function checkOAuth(world, checks) {
  const app = await world.app('oauth');
  await world.connectOidc(app, { trust_email: true });

  await checks.that('SDK: verifyOAuth ends with the profile, and the session is signed in', async () => {
    const para = await startPara(app);
    await signInAtProvider(para, 'ada');
    assert.deepEqual(para.authInfo.auth, { email: ACCOUNTS.ada.email });
    assert.equal(para.authInfo.displayName, ACCOUNTS.ada.name);
    assert.equal(para.authInfo.pfpUrl, ACCOUNTS.ada.picture);
    assert.equal(await para.isFullyLoggedIn(), true);
    const { data } = await claimsOf(app, await para.issueJwt());
    assert.equal(data.authType, 'email');
    assert.equal(data.email, ACCOUNTS.ada.email);
    assert.match(data.oAuthMethod, /^[a-z0-9:._-]+$/);
    return data.oAuthMethod;
  });
  await checks.that('a provider whose mail addresses are trusted leads to the account of the address', async () => {
    const byMail = await signInByMail(app.device(), world.mailbox, ACCOUNTS.ada.email);
    assert.equal(await signInOutside(app, app.device(), 'ada'), byMail);
  });
  await checks.that('a provider whose addresses are not trusted never leads to the account of an address', async () => {
    const wary = await world.app('oauth-wary');
    await world.connectOidc(wary, { trust_email: false });
    const byMail = await signInByMail(wary.device(), world.mailbox, ACCOUNTS.ada.email);
    const device = wary.device();
    assert.notEqual(await signInOutside(wary, device, 'ada'), byMail);
    const { data } = await claimsOf(wary, await device.client.issueJwt({ keyIndex: 0 }));
    assert.equal(data.email, undefined, 'an address that nobody vouches for stands in the token');
    assert.equal(data.identifier, 'ada');
    return data.authType;
  });
  await checks.that('Client: while nobody has signed in there, the answer is 200 without a stage', async () => {
    const device = app.device();
    await device.client.touchSession();
    const { status, body } = await app.call('POST', '/users/verify-oauth', { session: device.session });
    assert.equal(status, 200);
    assert.equal(body?.stage, undefined);
  });
  await checks.that('what comes back with another state, or twice, signs nobody in', async () => {
    const device = app.device();
    const { sessionLookupId } = await device.client.touchSession();
    const start = oAuthUrl(app, sessionLookupId);
    const seen = await signInThere(start, 'ada');
    const callback = seen.find((url) => url.includes('/auth/oidc-company/callback'));
    assert.ok(callback, seen.join('\n'));
    const thief = app.device();
    await thief.client.touchSession();
    const forged = new URL(callback);
    forged.searchParams.set('state', 'another');
    for (const url of [callback, forged.href]) {
      const answer = await fetch(url, { redirect: 'manual' });
      assert.ok(answer.status >= 400, `answered ${answer.status}`);
    }
    assert.equal((await thief.client.touchSession()).isAuthenticated, false);
    assert.equal((await device.client.touchSession()).isAuthenticated, true);
  });
  await checks.that('a provider that is not set up, and a session that is not there, are told so', async () => {
    const { sessionLookupId } = await app.device().client.touchSession();
    for (const url of [oAuthUrl(app, sessionLookupId, 'google'), oAuthUrl(app, 'no-such-session')]) {
      const answer = await fetch(url, { redirect: 'manual' });
      assert.ok(answer.status >= 400 && answer.status < 500, `${url} was answered ${answer.status}`);
    }
  });
  await checks.that('Client: without a session, an answer about OAuth is still an answer', async () => {
    const traffic = new Traffic(app);
    await app.device().client.verifyOAuth();
    traffic.stop();
    assert.deepEqual(traffic.answers, [{ call: 'POST /users/verify-oauth', status: 200 }]);
    assert.ok(await rejectionOf(app.device().client.issueJwt({ keyIndex: 0 })));
  });
}

/** As a page would: the address that the SDK hands out is opened, and the person fills in the provider's form. */
async function signInAtProvider(para, login) {
  let opened;
  const done = para.verifyOAuth({
    method: 'CUSTOM_OIDC',
    onOAuthUrl: (url) => (opened = signInThere(url, login)),
  });
  done.catch(() => {});
  while (!opened) await new Promise((resolve) => setTimeout(resolve, 50));
  await opened;
  assert.ok((await within(done, 'verifyOAuth')).stage);
  await within(para.waitForLogin({}), 'waitForLogin');
}

/** The same without an SDK; answers the user's id. */
async function signInOutside(app, device, login) {
  const { sessionLookupId } = await device.client.touchSession();
  await signInThere(oAuthUrl(app, sessionLookupId), login);
  const { stage, userId } = await device.client.verifyOAuth();
  assert.equal(stage, 'done');
  assert.equal((await device.client.touchSession()).userId, userId);
  return userId;
}

function oAuthUrl(app, sessionId, provider = 'custom_oidc') {
  return `${app.url}/auth/${provider}?${new URLSearchParams({ apiKey: app.publishableKey, partnerId: app.environment, sessionId })}`;
}
