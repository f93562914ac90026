// The server SDK 2.18 as published, which carries a core and a client of its own age.

import assert from 'node:assert/strict';
import { Para } from '@getpara/server-sdk';
import { newEmail } from './app.mjs';
import { signInByCode } from './check-sdk.mjs';
import { untilReady } from './node-para.mjs';

export function startServerPara(app) {
  return untilReady(new Para(app.publishableKey, { disableWebSockets: true }));
}

export async function checkServerSdk(world, checks) {
  const app = world.sandbox;
  const email = newEmail();
  let userId;
  await checks.that('server-sdk 2.18: sign-in with a code, a token, keep-alive', async () => {
    const para = await startServerPara(app);
    userId = await signInByCode(world, para, email);
    assert.equal(await para.isSessionActive(), true);
    assert.equal(await para.isFullyLoggedIn(), true);
    assert.equal(typeof (await para.issueJwt()).token, 'string');
    assert.equal(await para.keepSessionAlive(), true);
  });
  await checks.that('server-sdk 2.18: the same person again, and the text of a refusal reaches the app', async () => {
    const refused = await startServerPara(app);
    const error = await refused.signUpOrLogIn({ auth: { email: 'no address' } }).catch((thrown) => thrown);
    const { text } = await app.call('POST', '/users/init', { body: { email: 'no address' }, structured: false });
    assert.ok(error.message.includes(text), `${error.message} does not say: ${text}`);
    const para = await startServerPara(app);
    assert.equal(await signInByCode(world, para, email), userId);
  });
}
