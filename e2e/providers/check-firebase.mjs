// ID tokens of a Firebase project.

import assert from 'node:assert/strict';
import { assertAnswer } from '../lib/answers.mjs';
import { assertBadInputsRefused, assertReadOnly, assertRefused, assertUser, writeMetadata } from './accept.mjs';
import { nowSecs } from './keys.mjs';

const HOUR = 60 * 60;

export async function checkFirebase(demo, checks, fleet, { apps, mapped, providers }) {
  const { firebase } = fleet;
  const ada = firebase.userId('ada');

  await checks.that('Firebase: the issuer follows from the project', () => {
    assert.deepEqual(providers.firebase.issuers, ['https://securetoken.google.com/hallpass-e2e']);
  });
  await checks.that('Firebase: sign in with a password, and the ID token is accepted', async () => {
    const { idToken, localId } = await firebase.signIn('ada');
    assert.equal(localId, ada);
    await assertUser(demo, apps, idToken, ada);
    await assertAnswer(await writeMetadata(demo, apps, idToken), 200);
  });
  await checks.that('Firebase: permissions among the custom claims are enforced and explained', async () => {
    const { idToken, localId } = await firebase.signIn('reader');
    await assertReadOnly(demo, apps, idToken, localId);
  });
  await checks.that('Firebase: a role is mapped to permissions; without one nothing is allowed', async () => {
    const viewer = await firebase.idToken('ada', { roles: ['guest', 'viewer'] });
    await assertReadOnly(demo, mapped, viewer, ada);
    for (const roles of [undefined, [], ['guest'], 'Viewer']) {
      const token = await firebase.idToken('ada', { roles });
      assert.deepEqual((await assertUser(demo, mapped, token, ada)).meta, {});
      assert.equal((await writeMetadata(demo, mapped, token)).status, 403);
    }
  });
  await checks.that("Firebase: another project's token, signed with the same Google keys, is refused", async () => {
    await assertRefused(demo, apps, await firebase.idToken('ada', { projectId: 'another-project' }), 'iss_mismatch');
    await assertRefused(demo, apps, await firebase.idToken('ada', { aud: 'another-project' }), 'aud_mismatch');
  });
  await checks.that('Firebase: auth_time in the future, missing or malformed is refused', async () => {
    const now = nowSecs();
    for (const [auth_time, code] of [
      [now + HOUR, 'claim_malformed'],
      [undefined, 'claim_missing'],
      [String(now), 'claim_malformed'],
      [-1, 'claim_malformed'],
    ]) {
      await assertRefused(demo, apps, await firebase.idToken('ada', { auth_time }), code);
    }
    // A sign-in of last year keeps giving fresh ID tokens.
    await assertUser(demo, apps, await firebase.idToken('ada', { auth_time: now - 365 * 24 * HOUR }), ada);
  });
  await checks.that('Firebase: a user id over 128 bytes, empty or missing is refused', async () => {
    await assertUser(demo, apps, await firebase.idToken('ada', { sub: 'u'.repeat(128) }), 'u'.repeat(128));
    await assertRefused(demo, apps, await firebase.idToken('ada', { sub: 'u'.repeat(129) }), 'claim_malformed');
    await assertRefused(demo, apps, await firebase.idToken('ada', { sub: '' }), 'claim_malformed');
    await assertRefused(demo, apps, await firebase.idToken('ada', { sub: undefined }), 'claim_missing');
  });
  await checks.that('Firebase: bad tokens are refused with their reasons', () =>
    assertBadInputsRefused(demo, apps, (overrides) => firebase.idToken('ada', overrides)),
  );
}
