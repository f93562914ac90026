// Issued tokens, as backends judge them: by the published keys and nothing else.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { assertAnswer } from '../lib/answers.mjs';
import { expiryOf, newEmail, newPhone, rejectionOf, signInByMail } from './app.mjs';
import { evmWallet } from './signers.mjs';
import { signInWithWallet } from './check-wallets.mjs';

const python = process.env.HALLPASS_E2E_PYTHON ?? 'python3';
const PYJWT = fileURLToPath(new URL('verify_with_pyjwt.py', import.meta.url));

export const keySetUrl = (app, environment = app.environment) =>
  `${app.url}/environments/${environment}/.well-known/jwks.json`;

/** What jose makes of it, with everything checked that a backend should check. */
export async function claimsOf(app, { token, keyId }, environment) {
  const keys = createRemoteJWKSet(new URL(keySetUrl(app, environment)));
  const { payload, protectedHeader } = await jwtVerify(token, keys, { algorithms: ['RS256'], audience: app.environment });
  assert.equal(protectedHeader.kid, keyId);
  assert.equal(protectedHeader.typ, 'JWT');
  assert.equal(payload.sub, payload.data.userId);
  return payload;
}

export async function checkTokens(world, checks) {
  const app = await world.app('tokens', { session_secs: 900 });
  await checkVerifiers(world, checks, app);
  await checkKeySet(world, checks, app);
  await checkClaims(world, checks);
  await checkUserTokens(world, checks);
}

async function checkVerifiers(world, checks, app) {
  const device = app.device();
  const userId = await signInByMail(device, world.mailbox);
  await checks.that('jose: a token verifies by the remote key set, for as long as the session', async () => {
    const issued = await device.client.issueJwt({ keyIndex: 0 });
    const claims = await claimsOf(app, issued);
    assert.equal(claims.sub, userId);
    assert.equal(claims.aud, app.environment);
    assert.equal(claims.exp - claims.iat, 900);
    assert.equal(claims.sid, (await device.client.touchSession()).sessionLookupId);
  });
  await checks.that('PyJWT: the same token verifies', async () => {
    const { token } = await device.client.issueJwt({ keyIndex: 0 });
    const printed = execFileSync(python, [PYJWT, keySetUrl(app), app.environment], { input: token, encoding: 'utf8' });
    assert.equal(JSON.parse(printed).sub, userId);
  });
  await checks.that('each key index has a key of its own; one that is not there is refused', async () => {
    const [first, second] = [await device.client.issueJwt({ keyIndex: 0 }), await device.client.issueJwt({ keyIndex: 1 })];
    assert.notEqual(first.keyId, second.keyId);
    await claimsOf(app, second);
    const { status } = await rejectionOf(device.client.issueJwt({ keyIndex: 9 }));
    assert.ok(status >= 400 && status < 500, `answered ${status}`);
    for (const keyIndex of [-1, 0.5, '0', null]) {
      const refused = await app.call('POST', '/auth/jwt', { session: device.session, body: { keyIndex } });
      assert.ok(refused.status < 500, `${JSON.stringify(keyIndex)} was answered ${refused.status}`);
    }
  });
  await checks.that('issuing moves the end of the session', async () => {
    const before = expiryOf(device.session);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await device.client.issueJwt({ keyIndex: 0 });
    assert.ok(expiryOf(device.session) > before);
  });
  await checks.that('a token that was changed, and one for another audience, fail', async () => {
    const issued = await device.client.issueJwt({ keyIndex: 0 });
    const [head, body, signature] = issued.token.split('.');
    const claims = JSON.parse(Buffer.from(body, 'base64url'));
    claims.data.userId = claims.sub = 'somebody else';
    const forged = [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
    await assert.rejects(claimsOf(app, { token: forged, keyId: issued.keyId }), /signature verification failed/);
    const elsewhere = { ...app, environment: world.demo.env.HALLPASS_PRODUCTION_ID };
    await assert.rejects(claimsOf(elsewhere, issued, app.environment), /"aud"/);
  });
}

async function checkKeySet(world, checks, app) {
  await checks.that('the key set is public, cacheable, and says nothing but public halves', async () => {
    const answer = await fetch(keySetUrl(app), { headers: { origin: 'https://anywhere.example' } });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('access-control-allow-origin'), '*');
    assert.match(answer.headers.get('cache-control'), /max-age=\d+/);
    const { keys } = await answer.json();
    assert.ok(keys.length >= 2, `${keys.length} keys`);
    for (const key of keys) {
      assert.deepEqual(Object.keys(key).sort(), ['alg', 'e', 'kid', 'kty', 'n', 'use']);
      assert.deepEqual([key.kty, key.use, key.alg], ['RSA', 'sig', 'RS256']);
    }
    const unchanged = await fetch(keySetUrl(app), { headers: { 'if-none-match': answer.headers.get('etag') } });
    assert.equal(unchanged.status, 304);
  });
  await checks.that('the host alone serves the key set of the default environment', async () => {
    const [byHost, byPath] = await Promise.all(
      [`${app.url}/.well-known/jwks.json`, keySetUrl(app, world.sandbox.environment)].map(async (url) => (await fetch(url)).json()),
    );
    assert.deepEqual(byHost, byPath);
  });
  await checks.that("a token of beta fails against production's key set, in jose and in PyJWT", async () => {
    const { HALLPASS_BETA_ID: beta, HALLPASS_PRODUCTION_ID: production } = world.demo.env;
    const betaApp = await world.appOf(beta);
    const device = betaApp.device();
    await signInByMail(device, world.mailbox);
    const issued = await device.client.issueJwt({ keyIndex: 0 });
    await claimsOf(betaApp, issued);
    await assert.rejects(claimsOf(betaApp, issued, production), /no applicable key found/);
    const words = [PYJWT, keySetUrl(app, production), beta];
    const stdio = ['pipe', 'pipe', 'ignore'];
    assert.throws(() => execFileSync(python, words, { input: issued.token, encoding: 'utf8', stdio }));
    const kids = async (environment) => (await (await fetch(keySetUrl(app, environment))).json()).keys.map(({ kid }) => kid);
    const all = [...(await kids(beta)), ...(await kids(production)), ...(await kids(world.sandbox.environment))];
    assert.equal(new Set(all).size, all.length, 'environments share a key');
  });
}

