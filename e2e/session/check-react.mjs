// The React provider, unmodified: it watches the session by itself, every minute.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Browser } from '../browser/browser.mjs';
import { serveApp } from '../browser/app-server.mjs';
import { expiryOf, newEmail } from './app.mjs';
import { claimsOf } from './check-tokens.mjs';
import { until } from './node-para.mjs';

const IDLE_MILLIS = 75_000;
const KEPT = '@CAPSULE/sessionCookie';

export async function checkReact(world, checks) {
  const site = await serveApp('../session/pages/react-app.mjs');
  const apps = [
    ['of half an hour', await world.app('react-default'), 0],
    ['of four minutes', await world.app('react-short', { session_secs: 240 }), 1],
  ];
  try {
    await Promise.all(apps.map(([what, app, kept]) => checkIdle(world, checks, site, what, app, kept)));
  } finally {
    site.close();
  }
}

async function checkIdle(world, checks, site, what, app, keepAlives) {
  const browser = await Browser.open();
  const { page } = browser;
  try {
    await checks.that(`React: with a session ${what}, useIssueJwt gives a token`, async () => {
      await page.goto(site.named);
      await page.evaluate((key) => window.startApp(key), app.publishableKey);
      await page.waitForFunction(() => window.para?.isReady && window.para.authPhase === 'unauthenticated');
      const email = newEmail();
      await signIn(world, page, email);
      await page.waitForFunction(() => document.body.innerText.includes('connected'));
      const issued = await page.evaluate(() => window.issuing.issueJwtAsync({ keyIndex: 0 }));
      assert.equal((await claimsOf(app, issued)).data.email, email);
      await page.waitForFunction(() => window.issuing.isPending === false && !window.issuing.error);
    });
    await checks.that(`React: a session ${what} survives 75 idle seconds`, async () => {
      await browser.forget();
      const before = expiryOf(await page.evaluate((key) => localStorage.getItem(key), KEPT));
      await sleep(IDLE_MILLIS);
      assert.equal(await page.evaluate(() => window.para.authPhase), 'authenticated');
      assert.equal(await page.evaluate(() => window.para.isSessionActive()), true);
      const kept = browser.calls.filter(({ method, path }) => method === 'POST' && path.endsWith('/session/keep-alive'));
      assert.ok(kept.every(({ status }) => status === 200), JSON.stringify(kept));
      if (keepAlives) {
        assert.ok(kept.length >= keepAlives, 'no keep-alive was seen');
        const after = expiryOf(await page.evaluate((key) => localStorage.getItem(key), KEPT));
        assert.ok(after > before, 'the end did not move');
      }
      assert.deepEqual(browser.callsTo('GET', '/logout'), []);
      return `${kept.length} keep-alives`;
    });
  } finally {
    await browser.close();
  }
}

async function signIn(world, page, email) {
  await page.evaluate((address) => para.signUpOrLogIn({ auth: { email: address } }), email);
  const code = await world.mailbox.nextCode(email);
  await page.evaluate((verificationCode) => para.verifyNewAccount({ verificationCode }), code);
  await page.evaluate(() => para.waitForLogin({}));
  await until(() => page.evaluate(() => para.isFullyLoggedIn()), 'fully logged in');
}
