// The SDK for browsers 2.31, unmodified, in headless Chromium on a page of another port.

import assert from 'node:assert/strict';
import { serveApp } from '../browser/app-server.mjs';
import { newEmail } from './app.mjs';
import { claimsOf } from './check-tokens.mjs';
import { until } from './node-para.mjs';
import { evmWallet } from './signers.mjs';

const URI = 'http://localhost/the-app';

export async function checkBrowserSdk(world, checks, browser) {
  const site = await serveApp('../session/pages/para-app.mjs');
  const visit = new Visit(world, browser, site.named);
  try {
    await checkCode(visit, checks);
    await checkWallet(visit, checks);
    await checkCookieOnly(visit, checks);
    await checkWithoutPortal(visit, checks);
    await checks.that('browser: with all of this no vendor host was contacted', () => {
      const reached = browser.calls.filter(({ url, status }) => status && !/^(http:\/\/(localhost|127\.0\.0\.1)[:/]|blob:|data:)/.test(url));
      assert.deepEqual(reached.map(({ url }) => url), []);
    });
  } finally {
    site.close();
  }
}

/** One person in front of one app. */
class Visit {
  constructor(world, browser, origin) {
    Object.assign(this, { world, browser, origin, page: browser.page });
  }

  /** The app as a new visitor finds it; answers the phase in which the SDK is ready. */
  async open(app) {
    this.app = app;
    await this.page.goto(this.origin);
    await this.page.evaluate(() => localStorage.clear());
    await this.browser.context.clearCookies();
    return this.start();
  }

  start() {
    return this.page.evaluate((key) => window.startPara(key), this.app.publishableKey);
  }

  async reload() {
    await this.page.reload();
    return this.start();
  }

  async signInByCode(email = newEmail()) {
    await this.page.evaluate((address) => para.signUpOrLogIn({ auth: { email: address } }), email);
    const verificationCode = await this.world.mailbox.nextCode(email);
    await this.page.evaluate((code) => para.verifyNewAccount({ verificationCode: code }), verificationCode);
    await this.page.evaluate(() => para.waitForLogin({}));
    return email;
  }

  seen() {
    return this.page.evaluate(() => window.seen());
  }

  issueJwt() {
    return this.page.evaluate(() => para.issueJwt());
  }
}

async function checkCode(visit, checks) {
  const { world, browser } = visit;
  await checks.that('browser: sign-in with a code, a token, keep-alive', async () => {
    assert.equal(await visit.open(world.sandbox), 'unauthenticated');
    const email = await visit.signInByCode();
    const seen = await visit.seen();
    assert.equal(seen.corePhase, 'authenticated');
    assert.equal(seen.isFullyLoggedIn, true);
    assert.deepEqual(seen.authInfo.auth, { email });
    const { data } = await claimsOf(world.sandbox, await visit.issueJwt());
    assert.equal(data.email, email);
    assert.equal(data.userId, seen.userId);
    assert.equal(await visit.page.evaluate(() => para.keepSessionAlive()), true);
  });
  await checks.that('browser: preflights were answered, and success is always 200', () => {
    const ours = browser.calls.filter(({ url }) => url.startsWith(world.sandbox.url));
    const preflights = ours.filter(({ method }) => method === 'OPTIONS');
    assert.ok(preflights.length > 3, `${preflights.length} preflights`);
    const bad = preflights.filter(({ status }) => !(status >= 200 && status < 300));
    assert.deepEqual(bad.map(({ url }) => url), []);
    const answers = ours.filter(({ method, status }) => method !== 'OPTIONS' && status);
    assert.deepEqual(answers.filter(({ status }) => status !== 200).map(({ url, status }) => [url, status]), []);
  });
  await checks.that('browser: a reload keeps the session', async () => {
    const before = await visit.seen();
    assert.equal(await visit.reload(), 'authenticated');
    assert.equal((await visit.seen()).userId, before.userId);
    await claimsOf(world.sandbox, await visit.issueJwt());
  });
  await checks.that('browser: after the logout nothing is left', async () => {
    await visit.page.evaluate(() => para.logout());
    assert.equal((await visit.seen()).isSessionActive, false);
    assert.equal(await visit.reload(), 'unauthenticated');
    await assert.rejects(visit.issueJwt());
  });
}

async function checkWallet(visit, checks) {
  const app = await visit.world.app('browser-wallet', { wallet_types: ['evm'] });
  await checks.that('browser: sign-in with a wallet', () => signInWithWallet(visit, app));
}

async function signInWithWallet(visit, app) {
  const { wallet, sign } = evmWallet();
  assert.equal(await visit.open(app), 'unauthenticated');
  const name = `sign_${wallet.address}`;
  await visit.page.exposeFunction(name, async (message) => (await sign(message)).signedMessage);
  await visit.page.evaluate(
    ([externalWallet, signer, uri]) => {
      const nothing = async () => {};
      const connector = {
        getAddress: async () => externalWallet.address,
        disconnect: nothing,
        connectParaConnector: nothing,
        watchDisconnection: () => () => {},
        watchWalletChange: () => () => {},
        signMessage: async ({ message }) => ({ signature: await window[signer](message) }),
      };
      return para
        .initExternalWalletProvider({ type: externalWallet.type, interface: connector })
        .then(() => para.loginExternalWallet({ externalWallet, uri }));
    },
    [{ ...wallet, withVerification: true }, name, URI.replace('http://localhost', visit.origin)],
  );
  await until(async () => (await visit.seen()).corePhase === 'authenticated', 'authenticated');
  const seen = await visit.seen();
  assert.equal(seen.isFullyLoggedIn, true);
  assert.deepEqual(seen.externalWallets, [wallet.address]);
  const { data } = await claimsOf(app, await visit.issueJwt());
  assert.equal(data.externalWalletAddress, wallet.address);
}

async function checkCookieOnly(visit, checks) {
  const { world } = visit;
  await checks.that('browser: the cookie alone carries the session, too', async () => {
    await visit.open(world.sandbox);
    const email = await visit.signInByCode();
    const cookies = await visit.browser.context.cookies(world.sandbox.url);
    const ours = cookies.find(({ name }) => name === 'capsule.sid');
    assert.ok(ours, 'no cookie was set');
    assert.equal(ours.httpOnly, true);
    await visit.page.evaluate(() => {
      const kept = '@CAPSULE/sessionCookie';
      localStorage.removeItem(kept);
      sessionStorage.removeItem(kept);
    });
    assert.equal(await visit.reload(), 'authenticated');
    const { data } = await claimsOf(world.sandbox, await visit.issueJwt());
    assert.equal(data.email, email);
    await visit.page.evaluate(() => para.logout());
  });
}

async function checkWithoutPortal(visit, checks) {
  const app = await visit.world.app('browser-no-portal', { wallet_types: ['evm'] });
  const scripts = 'http://localhost:3003/**';
  await visit.page.route(scripts, (route) => route.abort('connectionrefused'));
  try {
    await checks.that('browser: without the script host a code is refused at once, a wallet still signs in', async () => {
      await visit.open(app);
      const started = Date.now();
      await assert.rejects(visit.signInByCode(), /Failed to fetch/);
      assert.ok(Date.now() - started < 15_000, `${Date.now() - started} ms`);
      await signInWithWallet(visit, app);
    });
  } finally {
    await visit.page.unroute(scripts);
  }
}
