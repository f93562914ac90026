// Telegram's login: a hash made with the bot's token says that Telegram has vouched for the person.

import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { rejectionOf } from './app.mjs';
import { claimsOf } from './check-tokens.mjs';
import { startPara, within } from './node-para.mjs';

export const BOT_TOKEN = `${110_201_543}:${'e2e'.repeat(11)}`;

export async function checkTelegram(world, checks) {
  const app = await world.app('telegram');
  await world.connectTelegram(app, BOT_TOKEN);
  const person = { id: 77_001, first_name: 'Ada', username: 'ada' };

  await checks.that('SDK: a good Telegram login signs in, and the claims tell who', async () => {
    const para = await startPara(app);
    const state = await within(para.verifyTelegram({ telegramAuthResponse: vouched(person) }), 'verifyTelegram');
    assert.equal(state.stage, 'done');
    await within(para.waitForLogin({}), 'waitForLogin');
    assert.deepEqual(para.authInfo.auth, { telegramUserId: String(person.id) });
    const { data } = await claimsOf(app, await para.issueJwt());
    assert.equal(data.authType, 'telegram');
    assert.equal(data.identifier, String(person.id));
    assert.equal(data.telegramUserId, String(person.id));
  });
  const good = vouched(person);
  for (const [what, authObject] of [
    ['a changed id', { ...good, id: 77_002 }],
    ['a changed name', { ...good, first_name: 'Eve' }],
    ['another hash', { ...good, hash: '0'.repeat(64) }],
    ['no hash', { ...good, hash: undefined }],
    ["another bot's token", vouched(person, { botToken: '1:another' })],
    ['a login of last week', vouched(person, { authDate: Math.floor(Date.now() / 1000) - 7 * 86_400 })],
    ['a login of tomorrow', vouched(person, { authDate: Math.floor(Date.now() / 1000) + 86_400 })],
  ]) {
    await checks.that(`Client: a Telegram login with ${what} is refused`, async () => {
      const device = app.device();
      const { status } = await rejectionOf(device.client.verifyTelegram({ authObject }));
      assert.ok(status >= 400 && status < 500, `answered ${status}`);
      assert.equal((await device.client.touchSession()).isAuthenticated, false);
    });
  }
  await checks.that('Client: the same Telegram login does not sign in a second time', async () => {
    const authObject = vouched(person, { authDate: Math.floor(Date.now() / 1000) - 5 });
    await app.device().client.verifyTelegram({ authObject });
    const thief = app.device();
    await rejectionOf(thief.client.verifyTelegram({ authObject }));
    assert.equal((await thief.client.touchSession()).isAuthenticated, false);
  });
}

/** What Telegram's widget hands over: every field but the hash, sorted, under a key made of the bot's token. */
export function vouched(person, { botToken = BOT_TOKEN, authDate = Math.floor(Date.now() / 1000) } = {}) {
  const fields = { ...person, auth_date: authDate };
  const lines = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
  const key = createHash('sha256').update(botToken).digest();
  return { ...fields, hash: createHmac('sha256', key).update(lines.sort().join('\n')).digest('hex') };
}
