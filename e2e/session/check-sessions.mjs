// The life of a session: it ends by itself, it is ended, it moves to another process, and backends ask about it.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { expiryOf, newEmail, rejectionOf, signInByMail } from './app.mjs';
import { signInByCode } from './check-sdk.mjs';
import { startServerPara } from './check-server-sdk.mjs';
import { signInWithWallet } from './check-wallets.mjs';
import { startPara, within } from './node-para.mjs';
import { evmWallet } from './signers.mjs';

const IMPORTER = fileURLToPath(new URL('import-session.mjs', import.meta.url));

export async function checkSessions(world, checks) {
  await checkExpiry(world, checks);
  await checkLogout(world, checks);
  await checkVerificationTokens(world, checks);
  await checkExport(world, checks);
}

async function checkExpiry(world, checks) {
  const app = await world.app('two-seconds', { session_secs: 2 });
  await checks.that('keep-alive and touch move the end of a session', async () => {
    const device = app.device();
    const userId = await signInByMail(device, world.mailbox);
    const ends = [expiryOf(device.session)];
    for (const renew of [() => device.client.keepSessionAlive(userId), () => device.client.touchSession()]) {
      await sleep(1_100);
      await renew();
      ends.push(expiryOf(device.session));
    }
    assert.ok(ends[0] < ends[1] && ends[1] < ends[2], String(ends));
    assert.equal((await device.client.touchSession()).isAuthenticated, true);
  });
  await checks.that('after two idle seconds of a two-second session everything says: not signed in', async () => {
    const device = app.device();
    const userId = await signInByMail(device, world.mailbox);
    const { sessionLookupId: old } = await device.client.touchSession();
    await sleep(2_500);
    const expired = device.session;
    const jwt = await app.call('POST', '/auth/jwt', { session: expired, body: { keyIndex: 0 } });
    assert.equal(jwt.status, 403, jwt.text);
    const keepAlive = await app.call('POST', `/users/${userId}/session/keep-alive`, { session: expired });
    assert.ok(keepAlive.status >= 400 && keepAlive.status < 500, `keep-alive was answered ${keepAlive.status}`);
    const touch = await app.call('POST', '/touch?regenerate=false', { session: expired });
    assert.equal(touch.status, 200);
    assert.equal(touch.body.isAuthenticated, false);
    assert.notEqual(touch.body.sessionLookupId, old);
    const verify = { key: app.secretKey, body: { verificationToken: old } };
    assert.equal((await app.call('POST', '/sessions/verify', verify)).status, 403);
  });
  await checks.that('SDK: it notices, too', async () => {
    const para = await startPara(app);
    const device = app.device();
    const email = newEmail();
    const userId = await signInByMail(device, world.mailbox, email);
    const authInfo = { auth: { email }, authType: 'email', identifier: email };
    const exported = { authInfo, userId, wallets: {}, currentWalletIds: {}, sessionCookie: device.session };
    await para.importSession(Buffer.from(JSON.stringify(exported)).toString('base64'));
    assert.equal(await para.isSessionActive(), true);
    await sleep(2_500);
    assert.equal(await para.keepSessionAlive(), false);
    assert.equal(await para.isSessionActive(), false);
    assert.equal(await para.isFullyLoggedIn(), false);
    assert.equal((await rejectionOf(para.issueJwt())).status, 403);
  });
  await checks.that('a session ends for good at its absolute end, however often it is renewed', async () => {
    const shortest = await world.app('absolute-end', { session_secs: 2, session_absolute_secs: 4 });
    const device = shortest.device();
    await signInByMail(device, world.mailbox);
    for (let second = 0; second < 5; second += 1) {
      await sleep(1_000);
      await device.client.touchSession();
    }
    assert.equal((await device.client.touchSession()).isAuthenticated, false);
  });
}

