// What needs key shares on the server, and Farcaster: an honest 501, never a pretence.

import assert from 'node:assert/strict';
import { rejectionOf, signInByMail } from './app.mjs';

const WALLET = '7f1e0a52-3c0e-4c5e-9d86-0b6f9d3b2a10';

export async function checkUnsupported(world, checks) {
  const app = await world.app('unsupported');
  const device = app.device();
  const userId = await signInByMail(device, world.mailbox);
  const { client } = device;

  for (const [what, call] of [
    ['making a wallet of key shares', () => client.createWallet(userId, { scheme: 'DKLS', type: 'EVM' })],
    ['signing a message with one', () => client.preSignMessage(userId, WALLET, 'aGVsbG8=')],
    ['signing a transaction with one', () => client.signTransaction(userId, WALLET, { transaction: '0x', chainId: '1' })],
    ['pregenerated wallets', () => client.createPregenWallet({ pregenIdentifier: 'a', pregenIdentifierType: 'CUSTOM_ID', type: 'EVM' })],
    ['Farcaster', () => client.initializeFarcasterLogin({})],
  ]) {
    await checks.that(`Client: ${what} answers 501 with a reason`, async () => {
      const { status, code, message } = await rejectionOf(call());
      assert.equal(status, 501);
      assert.equal(typeof code, 'string');
      assert.ok(message.length > 20, message);
    });
  }
  for (const [method, path] of [
    ['POST', '/auth/farcaster/status/v2'],
    ['POST', `/users/${userId}/wallets/${WALLET}/send`],
    ['GET', '/enclave/public-key'],
    ['POST', '/enclave/jwt/issue'],
    ['POST', '/2fa/users/me/setup'],
    ['POST', '/recovery/init'],
  ]) {
    await checks.that(`${method} ${path.replace(userId, '{user}').replace(WALLET, '{wallet}')} answers 501 with a reason`, async () => {
      const { status, body } = await app.call(method, path, { session: device.session, body: method === 'POST' ? {} : undefined });
      assert.equal(status, 501);
      assert.ok(body.message.length > 20, body.message);
    });
  }
  await checks.that('Client: lists of wallets and shares are empty, so that nobody waits for them', async () => {
    assert.deepEqual((await client.getWallets(userId)).data, { wallets: [] });
    const { sessionLookupId } = await client.touchSession();
    const shares = await client.getTransmissionKeyshares(userId, sessionLookupId);
    assert.deepEqual(shares.data?.temporaryShares ?? shares.temporaryShares, []);
  });
}
