// ID tokens of an Auth0 tenant.

import assert from 'node:assert/strict';
import { assertAnswer, assertRefusal } from '../lib/answers.mjs';
import { assertBadInputsRefused, assertReadOnly, assertRefused, assertUser, writeMetadata } from './accept.mjs';
import { NAMESPACED, PERMISSIONS } from './accounts.mjs';
import { claimsOf } from './keys.mjs';
import { API } from './oidc.mjs';
import { signIn } from './sign-in.mjs';

export async function checkAuth0(demo, checks, fleet, environments) {
  const { apps, apis, mapped, providers } = environments;
  const { auth0 } = fleet;
  const appAt = (door) => ({ url: door.web.url, clientId: auth0.clientId, redirectUri: auth0.redirectUri });

  await checks.that('Auth0: issuers follow from the domains', () => {
    assert.deepEqual(providers.auth0.issuers, ['https://hallpass-e2e.eu.auth0.com/', 'https://login.e2e.example/']);
    assert.equal(providers.auth0.keys_url, auth0.keysUrl);
  });
  for (const [name, door] of [['the tenant', auth0.own], ['the custom domain', auth0.custom]]) {
    await checks.that(`Auth0: sign in at ${name}, and the ID token is accepted`, async () => {
      const { id_token: token } = await signIn(appAt(door), 'ada');
      assert.equal(claimsOf(token).iss, door.issuer);
      await assertUser(demo, apps, token, auth0.userId('ada'));
      await assertAnswer(await writeMetadata(demo, apps, token), 200);
    });
  }
  await checks.that('Auth0: the permission claim of an Action is enforced and explained', async () => {
    const { id_token: token } = await signIn(appAt(auth0.own), 'reader');
    await assertReadOnly(demo, apps, token, auth0.userId('reader'));
  });
  await checks.that('Auth0: access tokens of both profiles are refused, and accepted where configured', async () => {
    const tokens = await signIn(appAt(auth0.own), 'ada', { audience: API });
    // Its own profile does not mark access tokens: their audience tells.
    await assertRefused(demo, apps, tokens.access_token, 'aud_mismatch');
    auth0.accessTokenType = 'at+jwt';
    const marked = await signIn(appAt(auth0.own), 'ada', { audience: API });
    auth0.accessTokenType = 'JWT';
    await assertRefused(demo, apps, marked.access_token, 'wrong_type');
    await assertUser(demo, apis, marked.access_token, auth0.userId('ada'));
  });
  await checks.that('Auth0: an issuer without the last slash, or of another tenant, is another issuer', async () => {
    const others = ['https://hallpass-e2e.eu.auth0.com', 'https://another.eu.auth0.com/', 'https://LOGIN.e2e.example/'];
    for (const issuer of others) {
      const answer = await demo.sdk(apps, 'me', await auth0.idToken('ada', { issuer }));
      assert.equal((await assertAnswer(answer, 401)).code, 'iss_mismatch', issuer);
    }
  });
  await checks.that('Auth0: the next key, already published, is accepted; an unpublished one is not', async () => {
    await assertUser(demo, apps, await auth0.idToken('ada', { key: auth0.next }), auth0.userId('ada'));
    const stranger = fleet.rotatingAuth0.current;
    await assertRefused(demo, apps, await auth0.idToken('ada', { key: stranger }), 'unknown_key');
  });
  await checks.that('Auth0: permissions under a name of the tenant count where that is configured', async () => {
    const permissions = { 'integration:*': ['metadata:read'] };
    const token = await auth0.idToken('ada', { [NAMESPACED]: permissions });
    await assertReadOnly(demo, mapped, token, auth0.userId('ada'));
    // Nothing there means nothing allowed, never everything; two claims are one too many.
    assert.equal((await writeMetadata(demo, mapped, await auth0.idToken('ada'))).status, 403);
    const both = await auth0.idToken('ada', { [NAMESPACED]: permissions, [PERMISSIONS]: permissions });
    await assertRefused(demo, mapped, both, 'permission_claim_ambiguous');
  });
  await checks.that('Auth0: its users are frozen and revoked like all others, at once', async () => {
    const sub = 'auth0|frozen';
    const token = await auth0.idToken('ada', { sub });
    const user = `environments/${apps}/users/${encodeURIComponent(sub)}`;
    await assertUser(demo, apps, token, sub);
    await demo.admin('POST', `${user}/freeze`);
    await assertRefusal(await demo.sdk(apps, 'me', token), 403, 'user_frozen');
    await demo.admin('POST', `${user}/unfreeze`);
    await assertUser(demo, apps, token, sub);
    await demo.admin('POST', `${user}/revoke`);
    await assertRefused(demo, apps, token, 'token_revoked');
  });
  await checks.that('Auth0: its tokens mean nothing to an environment that does not trust it', async () => {
    const { HALLPASS_SANDBOX_ID: sandbox } = demo.env;
    await assertRefused(demo, sandbox, await auth0.idToken('ada'), 'signature_invalid');
  });
  await checks.that('Auth0: bad tokens are refused with their reasons', () =>
    assertBadInputsRefused(demo, apps, (overrides) => auth0.idToken('ada', overrides)),
  );
}
