// What the app's backend is told, and that the public Standard Webhooks package believes it.

import assert from 'node:assert/strict';
import { newEmail, signInByMail } from './app.mjs';
import { signInWithWallet } from './check-wallets.mjs';
import { evmWallet } from './signers.mjs';

export async function checkWebhooks(world, checks) {
  const { hooks, demo, mailbox } = world;
  const app = await world.app('webhooks', { wallet_types: ['evm'] });
  const at = `environments/${app.environment}/webhooks`;
  const path = `/hooks/${app.environment}`;
  const events = ['user.created', 'user.external_wallet_verified'];
  const webhook = await demo.admin('POST', at, { url: `${hooks.web.url}${path}`, events });
  hooks.secrets.set(path, webhook.secret);

  await checks.that('a webhook is told of a new user once, with a signature that standardwebhooks believes', async () => {
    const email = newEmail();
    const userId = await signInByMail(app.device(), mailbox, email);
    const { id, event } = await hooks.next(path);
    assert.match(event.id, /^evt_/);
    assert.equal(event.id, id);
    assert.equal(event.type, 'user.created');
    assert.ok(Date.parse(event.createdAt));
    assert.equal(event.data.userId, userId);
    assert.ok(Date.parse(event.data.userCreatedAt));
    await signInByMail(app.device(), mailbox, email);
    assert.equal(hooks.all(path).length, 1);
  });
  await checks.that('and of a wallet that was verified', async () => {
    const signer = evmWallet();
    const { userId } = await signInWithWallet(app, app.device(), signer);
    const both = [await hooks.next(path), await hooks.next(path)].map(({ event }) => event);
    assert.deepEqual(both.map(({ type }) => type).sort(), events);
    const { data } = both.find(({ type }) => type === 'user.external_wallet_verified');
    assert.equal(data.userId, userId);
    assert.equal(data.walletAddress, signer.wallet.address);
  });
  await checks.that('what was refused comes again under the same id', async () => {
    hooks.refusals = 1;
    await signInByMail(app.device(), mailbox);
    const { refused } = await hooks.next(path);
    const { id } = await hooks.next(path, 60_000);
    assert.equal(id, refused);
  });
  await checks.that('a ping reaches it, and a rotated secret signs', async () => {
    const rotated = await demo.admin('POST', `${at}/${webhook.id}/rotate-secret`, { overlap_secs: 0 });
    hooks.secrets.set(path, rotated.secret);
    const { delivered } = await demo.admin('POST', `${at}/${webhook.id}/test`, {});
    assert.equal(delivered, true);
    assert.equal((await hooks.next(path)).event.type, 'test.ping');
  });
}
