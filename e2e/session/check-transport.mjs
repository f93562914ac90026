// What every call has in common: hosts, the session value, errors, and what a browser asks before it asks.

import assert from 'node:assert/strict';
import { expiryOf, newEmail, rejectionOf, signInByMail, tokenOf } from './app.mjs';

const APP_ORIGIN = 'http://localhost:4010';
const HEADERS = [
  'content-type',
  'x-external-api-key',
  'x-para-structured-errors',
  'x-para-version',
  'x-capsule-sid',
  'x-partner-id',
  'x-partner-config-override',
  'x-para-capabilities',
];

export async function checkTransport(world, checks) {
  const app = await world.app('transport');
  await checkSessionValue(world, checks, app);
  await checkForms(world, checks, app);
  await checkErrors(world, checks, app);
  await checkOrigins(world, checks);
}

async function checkSessionValue(world, checks, app) {
  await checks.that('Client: a first touch begins a session whose value says when it ends', async () => {
    const device = app.device();
    const first = await device.client.touchSession(true);
    assert.match(device.session, /^capsule\.sid=[^;\s]+; Path=\/; Expires=[^;]+; HttpOnly; SameSite=/);
    const left = expiryOf(device.session) - Date.now();
    assert.ok(left > 29 * 60_000 && left <= 30 * 60_000, `${left} ms are left`);
    assert.equal(first.isAuthenticated, false);
    assert.equal(first.partnerId, app.environment);
    assert.deepEqual(first.supportedWalletTypes, []);
    assert.equal(first.cosmosPrefix, 'cosmos');
    assert.equal(first.needsWallet, false);
    assert.deepEqual(first.currentWalletIds, {});
    const second = await device.client.touchSession();
    assert.equal(second.sessionLookupId, first.sessionLookupId);
  });
  await checks.that('Client: regenerating changes the secret, keeps the state, and the old value is worth nothing', async () => {
    const device = app.device();
    const userId = await signInByMail(device, world.mailbox);
    const before = await device.client.touchSession();
    const old = device.session;
    const after = await device.client.touchSession(true);
    assert.notEqual(tokenOf(device.session), tokenOf(old));
    assert.equal(after.sessionLookupId, before.sessionLookupId);
    assert.equal(after.isAuthenticated, true);
    assert.equal(after.userId, userId);
    assert.equal((await app.call('POST', '/auth/jwt', { session: old, body: { keyIndex: 0 } })).status, 403);
    const stranger = await app.call('POST', '/touch?regenerate=false', { session: old });
    assert.equal(stranger.body.isAuthenticated, false);
    assert.notEqual(stranger.body.sessionLookupId, before.sessionLookupId);
  });
  await checks.that('the bare token counts as much as the whole line, and a cookie as much as the header', async () => {
    const device = app.device();
    await signInByMail(device, world.mailbox);
    const token = tokenOf(device.session);
    for (const headers of [{ 'x-capsule-sid': token }, { cookie: `capsule.sid=${token}` }]) {
      const { status, body } = await app.call('POST', '/touch?regenerate=false', { headers });
      assert.equal(status, 200);
      assert.equal(body.isAuthenticated, true, JSON.stringify(headers));
    }
  });
  await checks.that('the address and the program behind a session may change', async () => {
    const device = app.device();
    await signInByMail(device, world.mailbox);
    const headers = { 'user-agent': 'another program', 'x-forwarded-for': '203.0.113.9' };
    const { body } = await app.call('POST', '/touch?regenerate=false', { session: device.session, headers });
    assert.equal(body.isAuthenticated, true);
  });
  await checks.that('parallel first touches begin sessions of their own, and none fails', async () => {
    const touches = Array.from({ length: 8 }, () => app.call('POST', '/touch?regenerate=false'));
    const answers = await Promise.all(touches);
    assert.deepEqual(answers.map(({ status }) => status), answers.map(() => 200));
    assert.equal(new Set(answers.map(({ body }) => body.sessionLookupId)).size, answers.length);
  });
}

async function checkForms(world, checks, app) {
  await checks.that('Client: the host may be given with and without a slash at the end', async () => {
    for (const userManagementHost of [app.url, `${app.url}/`]) {
      const device = app.device({ userManagementHost });
      assert.equal((await device.client.touchSession()).partnerId, app.environment);
    }
  });
  await checks.that('an empty form instead of a body is no reason to refuse touch and keep-alive', async () => {
    const device = app.device();
    const userId = await signInByMail(device, world.mailbox);
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '0' };
    for (const path of ['/touch?regenerate=false', `/users/${userId}/session/keep-alive`]) {
      const { status, text } = await app.call('POST', path, { session: device.session, headers });
      assert.equal(status, 200, `${path}: ${text}`);
    }
  });
  await checks.that('members and parameters that nobody knows are no reason to refuse either', async () => {
    const email = newEmail();
    const body = { email, brandColor: '#fff', theme: 'dark', homepageUrl: 'https://app.example', later: { sdk: 3 } };
    const { status, text } = await app.call('POST', '/users/init?later=1', { body });
    assert.equal(status, 200, text);
    await world.mailbox.nextCode(email);
  });
  await checks.that('Client: the partner is the environment, with what its pages show', async () => {
    const shown = { display_name: 'The app', logo_url: 'https://app.example/logo.png', theme_mode: 'dark' };
    await world.set(app.environment, shown);
    const { partner } = (await app.device().client.getPartner(app.environment)).data;
    assert.equal(partner.id, app.environment);
    assert.deepEqual(partner.supportedWalletTypes, []);
    assert.equal(partner.displayName, shown.display_name);
    assert.equal(partner.logoUrl, shown.logo_url);
    assert.equal(partner.themeMode, shown.theme_mode);
  });
}

