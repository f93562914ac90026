// The core SDK 2.31, unmodified, in Node: codes typed inside the app, by mail and by text message.

import assert from 'node:assert/strict';
import { newEmail, newPhone, signInByMail } from './app.mjs';
import { startPara, until, within } from './node-para.mjs';
import { Traffic } from './traffic.mjs';

export async function checkSdk(world, checks) {
  for (const [what, signIn] of [['no wallets', {}], ['EVM wallets', { wallet_types: ['evm'] }]]) {
    await checkCodeInApp(world, checks, what, signIn);
  }
  await checkReturn(world, checks);
  await checkPhone(world, checks);
}

async function checkCodeInApp(world, checks, what, signIn) {
  const app = await world.app(`sdk-${what.replace(' ', '-')}`, signIn);
  const traffic = new Traffic(app);

  await checks.that(`SDK: it boots with the calls that it is known to make (${what})`, async () => {
    await startPara(app);
    assert.deepEqual(traffic.calls, [
      'POST /touch?regenerate=false',
      `GET /partners/${app.environment}`,
      'POST /touch?regenerate=false',
      'POST /touch?regenerate=false',
      'GET /logout',
    ]);
  });
  await checks.that(`SDK: signUpOrLogIn, verifyNewAccount, waitForLogin, and it is authenticated (${what})`, async () => {
    const para = await startPara(app);
    const email = newEmail();
    await signInByCode(world, para, email);
    assert.equal(para.corePhase, 'authenticated');
    assert.equal(para.authPhase, 'authenticated');
    assert.equal(await para.isFullyLoggedIn(), true);
    assert.deepEqual(para.authInfo.auth, { email });
    assert.equal(typeof (await para.getVerificationToken()), 'string');
    await para.issueJwt();
    assert.equal(await para.keepSessionAlive(), true);
  });
  await checks.that(`SDK: everything that succeeded answered exactly 200 (${what})`, () => {
    traffic.stop();
    const others = traffic.answers.filter(({ status }) => status !== 200);
    assert.deepEqual(others, []);
    return `${traffic.answers.length} answers`;
  });
}

async function checkReturn(world, checks) {
  const app = await world.app('sdk-return');
  await checks.that('SDK: a wrong code leads back to the entry; who has been here before is the same user', async () => {
    const email = newEmail();
    const userId = await signInByMail(app.device(), world.mailbox, email);
    const para = await startPara(app);
    await within(para.signUpOrLogIn({ auth: { email } }), 'signUpOrLogIn');
    const code = await world.mailbox.nextCode(email);
    const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
    await assert.rejects(within(para.verifyNewAccount({ verificationCode: wrong }), 'verifyNewAccount'));
    await until(() => para.authPhase === 'awaiting_account_verification', () => para.authPhase);
    await within(para.verifyNewAccount({ verificationCode: code }), 'verifyNewAccount');
    await within(para.waitForLogin({}), 'waitForLogin');
    assert.equal(await para.isFullyLoggedIn(), true);
    assert.equal(para.getUserId(), userId);
  });
}

async function checkPhone(world, checks) {
  const app = await world.app('sdk-phone', { phone: true });
  await checks.that('SDK: a phone number, a code that is sent again, and authenticateWithEmailOrPhone', async () => {
    const para = await startPara(app);
    const phone = newPhone();
    const done = within(para.authenticateWithEmailOrPhone({ auth: { phone } }), 'authenticateWithEmailOrPhone');
    done.catch(() => {});
    await until(() => para.authPhase === 'awaiting_account_verification', () => para.authPhase);
    await world.phones.nextCode(phone);
    assert.equal(typeof (await para.resendVerificationCode({ type: 'SIGNUP' })), 'object');
    await para.verifyNewAccount({ verificationCode: await world.phones.nextCode(phone) });
    const { authInfo } = await done;
    assert.deepEqual(authInfo.auth, { phone });
    assert.equal(await para.isFullyLoggedIn(), true);
  });
  await checks.that('a text says what its code is, and what is no phone number is refused', async () => {
    const phone = newPhone();
    await app.device().client.signUpOrLogIn({ phone });
    const { text, code } = await world.phones.next(phone);
    assert.match(code, /^\d{6}$/);
    assert.ok(text.replaceAll(' ', '').includes(code), text);
    for (const bad of ['+1', '15551234567', '+99912345678901234', 'ada@mail.e2e.example']) {
      const { status, body } = await app.call('POST', '/users/init', { body: { phone: bad } });
      assert.ok(status >= 400 && status < 500, `${bad} was answered ${status}`);
      assert.equal(body.code, 'INVALID_PHONE_FORMAT', bad);
    }
  });
}

/** All of it, as an app does; answers the user's id. */
export async function signInByCode(world, para, email = newEmail()) {
  const state = await within(para.signUpOrLogIn({ auth: { email } }), 'signUpOrLogIn');
  assert.equal(state.stage, 'verify');
  const verificationCode = await world.mailbox.nextCode(email);
  assert.equal((await within(para.verifyNewAccount({ verificationCode }), 'verifyNewAccount')).stage, 'signup');
  await within(para.waitForLogin({}), 'waitForLogin');
  return para.getUserId();
}
