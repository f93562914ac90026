// ID tokens of a real OpenID provider, from sign-in to `/sdk/me`.

import assert from 'node:assert/strict';
import { assertAnswer } from '../lib/answers.mjs';
import { assertBadInputsRefused, assertReadOnly, assertRefused, assertUser, writeMetadata } from './accept.mjs';
import { claimsOf } from './keys.mjs';
import { API } from './oidc.mjs';
import { signIn, signOut } from './sign-in.mjs';

export async function checkOidc(demo, checks, fleet, { apps, apis }) {
  const { oidc } = fleet;
  const app = (alg) => ({ url: oidc.issuer, clientId: oidc.clientId(alg), redirectUri: oidc.redirectUri });

  for (const alg of ['RS256', 'ES256', 'EdDSA']) {
    await checks.that(`oidc-provider: sign in, and the ${alg} ID token is accepted`, async () => {
      const { id_token: token } = await signIn(app(alg), 'ada');
      await assertUser(demo, apps, token, 'ada');
      await assertAnswer(await writeMetadata(demo, apps, token), 200);
    });
  }
  await checks.that('oidc-provider: the permission claim it is configured to write is enforced and explained', async () => {
    const { id_token: token } = await signIn(app(), 'reader');
    const { reason, deciding } = await assertReadOnly(demo, apps, token, 'reader');
    assert.equal(reason, 'permission_not_listed');
    assert.deepEqual(deciding.map(({ pointer }) => pointer), ['/integration:*']);
  });
  await checks.that('oidc-provider: an access token is refused by its type, accepted where configured', async () => {
    const tokens = await signIn(app(), 'ada', { resource: API, scope: 'openid email orders:read' });
    assert.equal(claimsOf(tokens.access_token).aud, API);
    await assertRefused(demo, apps, tokens.access_token, 'wrong_type');
    await assertUser(demo, apis, tokens.access_token, 'ada');
    // The ID token is not for the API.
    await assertRefused(demo, apis, tokens.id_token, 'aud_mismatch');
  });
  await checks.that('oidc-provider: an opaque access token is malformed, not an error', async () => {
    const tokens = await signIn(app(), 'ada');
    await assertRefused(demo, apps, tokens.access_token, 'malformed');
  });
  await checks.that('oidc-provider: the logout token that it sends when a user signs out is refused', async () => {
    const tokens = await signIn(app(), 'ada');
    oidc.logoutTokens.length = 0;
    await signOut(app(), tokens);
    const [logoutToken] = oidc.logoutTokens;
    assert.ok(claimsOf(logoutToken).events, 'no logout token came');
    await assertRefused(demo, apps, logoutToken, 'wrong_type');
    await assertRefused(demo, apis, logoutToken, 'wrong_type');
  });
  await checks.that('oidc-provider: bad tokens are refused with their reasons', () =>
    assertBadInputsRefused(demo, apps, (overrides) => oidc.strangeToken(overrides)),
  );
}
