// An operator makes a passkey and signs in with it, by the browser's virtual authenticator.

import assert from 'node:assert/strict';

export async function checkPasskey(operator, checks, engine) {
  const { page } = operator;
  const devtools = await operator.browser.context.newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true },
  });
  await checks.that(`${engine}: an operator makes a passkey`, async () => {
    await operator.goto('/dashboard/sessions');
    await operator.hands.write('#passkey-name', 'Test device');
    await operator.press('#passkey-make button');
    assert.ok((await operator.text('main')).includes('The passkey was made.'));
    await operator.look('a passkey');
  });
  await checks.that(`${engine}: signs in with it, back to the page that was asked for`, async () => {
    await operator.press('.who button');
    await operator.goto('/dashboard/sessions');
    await operator.press('#passkey-sign-in');
    assert.equal(new URL(page.url()).pathname, '/dashboard/sessions');
    assert.ok((await operator.text('main')).includes('passkey'));
  });
  await devtools.send('WebAuthn.disable');
}
