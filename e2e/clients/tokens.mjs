// What a token may look like, what refuses it, and how fast a rotated key stops counting.

import assert from 'node:assert/strict';
import { assertAnswer, assertRefusal, millisUntilRefused } from '../lib/answers.mjs';
import { signWithJose, signWithJoseFile } from './sign-with-jose.mjs';

const PERMISSIONS = 'urn:useparagon:connect:permissions';

export async function checkTokens(demo, checks) {
  await checkAccepted(demo, checks);
  await checkRefused(demo, checks);
  await checkMetadata(demo, checks);
  await checkRotation(demo, checks);
}

async function checkAccepted(demo, checks) {
  const sandbox = demo.env.HALLPASS_SANDBOX_ID;
  const sign = (claims, header) => signWithJoseFile(demo.env.HALLPASS_SIGNING_KEY_FILE, 'e2e-variant', claims, header);

  await checks.that('the token of the env file is accepted', async () => {
    await assertAnswer(await demo.sdk(sandbox, 'me', demo.env.HALLPASS_USER_TOKEN), 200);
  });
  await checks.that('aud useparagon.com/<environment id> is accepted', async () => {
    const token = await sign({ aud: `useparagon.com/${sandbox}` });
    await assertAnswer(await demo.sdk(sandbox, 'me', token), 200);
  });
  await checks.that('an arbitrary kid is accepted', async () => {
    await assertAnswer(await demo.sdk(sandbox, 'me', await sign({}, { kid: 'the same for years' })), 200);
  });
  await checks.that('a bare JWT without Bearer is accepted on the Connect surface', async () => {
    const headers = { authorization: await sign() };
    await assertAnswer(await demo.sdk(sandbox, 'me', undefined, { headers }), 200);
  });
  await checks.that('integrations are an empty list', async () => {
    const answer = await demo.sdk(sandbox, 'integrations', await sign());
    assert.deepEqual(await assertAnswer(answer, 200), []);
  });
}

async function checkRefused(demo, checks) {
  const { HALLPASS_SANDBOX_ID: sandbox, HALLPASS_BETA_ID: beta, HALLPASS_PRODUCTION_ID: production } = demo.env;
  const sign = (claims, header) => signWithJoseFile(demo.env.HALLPASS_SIGNING_KEY_FILE, 'e2e-variant', claims, header);
  const now = Math.floor(Date.now() / 1000);

  await checks.that('no credentials: 401 that asks for a bearer', async () => {
    const answer = await demo.sdk(sandbox, 'me');
    assert.equal(answer.status, 401);
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
  });
  await checks.that('an expired token: 401 token_expired', async () => {
    const token = await sign({ iat: now - 7200, exp: now - 3600 });
    await assertRefusal(await demo.sdk(sandbox, 'me', token), 401, 'token_expired');
  });
  await checks.that("another project's aud: 401 aud_mismatch", async () => {
    const token = await sign({ aud: `useparagon.com/${production}` });
    await assertRefusal(await demo.sdk(sandbox, 'me', token), 401, 'aud_mismatch');
  });
  await checks.that('a malformed permission claim: 401', async () => {
    const token = await sign({ [PERMISSIONS]: { 'Integration:slack': true } });
    await assertRefusal(await demo.sdk(sandbox, 'me', token), 401, 'permission_claim_malformed');
  });
  await checks.that('a fault with letters that no header may carry is told all the same', async () => {
    const token = await sign({ [PERMISSIONS]: { 'integration:slack': true, 'bü"\r\nro': true } });
    await assertRefusal(await demo.sdk(sandbox, 'me', token), 401, 'permission_claim_malformed');
  });
  await checks.that('one changed letter in the signature: 401 signature_invalid', async () => {
    const token = await sign();
    const at = token.lastIndexOf('.') + 10;
    const forged = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
    await assertRefusal(await demo.sdk(sandbox, 'me', forged), 401, 'signature_invalid');
  });
  await checks.that("beta's token is refused in production", async () => {
    const betaKey = await demo.generateKey(beta);
    await demo.generateKey(production);
    const token = await signWithJose(betaKey.private_key_pem, 'e2e-beta', {}, { kid: betaKey.kid });
    await assertAnswer(await demo.sdk(beta, 'me', token), 200);
    await assertRefusal(await demo.sdk(production, 'me', token), 401, 'signature_invalid');
  });
  await checks.that('an unknown environment: 404 without looking at the token', async () => {
    const unknown = '00000000-0000-4000-8000-000000000000';
    assert.equal((await demo.sdk(unknown, 'me', 'nonsense')).status, 404);
  });
}

async function checkMetadata(demo, checks) {
  const sandbox = demo.env.HALLPASS_SANDBOX_ID;
  const sign = (claims) => signWithJoseFile(demo.env.HALLPASS_SIGNING_KEY_FILE, 'e2e-metadata', claims);
  const patch = (token, meta) => demo.sdk(sandbox, 'me', token, { method: 'PATCH', body: JSON.stringify({ meta }) });

  await checks.that('metadata is merged deeply and read back', async () => {
    const token = await sign();
    await assertAnswer(await patch(token, { plan: { name: 'pro', seats: 3 }, tags: ['a'] }), 200);
    await assertAnswer(await patch(token, { plan: { seats: 4 }, tags: ['b'] }), 200);
    const me = await assertAnswer(await demo.sdk(sandbox, 'me', token), 200);
    assert.deepEqual(me.meta, { plan: { name: 'pro', seats: 4 }, tags: ['b'] });
  });
  await checks.that('metadata:read alone reads and may not write (403 "7210")', async () => {
    const token = await sign({ [PERMISSIONS]: { 'integration:*': ['metadata:read'] } });
    const me = await assertAnswer(await demo.sdk(sandbox, 'me', token), 200);
    assert.equal(me.meta.plan.name, 'pro');
    await assertRefusal(await patch(token, { plan: 'free' }), 403, '7210');
  });
  await checks.that('without metadata:read the metadata is {}', async () => {
    const token = await sign({ [PERMISSIONS]: { 'integration:slack': true } });
    const me = await assertAnswer(await demo.sdk(sandbox, 'me', token), 200);
    assert.deepEqual(me.meta, {});
  });
}

async function checkRotation(demo, checks) {
  const beta = demo.env.HALLPASS_BETA_ID;
  const generate = (overlapSecs) => demo.generateKey(beta, overlapSecs);
  const me = (token) => demo.sdk(beta, 'me', token);

  await checks.that('a rotated key stops counting within a second', async () => {
    const old = await signWithJose((await generate()).private_key_pem, 'e2e-rotation');
    await assertAnswer(await me(old), 200);
    await assertAnswer(await me(old), 200);
    const fresh = await signWithJose((await generate()).private_key_pem, 'e2e-rotation');
    const millis = await millisUntilRefused(() => me(old));
    await assertAnswer(await me(fresh), 200);
    return `refused ${millis.toFixed(1)} ms after the rotation answered`;
  });
  await checks.that('with an overlap both keys count', async () => {
    const old = await signWithJose((await generate()).private_key_pem, 'e2e-overlap');
    const fresh = await signWithJose((await generate(3600)).private_key_pem, 'e2e-overlap');
    await assertAnswer(await me(old), 200);
    await assertAnswer(await me(fresh), 200);
  });
}
