// The Connect SDK as published, in a real browser, against Hallpass: what a customer's front end does on its first day.

import assert from 'node:assert/strict';
import { Browser } from './browser.mjs';
import { serveApp } from './app-server.mjs';
import { signWithJose, signWithJoseFile } from '../clients/sign-with-jose.mjs';

const STATE_KEY = 'paragon-connect-user-state';
const SDK_VERSION = '2.4.0';
const USER = 'browser-user';
const PORTAL = 'connect.useparagon.com';

export async function checkBrowser(demo, checks) {
  const app = await serveApp();
  const browser = await Browser.open();
  try {
    const visit = new Visit(demo, browser, app);
    await checkConfigure(visit, checks);
    await checkAuthenticate(visit, checks);
    await checkMetadata(visit, checks);
    await checkReload(visit, checks);
    await checkLogout(visit, checks);
    await checkRefusedTokens(visit, checks);
  } finally {
    await browser.close();
    app.close();
  }
}

/** One user in front of one app. */
class Visit {
  constructor(demo, browser, app) {
    this.browser = browser;
    this.page = browser.page;
    this.origin = app.origin;
    this.hallpass = demo.env.HALLPASS_URL;
    this.project = demo.env.HALLPASS_SANDBOX_ID;
    this.demo = demo;
  }

  sign(claims) {
    return signWithJoseFile(this.demo.env.HALLPASS_SIGNING_KEY_FILE, USER, claims);
  }

  path(name) {
    return `/projects/${this.project}/sdk/${name}`;
  }

  /** `authenticate` in the page; answers null, or the message of the rejection. */
  authenticate(token) {
    return this.page.evaluate(
      ([project, jwt]) => window.paragon.authenticate(project, jwt).then(() => null, (error) => error.message),
      [this.project, token],
    );
  }

  user() {
    return this.page.evaluate(() => JSON.parse(JSON.stringify(window.paragon.getUser())));
  }

  stored() {
    return this.page.evaluate((key) => JSON.parse(localStorage.getItem(key)), STATE_KEY);
  }
}

async function checkConfigure({ browser, page, origin, hallpass }, checks) {
  await checks.that('browser: configureGlobal points the frame at Hallpass', async () => {
    await page.goto(origin);
    await browser.settle();
    const vendor = browser.foreignHosts();
    assert.deepEqual(vendor, [PORTAL], 'before configureGlobal only the known load of the portal');
    const reached = browser.calls.filter((call) => call.host === PORTAL && call.status);
    assert.deepEqual(reached, [], 'the portal load was not blocked');
    await browser.forget();
    await page.evaluate((url) => window.useHallpass(url), hallpass);
    const source = await page.evaluate(() => document.getElementById('paragon-connect-frame').src);
    assert.equal(source, `${hallpass}/ui`);
    await browser.settle();
    assert.deepEqual(browser.foreignHosts(), []);
  });
}

async function checkAuthenticate(visit, checks) {
  const { browser, project } = visit;
  await checks.that('browser: authenticate resolves and stores its state', async () => {
    await browser.forget();
    assert.equal(await visit.authenticate(await visit.sign()), null);
    await browser.settle();
    for (const name of ['me', 'integrations']) {
      const gets = browser.callsTo('GET', visit.path(name));
      assert.equal(gets.length, 1, `GET ${name} once`);
      assert.equal(gets[0].status, 200);
      assert.equal(gets[0].headers['x-paragon-sdk-version'], SDK_VERSION);
      assert.match(gets[0].headers.authorization, /^Bearer eyJ/);
    }
    const state = await visit.stored();
    assert.equal(state.projectId, project);
    assert.equal(state.environments.ZEUS_PUBLIC_URL, visit.hallpass);
    assert.deepEqual(browser.foreignHosts(), []);
  });
  await checks.that('browser: the preflights were answered', () => {
    for (const name of ['me', 'integrations']) {
      const [preflight] = browser.callsTo('OPTIONS', visit.path(name));
      assert.ok(preflight, `no preflight for ${name} was seen`);
      assert.ok(preflight.status >= 200 && preflight.status < 300, `preflight of ${name}: ${preflight.status}`);
      assert.match(preflight.headers['access-control-request-headers'], /x-paragon-sdk-version/);
    }
  });
  await checks.that('browser: getUser knows the user and hides the token', async () => {
    const user = await visit.user();
    assert.equal(user.authenticated, true);
    assert.equal(user.userId, USER);
    assert.deepEqual(user.integrations, {});
    assert.ok(!('token' in user), 'getUser shows the token');
  });
}

