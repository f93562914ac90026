// One-time codes by mail, as the bare client asks for them.

import assert from 'node:assert/strict';
import { expiryOf, newEmail, rejectionOf, signInByMail } from './app.mjs';

export async function checkCodes(world, checks) {
  const { mailbox } = world;
  const app = await world.app('codes');

  await checks.that('Client: a wrong code is refused with status and code, the right one signs in', async () => {
    const device = app.device();
    const email = newEmail();
    const state = await device.client.signUpOrLogIn({ email });
    assert.equal(state.stage, 'verify');
    assert.equal(state.nextStage, 'login');
    assert.deepEqual(state.loginAuthMethods, ['PASSWORD']);
    assert.deepEqual(state.auth, { email });
    const code = await mailbox.nextCode(email);
    const error = await rejectionOf(device.client.verifyAccount(state.userId, { verificationCode: another(code) }));
    assert.ok(error.status >= 400 && error.status < 500, `status ${error.status}`);
    assert.equal(typeof error.code, 'string');
    const done = await device.client.verifyAccount(state.userId, { verificationCode: code });
    assert.equal(done.stage, 'signup');
    assert.deepEqual(done.signupAuthMethods, ['PASSWORD']);
    const touch = await device.client.touchSession();
    assert.equal(touch.isAuthenticated, true);
    assert.equal(touch.userId, done.userId);
  });
  await checks.that('Client: a code counts once', async () => {
    const device = app.device();
    const email = newEmail();
    const { userId } = await device.client.signUpOrLogIn({ email });
    const verificationCode = await mailbox.nextCode(email);
    await device.client.verifyAccount(userId, { verificationCode });
    assert.ok((await rejectionOf(device.client.verifyAccount(userId, { verificationCode }))).status >= 400);
    const other = app.device();
    await other.client.touchSession();
    assert.ok((await rejectionOf(other.client.verifyAccount(userId, { verificationCode }))).status >= 400);
    assert.equal((await other.client.touchSession()).isAuthenticated, false);
  });
  await checks.that('Client: after three wrong answers the right code does not help, a new one does', async () => {
    const device = app.device();
    const email = newEmail();
    const { userId } = await device.client.signUpOrLogIn({ email });
    const code = await mailbox.nextCode(email);
    for (let tries = 0; tries < 3; tries += 1) {
      await rejectionOf(device.client.verifyAccount(userId, { verificationCode: another(code) }));
    }
    await rejectionOf(device.client.verifyAccount(userId, { verificationCode: code }));
    assert.equal((await device.client.touchSession()).isAuthenticated, false);
    await signInByMail(device, mailbox, email);
    assert.equal((await device.client.touchSession()).isAuthenticated, true);
  });
  await checks.that('Client: a code helps only the session that asked for it', async () => {
    const [owner, thief] = [app.device(), app.device()];
    const email = newEmail();
    const { userId } = await owner.client.signUpOrLogIn({ email });
    await thief.client.touchSession();
    const verificationCode = await mailbox.nextCode(email);
    await rejectionOf(thief.client.verifyAccount(userId, { verificationCode }));
    assert.equal((await thief.client.touchSession()).isAuthenticated, false);
  });
  await checks.that('Client: the same person is the same user, however the address is written', async () => {
    const email = newEmail();
    const first = await signInByMail(app.device(), mailbox, email);
    const again = await signInByMail(app.device(), mailbox, email.toUpperCase());
    assert.equal(again, first);
  });
  await checks.that('Client: known and unknown addresses get the same answer', async () => {
    const known = newEmail();
    await signInByMail(app.device(), mailbox, known);
    const answers = [];
    for (const email of [known, newEmail()]) {
      const { auth, userId, ...rest } = await app.device().client.signUpOrLogIn({ email });
      assert.deepEqual(auth, { email });
      assert.equal(typeof userId, 'string');
      answers.push(rest);
      await mailbox.nextCode(email);
    }
    assert.deepEqual(answers[0], answers[1]);
  });
  await checks.that('Client: resending sends one more mail', async () => {
    const device = app.device();
    const email = newEmail();
    const { userId } = await device.client.signUpOrLogIn({ email });
    await mailbox.nextCode(email);
    assert.equal(typeof (await device.client.resendVerificationCode({ userId, type: 'EMAIL' })), 'object');
    const verificationCode = await mailbox.nextCode(email);
    assert.equal((await device.client.verifyAccount(userId, { verificationCode })).stage, 'signup');
  });
  await checks.that('what is no mail address is refused', async () => {
    for (const email of ['', 'nobody', 'two words@mail.e2e.example', `${'x'.repeat(400)}@mail.e2e.example`, 7]) {
      const { status, body } = await app.call('POST', '/users/init', { body: { email } });
      assert.ok(status >= 400 && status < 500, `${JSON.stringify(email)} was answered ${status}`);
      assert.equal(typeof body.message, 'string');
    }
  });
  await checks.that('Client: the whole life of a session, from the first touch to the logout', async () => {
    const device = app.device();
    await device.client.touchSession(true);
    const userId = await signInByMail(device, mailbox);
    await device.client.touchSession();
    assert.equal(typeof (await device.client.issueJwt({ keyIndex: 0 })).token, 'string');
    await device.client.keepSessionAlive(userId);
    assert.ok(expiryOf(device.session) > Date.now());
    await device.client.logout();
    device.session = undefined;
    assert.equal((await device.client.touchSession()).isAuthenticated, false);
  });
}

function another(code) {
  return String((Number(code) + 1) % 10 ** code.length).padStart(code.length, '0');
}