async function checkLogout(world, checks) {
  const app = await world.app('logout');
  await checks.that('Client: logout answers 200 three times in a row, and the old value is worth nothing', async () => {
    const device = app.device();
    const userId = await signInByMail(device, world.mailbox);
    const old = device.session;
    for (let times = 0; times < 3; times += 1) {
      assert.equal((await app.call('GET', '/logout', { session: old })).status, 200);
    }
    assert.equal((await app.call('GET', '/logout')).status, 200);
    const jwt = await app.call('POST', '/auth/jwt', { session: old, body: { keyIndex: 0 } });
    assert.ok([401, 403].includes(jwt.status), `answered ${jwt.status}`);
    assert.notEqual((await app.call('POST', `/users/${userId}/session/keep-alive`, { session: old })).status, 200);
    assert.equal((await app.call('POST', '/touch?regenerate=false', { session: old })).body.isAuthenticated, false);
  });
  await checks.that("keep-alive is for one's own user only", async () => {
    const [mine, theirs] = [app.device(), app.device()];
    await signInByMail(mine, world.mailbox);
    const other = await signInByMail(theirs, world.mailbox);
    assert.ok((await rejectionOf(mine.client.keepSessionAlive(other))).status >= 400);
  });
  await checks.that('an operator sees the sessions of an account and ends them', async () => {
    const device = app.device();
    const userId = await signInByMail(device, world.mailbox);
    const at = `environments/${app.environment}/accounts/${userId}/sessions`;
    const { items } = await world.demo.admin('GET', at);
    assert.equal(items.length, 1);
    await world.demo.admin('DELETE', at);
    assert.equal((await device.client.touchSession()).isAuthenticated, false);
  });
}

async function checkVerificationTokens(world, checks) {
  const app = await world.app('verify', { wallet_types: ['evm'] });
  const verify = (verificationToken, key = app.secretKey) =>
    app.call('POST', '/sessions/verify', { key, body: { verificationToken } });

  await checks.that('a backend learns from a verification token who it is, until the logout', async () => {
    const device = app.device();
    const email = newEmail();
    await signInByMail(device, world.mailbox, email);
    const { sessionLookupId } = await device.client.touchSession();
    const { status, body } = await verify(sessionLookupId);
    assert.equal(status, 200);
    assert.deepEqual(body, { authType: 'email', identifier: email });
    await device.client.logout();
    assert.equal((await verify(sessionLookupId)).status, 403);
  });
  await checks.that('the same for a wallet', async () => {
    const device = app.device();
    const signer = evmWallet();
    await signInWithWallet(app, device, signer);
    const { body } = await verify((await device.client.touchSession()).sessionLookupId);
    assert.deepEqual(body, { authType: 'externalWallet', identifier: signer.wallet.address });
  });
  await checks.that('a publishable key, a visitor, rubbish and another environment learn nothing', async () => {
    const device = app.device();
    await signInByMail(device, world.mailbox);
    const { sessionLookupId } = await device.client.touchSession();
    assert.ok([401, 403].includes((await verify(sessionLookupId, app.publishableKey)).status));
    const visitor = await app.device().client.touchSession();
    assert.equal((await verify(visitor.sessionLookupId)).status, 403);
    assert.equal((await verify('rubbish')).status, 403);
    const elsewhere = await world.app('verify-elsewhere');
    const foreign = { key: elsewhere.secretKey, body: { verificationToken: sessionLookupId } };
    assert.equal((await elsewhere.call('POST', '/sessions/verify', foreign)).status, 403);
  });
}

async function checkExport(world, checks) {
  const app = world.sandbox;
  await checks.that('a session is exported here, imported in another process, and ends in both', async () => {
    const para = await startServerPara(app);
    await signInByCode(world, para);
    const exported = await within(Promise.resolve(para.exportSession()), 'exportSession');
    const importer = promisify(execFile)(process.execPath, [IMPORTER, app.publishableKey, exported]);
    const seen = JSON.parse((await importer).stdout.split('\n').at(-1));
    assert.equal(seen.isSessionActive, true);
    assert.equal(seen.userId, para.getUserId());
    assert.equal(typeof seen.token, 'string');
    assert.equal(seen.activeAfterLogout, false);
    assert.equal(await para.isSessionActive(), false);
  });
}