async function checkMetadata(visit, checks) {
  const { browser, page } = visit;
  await checks.that('browser: setUserMetadata merges, and reads back', async () => {
    await browser.forget();
    await page.evaluate(() => window.paragon.setUserMetadata({ name: 'Ada', plan: { seats: 3 } }));
    await page.evaluate(() => window.paragon.setUserMetadata({ plan: { tier: 'pro' } }));
    await browser.settle();
    const patches = browser.callsTo('PATCH', visit.path('me'));
    assert.deepEqual(patches.map((patch) => patch.status), [200, 200]);
    const { meta } = await visit.user();
    assert.deepEqual(meta, { Name: 'Ada', plan: { seats: 3, tier: 'pro' } });
  });
  await checks.that('browser: authenticate with the same metadata sends no PATCH', async () => {
    await browser.forget();
    const token = await visit.sign();
    const metadata = { name: 'Ada', plan: { seats: 3 } };
    await page.evaluate(
      ([project, jwt, meta]) => window.paragon.authenticate(project, jwt, { metadata: meta }),
      [visit.project, token, metadata],
    );
    await browser.settle();
    assert.equal(browser.callsTo('GET', visit.path('me')).length > 0, true);
    assert.equal(browser.callsTo('PATCH', visit.path('me')).length, 0);
  });
}

async function checkReload(visit, checks) {
  const { browser, page } = visit;
  await checks.that('browser: a reload restores the user from Hallpass alone', async () => {
    await browser.forget();
    await page.reload();
    await page.waitForFunction(() => window.paragon?.getUser().authenticated === true, null, { timeout: 15_000 });
    await browser.settle();
    const user = await visit.user();
    assert.equal(user.userId, USER);
    assert.equal(user.meta.Name, 'Ada');
    assert.deepEqual(browser.callsTo('GET', visit.path('me')).map((call) => call.status), [200]);
    assert.deepEqual(browser.foreignHosts(), [], 'a vendor host was contacted');
  });
}

async function checkLogout(visit, checks) {
  const { browser, page } = visit;
  await checks.that('browser: logout is local and forgets everything', async () => {
    await browser.forget();
    await page.evaluate(() => window.connectSingleton.logout());
    assert.deepEqual(await visit.user(), { authenticated: false });
    assert.equal(await visit.stored(), null);
    await browser.settle();
    assert.deepEqual(browser.calls.filter((call) => call.path.includes('/sdk/')), []);
  });
}

async function checkRefusedTokens(visit, checks) {
  const now = Math.floor(Date.now() / 1000);
  const foreignKey = () => visit.demo.generateKey(visit.demo.env.HALLPASS_BETA_ID);
  // The SDK itself refuses what has expired; only Hallpass knows that a key is foreign.
  const tokens = [
    ['an expired token', /expired/, () => visit.sign({ iat: now - 7200, exp: now - 3600 })],
    ['a foreign token', /"signature_invalid"/, async () => signWithJose((await foreignKey()).private_key_pem, USER)],
  ];
  for (const [name, reason, sign] of tokens) {
    await checks.that(`browser: ${name} is rejected and logs out`, async () => {
      assert.equal(await visit.authenticate(await visit.sign()), null);
      assert.ok(await visit.stored(), 'nothing was stored before');
      const rejection = await visit.authenticate(await sign());
      assert.ok(rejection, 'authenticate resolved');
      assert.match(rejection, reason);
      assert.deepEqual(await visit.user(), { authenticated: false });
      assert.equal(await visit.stored(), null);
    });
  }
  await checks.that('browser: a token that is revoked in the middle of a visit logs out', async () => {
    assert.equal(await visit.authenticate(await visit.sign()), null);
    await visit.demo.admin('POST', `environments/${visit.project}/users/${USER}/revoke`);
    const rejection = await visit.page.evaluate(() =>
      window.paragon.setUserMetadata({ late: true }).then(() => null, (error) => error.message),
    );
    assert.match(String(rejection), /"token_revoked"/);
    assert.deepEqual(await visit.user(), { authenticated: false });
    assert.equal(await visit.stored(), null);
  });
  await checks.that('browser: with all of this no vendor host was contacted', () => {
    assert.deepEqual(visit.browser.foreignHosts(), []);
  });
}
