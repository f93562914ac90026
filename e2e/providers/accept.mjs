// What every accepted and every refused token of a provider must lead to.

import assert from 'node:assert/strict';
import { assertAnswer, assertRefusal } from '../lib/answers.mjs';
import { PERMISSIONS } from './accounts.mjs';
import { forged, nowSecs } from './keys.mjs';

export async function assertUser(demo, environment, token, sub) {
  const me = await assertAnswer(await demo.sdk(environment, 'me', token), 200);
  assert.equal(me.authenticated, true);
  assert.equal(me.userId, sub);
  return me;
}

export async function assertRefused(demo, environment, token, code) {
  await assertRefusal(await demo.sdk(environment, 'me', token), 401, code);
}

export function writeMetadata(demo, environment, token) {
  return demo.sdk(environment, 'me', token, { method: 'PATCH', body: JSON.stringify({ meta: { plan: 'pro' } }) });
}

/** A token that may only read metadata is held to it, and explain says so, to the operator and to the user. */
export async function assertReadOnly(demo, environment, token, sub) {
  await assertUser(demo, environment, token, sub);
  await assertRefusal(await writeMetadata(demo, environment, token), 403, '7210');
  const call = { method: 'PATCH', path: `/projects/${environment}/sdk/me` };
  const explained = await demo.admin('POST', `environments/${environment}/explain`, { token, call });
  assert.equal(explained.decision, 'deny');
  assert.equal(explained.permission, 'metadata:write');
  const own = await demo.sdk(environment, 'explain', token, { method: 'POST', body: JSON.stringify({ call }) });
  assert.equal((await assertAnswer(own, 200)).reason, explained.reason);
  return explained;
}

/** The rows of bad input that hold for providers of every kind; `make(overrides, header)` makes a good ID token. */
export async function assertBadInputsRefused(demo, environment, make) {
  const now = nowSecs();
  const hour = 60 * 60;
  const other = 'eyJvdGhlciI6dHJ1ZX0';
  const good = await make({});
  await assertAnswer(await demo.sdk(environment, 'me', good), 200);
  const rows = [
    ['another audience', await make({ aud: 'another-app' }), 'aud_mismatch'],
    ['no audience', await make({ aud: undefined }), 'aud_mismatch'],
    ['a thousand audiences', await make({ aud: Array(1000).fill('other') }), 'aud_mismatch'],
    ['expired', await make({ iat: now - 2 * hour, exp: now - hour }), 'token_expired'],
    ['no exp', await make({ exp: undefined }), 'claim_missing'],
    ['a logout token', await make({ events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }), 'wrong_type'],
    ['a DPoP proof', await make({ htm: 'GET', htu: 'https://a.example/' }), 'wrong_type'],
    ['a bound token', await make({ cnf: { jkt: other } }), 'wrong_type'],
    ['a malformed permission claim', await make({ [PERMISSIONS]: 'all' }), 'permission_claim_malformed'],
    ['changed claims', forged(good, { sub: 'someone-else' }), 'signature_invalid'],
  ];
  for (const [what, token, code] of rows) {
    const answer = await demo.sdk(environment, 'me', token);
    const text = await answer.clone().text();
    await assertRefusal(answer, 401, code).catch((error) => {
      throw new Error(`${what}: ${error.message}: ${text}`);
    });
  }
  return `${rows.length} kinds`;
}
