// The hosted page on which codes are typed: it completes exactly the session that it was opened for.

import assert from 'node:assert/strict';
import { newEmail, signInByMail } from './app.mjs';
import { startPara, until, within } from './node-para.mjs';

export async function checkPortal(world, checks, browser) {
  const app = await world.app('portal', { hosted_codes: true, display_name: 'The portal app' });
  const page = await browser.context.newPage();
  try {
    await checks.that('SDK: with hosted codes the login page is ours, and waitForLogin ends when the code is right', async () => {
      const para = await startPara(app);
      const other = app.device();
      await other.client.touchSession();
      const email = newEmail();
      const { loginUrl } = await within(para.signUpOrLogIn({ auth: { email } }), 'signUpOrLogIn');
      assert.equal(new URL(loginUrl).pathname, '/auth/otp');
      assert.equal(new URL(loginUrl).origin, app.url);
      await page.goto(loginUrl);
      assert.match(await page.textContent('body'), /The portal app/);
      await typeCode(page, await codeFor(world, email));
      await within(para.waitForLogin({}), 'waitForLogin');
      assert.equal(await para.isFullyLoggedIn(), true);
      assert.deepEqual(para.authInfo.auth, { email });
      assert.equal((await other.client.touchSession()).isAuthenticated, false);
      await para.issueJwt();
    });
    await checks.that('the page by keyboard alone: a wrong code is said, the right one then signs in', async () => {
      const para = await startPara(app);
      const email = newEmail();
      const { loginUrl } = await within(para.signUpOrLogIn({ auth: { email } }), 'signUpOrLogIn');
      await page.goto(loginUrl);
      const code = await codeFor(world, email);
      const wrong = String((Number(code) + 1) % 10 ** code.length).padStart(code.length, '0');
      await typeCode(page, wrong);
      await page.waitForSelector('[role=alert], [aria-live]');
      assert.equal(await para.isSessionActive(), false);
      await typeCode(page, code);
      await until(() => para.isSessionActive(), 'the session is active');
    });
    await checks.that('the page refuses a session that is not there', async () => {
      const search = new URLSearchParams({ apiKey: app.publishableKey, sessionId: 'no-such-session', email: newEmail() });
      const answer = await page.goto(`${app.url}/auth/otp?${search}`);
      assert.ok(answer.status() >= 400 && answer.status() < 500, `answered ${answer.status()}`);
    });
    await checks.that('the page loads nothing from elsewhere and runs no script but its own', async () => {
      const device = app.device();
      await signInByMail(device, world.mailbox);
      const { sessionLookupId } = await app.device().client.touchSession();
      const search = new URLSearchParams({ apiKey: app.publishableKey, sessionId: sessionLookupId, email: newEmail() });
      const answer = await page.goto(`${app.url}/auth/otp?${search}`);
      const policy = answer.headers()['content-security-policy'] ?? '';
      assert.match(policy, /default-src 'none'|default-src 'self'/);
      assert.doesNotMatch(policy, /unsafe-inline.*script|script-src[^;]*unsafe/);
      assert.match(policy, /frame-ancestors/);
    });
  } finally {
    await page.close();
  }
}

/** The page itself may send the code, or the SDK's call before it has. */
function codeFor(world, email) {
  return world.mailbox.nextCode(email);
}

async function typeCode(page, code) {
  const field = page.locator('input[autocomplete="one-time-code"]').first();
  await field.waitFor();
  await field.focus();
  await field.fill('');
  await page.keyboard.type(code);
  await page.keyboard.press('Enter');
}