async function checkErrors(world, checks, app) {
  await checks.that('Client: errors come as JSON to those who ask for it, and as text to the others', async () => {
    const error = await rejectionOf(app.device().client.issueJwt({ keyIndex: 0 }));
    assert.equal(error.status, 403);
    assert.equal(typeof error.code, 'string');
    const call = { body: { keyIndex: 0 } };
    const structured = await app.call('POST', '/auth/jwt', call);
    assert.match(structured.headers.get('content-type'), /^application\/json/);
    assert.equal(structured.body.message, error.message);
    assert.equal(structured.body.code, error.code);
    const plain = await app.call('POST', '/auth/jwt', { ...call, structured: false });
    assert.equal(plain.status, 403);
    assert.match(plain.headers.get('content-type'), /^text\/plain/);
    assert.equal(plain.text, error.message);
  });
  await checks.that('a key that nobody has, and none at all, are refused with words', async () => {
    for (const key of [`dev_${'0'.repeat(32)}`, null]) {
      const { status, body } = await app.call('POST', '/touch?regenerate=false', { key });
      assert.ok([401, 403].includes(status), `answered ${status}`);
      assert.equal(typeof body.message, 'string');
    }
  });
  await checks.that('Client: 429 says when to come back, and a POST is not repeated', async () => {
    const email = newEmail();
    const { client } = app.device();
    let error;
    let sent = 0;
    for (; !error && sent < 20; sent += 1) error = await client.signUpOrLogIn({ email }).then(() => null, (thrown) => thrown);
    assert.ok(error, `all of ${sent} were answered`);
    assert.equal(error.status, 429, error.message);
    assert.equal(error.code, 'RATE_LIMITED');
    const { status, headers } = await app.call('POST', '/users/init', { body: { email } });
    assert.equal(status, 429);
    assert.match(headers.get('retry-after'), /^[1-9]\d*$/);
    return `after ${sent - 1} mails`;
  });
}

async function checkOrigins(world, checks) {
  const app = await world.app('origins', { allowed_origins: [APP_ORIGIN] });
  await checks.that('a preflight from an allowed origin learns everything that a page needs', async () => {
    const headers = {
      origin: APP_ORIGIN,
      'access-control-request-method': 'POST',
      'access-control-request-headers': HEADERS.join(','),
    };
    const { status, headers: answer } = await app.call('OPTIONS', '/touch', { key: null, structured: false, headers });
    assert.ok(status >= 200 && status < 300, `answered ${status}`);
    assert.equal(answer.get('access-control-allow-origin'), APP_ORIGIN);
    assert.equal(answer.get('access-control-allow-credentials'), 'true');
    assert.ok(listed(answer, 'access-control-allow-methods').includes('post'));
    for (const header of HEADERS) assert.ok(listed(answer, 'access-control-allow-headers').includes(header), header);
    assert.ok(Number(answer.get('access-control-max-age')) > 0, 'it may be remembered');
  });
  await checks.that('answers and errors to an allowed origin can be read by the page', async () => {
    for (const [path, status] of [['/touch?regenerate=false', 200], ['/auth/jwt', 403]]) {
      const answer = await app.call('POST', path, { body: { keyIndex: 0 }, headers: { origin: APP_ORIGIN } });
      assert.equal(answer.status, status);
      assert.equal(answer.headers.get('access-control-allow-origin'), APP_ORIGIN);
      assert.equal(answer.headers.get('access-control-allow-credentials'), 'true');
      assert.ok(listed(answer.headers, 'access-control-expose-headers').includes('x-capsule-sid'));
      assert.ok(listed(answer.headers, 'vary').includes('origin'));
    }
  });
  await checks.that('another origin is refused with the words that SDKs look for; no origin at all is not', async () => {
    const headers = { origin: 'https://elsewhere.example' };
    const { status, text } = await app.call('POST', '/touch?regenerate=false', { headers });
    assert.equal(status, 403);
    assert.match(text, /origin not authorized/i);
    assert.equal((await app.call('POST', '/touch?regenerate=false')).status, 200);
  });
}

function listed(headers, name) {
  return (headers.get(name) ?? '').toLowerCase().split(/\s*,\s*/);
}
