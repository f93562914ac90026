// Wallets that the app gives its users: listed in tokens once their key has signed.

import assert from 'node:assert/strict';
import { signInByMail } from './app.mjs';
import { claimsOf } from './check-tokens.mjs';
import { evmWallet, solanaWallet } from './signers.mjs';

export async function checkProvisioned(world, checks) {
  const app = await world.app('provisioned');
  const device = app.device();
  const userId = await signInByMail(device, world.mailbox);
  const inSession = (method, path, body) => app.call(method, path, { session: device.session, body });
  const byBackend = (method, path, body) => app.call(method, path, { key: app.secretKey, body });

  for (const [name, signer, call, path, publicKey] of [
    ['an EVM wallet (viem), from the browser', evmWallet(), inSession, '/v2/wallets', (key) => key],
    ['a Solana wallet (noble), from the browser', await solanaWallet(), inSession, '/v2/wallets', () => ''],
    ['an EVM wallet (viem), from a backend', evmWallet(), byBackend, `/v2/accounts/${userId}/wallets`, (key) => key],
  ]) {
    await checks.that(`${name} is registered by its signature and stands in the token`, async () => {
      const { type, address } = signer.wallet;
      const begun = await call('POST', `${path}/challenges`, { type, public_key: signer.publicKey });
      assert.equal(begun.status, 200, begun.text);
      assert.equal(begun.body.address, address);
      const { signedMessage: signature } = await signer.sign(begun.body.message);
      const registered = await call('POST', path, { challenge_id: begun.body.challenge_id, signature });
      assert.equal(registered.status, 200, registered.text);
      const { data } = await claimsOf(app, await device.client.issueJwt({ keyIndex: 0 }));
      const { id } = registered.body;
      const listed = data.wallets.find((wallet) => wallet.id === id);
      assert.deepEqual(listed, { id, type, address, publicKey: publicKey(signer.publicKey) });
      const verified = await byBackend('POST', '/wallets/verify', { address });
      assert.deepEqual(verified.body, { walletId: id });
      const again = await call('POST', path, { challenge_id: begun.body.challenge_id, signature });
      assert.ok(again.status >= 400 && again.status < 500, `the message counted twice: ${again.text}`);
    });
  }
  await checks.that("another key's signature registers nothing", async () => {
    const signer = evmWallet();
    const begun = await inSession('POST', '/v2/wallets/challenges', { type: 'EVM', public_key: signer.publicKey });
    const { signedMessage: signature } = await evmWallet().sign(begun.body.message);
    const refused = await inSession('POST', '/v2/wallets', { challenge_id: begun.body.challenge_id, signature });
    assert.ok(refused.status >= 400 && refused.status < 500, refused.text);
    assert.equal((await byBackend('POST', '/wallets/verify', { address: signer.wallet.address })).status, 404);
  });
  await checks.that('Client: lists show these wallets as ones whose shares nobody waits for', async () => {
    const { wallets } = (await device.client.getWallets(userId)).data;
    assert.equal(wallets.length, 3);
    assert.ok(wallets.every(({ sharesPersisted }) => sharesPersisted === false));
  });
}