async function checkClaims(world, checks) {
  const app = await world.app('claims', { phone: true, wallet_types: ['evm'] });
  await checks.that('the claims of somebody with a mail address', async () => {
    const device = app.device();
    const email = newEmail();
    await signInByMail(device, world.mailbox, email);
    const { data } = await claimsOf(app, await device.client.issueJwt({ keyIndex: 0 }));
    const { userId, ...rest } = data;
    assert.equal(typeof userId, 'string');
    assert.deepEqual(rest, { authType: 'email', identifier: email, email, wallets: [], connectedWallets: [] });
  });
  await checks.that('the claims of somebody with a phone', async () => {
    const device = app.device();
    const phone = newPhone();
    const { userId: flow } = await device.client.signUpOrLogIn({ phone });
    await device.client.verifyAccount(flow, { verificationCode: await world.phones.nextCode(phone) });
    const { data } = await claimsOf(app, await device.client.issueJwt({ keyIndex: 0 }));
    const { userId, ...rest } = data;
    assert.equal(typeof userId, 'string');
    assert.deepEqual(rest, { authType: 'phone', identifier: phone, phone, wallets: [], connectedWallets: [] });
  });
  await checks.that('the claims of somebody with a wallet', async () => {
    const device = app.device();
    const signer = evmWallet();
    await signInWithWallet(app, device, signer);
    const { data } = await claimsOf(app, await device.client.issueJwt({ keyIndex: 0 }));
    const { address, type, provider } = signer.wallet;
    assert.equal(data.authType, 'externalWallet');
    assert.equal(data.identifier, address);
    assert.equal(data.externalWalletAddress, address);
    assert.deepEqual(data.externalWallet, { address, type, provider });
    assert.deepEqual(data.wallets, []);
    assert.deepEqual(data.connectedWallets.map((wallet) => [wallet.id, wallet.type, wallet.address]), [[address, type, address]]);
  });
}

async function checkUserTokens(world, checks) {
  await checks.that('sign-in plus Connect needs no other backend: an issued token is a user token', async () => {
    const permissions = { 'integration:*': ['metadata:read'] };
    const app = await world.app('user-tokens', { trust_issued_tokens: true, issued_permissions: permissions });
    const device = app.device();
    const userId = await signInByMail(device, world.mailbox);
    const { token } = await device.client.issueJwt({ keyIndex: 0 });
    const me = () => world.demo.sdk(app.environment, 'me', token);
    assert.equal((await assertAnswer(await me(), 200)).userId, userId);
    const write = await world.demo.sdk(app.environment, 'me', token, { method: 'PATCH', body: '{"meta":{"plan":"pro"}}' });
    assert.equal(write.status, 403, await write.text());
    await device.client.logout();
    assert.equal((await me()).status, 401, 'the token outlives its session');
  });
  await checks.that('where they are not trusted, an issued token is no user token', async () => {
    const app = await world.app('no-user-tokens');
    const device = app.device();
    await signInByMail(device, world.mailbox);
    const { token } = await device.client.issueJwt({ keyIndex: 0 });
    assert.equal((await world.demo.sdk(app.environment, 'me', token)).status, 401);
    assert.equal(typeof decodeProtectedHeader(token).kid, 'string');
  });
}
