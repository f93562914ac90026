// The hosted page: it completes exactly the session that it was opened for, with the code that went to its person.

import assert from 'node:assert/strict';
import { newEmail } from './app.mjs';
import { startPara, within } from './node-para.mjs';

const CODE_FIELD = 'input[autocomplete="one-time-code"]';

export async function checkHostedPage(world, checks, browser) {
  const page = await browser.context.newPage();
  try {
    await checkHostedCodes(world, checks, page);
    await checkPageItself(world, checks, page);
  } finally {
    await page.close();
  }
}

async function checkHostedCodes(world, checks, page) {
  const app = await world.app('hosted-codes', { hosted_codes: true, display_name: 'The hosted app' });

  await checks.that('SDK: with hosted codes the login page is ours, and waitForLogin ends when the code is right', async () => {
    const para = await startPara(app);
    const other = app.device();
    await other.client.touchSession();
    const email = newEmail();
    const { loginUrl } = await within(para.signUpOrLogIn({ auth: { email } }), 'signUpOrLogIn');
    assert.equal(new URL(loginUrl).pathname, '/auth/otp');
    assert.equal(new URL(loginUrl).origin, app.url);
    await page.goto(loginUrl);
    assert.match(await page.textContent('body'), /The hosted app/);
    await typeCode(page, await codeOnPage(world, page, email));
    await untilStep(page, 'done');
    await within(para.waitForLogin({}), 'waitForLogin');
    assert.equal(await para.isFullyLoggedIn(), true);
    assert.deepEqual(para.authInfo.auth, { email });
    assert.equal((await other.client.touchSession()).isAuthenticated, false);
    await para.issueJwt();
  });
  await checks.that('the page by keyboard alone: a wrong code is said, the right one then signs in', async () => {
    const device = app.device();
    const email = newEmail();
    const { userId } = await device.client.signUpOrLogIn({ email });
    const { sessionLookupId } = await device.client.touchSession();
    await page.goto(pageUrl(app, sessionLookupId, { email, userId }, '/auth/otp'));
    const code = await codeOnPage(world, page, email);
    await typeCode(page, String((Number(code) + 1) % 10 ** code.length).padStart(code.length, '0'));
    await page.waitForSelector('#problem[role=alert]');
    assert.equal((await device.client.touchSession()).isAuthenticated, false);
    await typeCode(page, code);
    await untilStep(page, 'done');
    assert.equal((await device.client.touchSession()).isAuthenticated, true);
  });
}

async function checkPageItself(world, checks, page) {
  const app = await world.app('page', { display_name: 'Grüße & <b>Co</b>' });
  await checks.that('the page refuses a session that is not there, and no session', async () => {
    for (const sessionId of ['no-such-session', '01890a5d-ac96-774b-bcce-b302099a8057', undefined]) {
      const answer = await page.goto(pageUrl(app, sessionId, { email: newEmail() }));
      assert.ok(answer.status() >= 400 && answer.status() < 500, `${sessionId} was answered ${answer.status()}`);
    }
  });
  await checks.that('the page shows names as text, runs no script but its own, and says who may frame it', async () => {
    const { sessionLookupId } = await app.device().client.touchSession();
    const answer = await page.goto(pageUrl(app, sessionLookupId));
    assert.match(await page.title(), /Grüße & <b>Co<\/b>/);
    const policy = answer.headers()['content-security-policy'] ?? '';
    assert.match(policy, /default-src '(none|self)'/);
    assert.doesNotMatch(policy, /script-src[^;]*unsafe/);
    assert.match(policy, /frame-ancestors/);
    assert.match(answer.headers()['cache-control'], /no-store/);
  });
  await checks.that('without an SDK: the page asks for the address, sends the code, and signs in that session', async () => {
    const [device, other] = [app.device(), app.device()];
    const { sessionLookupId } = await device.client.touchSession();
    await other.client.touchSession();
    await signInOnPage(world, page, pageUrl(app, sessionLookupId));
    assert.equal((await device.client.touchSession()).isAuthenticated, true);
    assert.equal((await other.client.touchSession()).isAuthenticated, false);
  });
  await checks.that('a session that is signed in on the page gets a new secret at its next call', async () => {
    const device = app.device();
    const { sessionLookupId } = await device.client.touchSession();
    const before = device.session;
    await signInOnPage(world, page, pageUrl(app, sessionLookupId));
    await device.client.touchSession();
    assert.notEqual(device.session.split(';')[0], before.split(';')[0]);
    assert.equal((await app.call('POST', '/touch?regenerate=false', { session: before })).body.isAuthenticated, false);
  });
}

/** From the empty page to the end, with an address of its own; answers it. */
async function signInOnPage(world, page, url) {
  const email = newEmail();
  await page.goto(url);
  await page.fill('input[type=email]', email);
  await page.keyboard.press('Enter');
  await typeCode(page, await codeOnPage(world, page, email));
  await untilStep(page, 'done');
  return email;
}

/** The code that was sent before the page was opened, or that it sends when asked to. */
async function codeOnPage(world, page, email) {
  await page.waitForSelector(`${CODE_FIELD}, button:has-text("Send me a code")`);
  if (!(await page.$(CODE_FIELD))) {
    await page.keyboard.press('Tab');
    await page.click('button:has-text("Send me a code")');
  }
  return world.mailbox.nextCode(email);
}

/** Without a pointing device: the field has the focus already. */
async function typeCode(page, code) {
  await page.waitForSelector(CODE_FIELD);
  await page.waitForFunction((field) => document.activeElement?.matches(field), CODE_FIELD);
  await page.keyboard.press('Control+A');
  await page.keyboard.type(code);
  await page.keyboard.press('Enter');
}

function untilStep(page, step) {
  return page.waitForSelector(`body[data-step="${step}"]`);
}

function pageUrl(app, sessionId, more = {}, path = '/auth/sign-in') {
  const parameters = { apiKey: app.publishableKey, partnerId: app.environment, ...(sessionId && { sessionId }), ...more };
  return `${app.url}${path}?${new URLSearchParams(parameters)}`;
}
