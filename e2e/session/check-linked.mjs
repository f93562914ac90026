// Further ways to sign in to the same account.

import assert from 'node:assert/strict';
import { newEmail, newPhone, rejectionOf, signInByMail } from './app.mjs';
import { signInWithWallet } from './check-wallets.mjs';
import { evmWallet } from './signers.mjs';

export async function checkLinked(world, checks) {
  const app = await world.app('linked', { phone: true, wallet_types: ['evm'] });
  const { mailbox } = world;
  const email = newEmail();
  const device = app.device();
  const userId = await signInByMail(device, mailbox, email);
  const { client } = device;
  const types = ({ primary, linked }) => [primary, linked].map((list) => list.map(({ type }) => type));

  await checks.that('Client: a new account has its address as the primary one', async () => {
    const { accounts } = await client.getLinkedAccounts({ userId, withMetadata: true });
    assert.deepEqual(types(accounts), [['EMAIL'], []]);
    assert.equal(accounts.primary[0].identifier, email);
    assert.ok(Number(new Date(accounts.primary[0].date)) > 0);
  });

  const second = newEmail();
  await checks.that('Client: a second address is linked with its code, and leads to the same account', async () => {
    const { linkedAccountId } = await client.linkAccount({ userId, type: 'EMAIL', identifier: second });
    const code = await mailbox.nextCode(second);
    const wrong = { verificationCode: String((Number(code) + 1) % 1_000_000).padStart(6, '0') };
    await rejectionOf(client.verifyLink({ userId, linkedAccountId, ...wrong }));
    const { accounts } = await client.verifyLink({ userId, linkedAccountId, verificationCode: code });
    assert.deepEqual(types(accounts), [['EMAIL'], ['EMAIL']]);
    assert.equal(accounts.linked[0].identifier, second);
    assert.equal(await signInByMail(app.device(), mailbox, second), userId);
  });
  await checks.that('Client: a phone is linked with its code', async () => {
    const phone = newPhone();
    const { linkedAccountId } = await client.linkAccount({ userId, type: 'PHONE', identifier: phone });
    const { accounts } = await client.verifyLink({ userId, linkedAccountId, verificationCode: await world.phones.nextCode(phone) });
    assert.deepEqual(types(accounts)[1].sort(), ['EMAIL', 'PHONE']);
  });
  const signer = evmWallet();
  await checks.that('Client: a wallet is linked with its signature, and leads to the same account', async () => {
    const externalWallet = { ...signer.wallet, partnerId: app.environment };
    const begun = await client.linkAccount({ userId, type: 'EXTERNAL_WALLET', externalWallet });
    const proof = await signer.sign(begun.signatureVerificationMessage);
    const { accounts } = await client.verifyLink({ userId, linkedAccountId: begun.linkedAccountId, externalWallet, ...proof });
    assert.deepEqual(types(accounts)[1].sort(), ['EMAIL', 'EXTERNAL_WALLET', 'PHONE']);
    assert.equal((await signInWithWallet(app, app.device(), signer)).userId, userId);
  });
  await checks.that("Client: what belongs to another account is a conflict, from either side", async () => {
    const otherEmail = newEmail();
    const other = app.device();
    const otherId = await signInByMail(other, mailbox, otherEmail);
    for (const [who, user, identifier] of [[device, userId, otherEmail], [other, otherId, second], [other, otherId, email]]) {
      assert.equal(await isConflict(who, user, identifier, mailbox), true, identifier);
    }
    const externalWallet = { ...signer.wallet, partnerId: app.environment };
    const begun = await other.client.linkAccount({ userId: otherId, type: 'EXTERNAL_WALLET', externalWallet });
    const proof = begun.isConflict ? {} : await signer.sign(begun.signatureVerificationMessage);
    const end = begun.isConflict
      ? begun
      : await other.client.verifyLink({ userId: otherId, linkedAccountId: begun.linkedAccountId, externalWallet, ...proof });
    assert.equal(end.isConflict, true);
  });
  await checks.that('Client: an unlinked address is an account of its own again; the primary one stays', async () => {
    const { accounts } = await client.getLinkedAccounts({ userId });
    const { id: linkedAccountId } = accounts.linked.find(({ type }) => type === 'EMAIL');
    const left = await client.unlinkAccount({ userId, linkedAccountId });
    assert.deepEqual(types(left)[1].sort(), ['EXTERNAL_WALLET', 'PHONE']);
    assert.notEqual(await signInByMail(app.device(), mailbox, second), userId);
    const [primary] = left.primary;
    if (primary.id) await rejectionOf(client.unlinkAccount({ userId, linkedAccountId: primary.id }));
    assert.equal(await signInByMail(app.device(), mailbox, email), userId);
  });
  await checks.that("nobody reads or changes somebody else's linked accounts", async () => {
    const stranger = app.device();
    await signInByMail(stranger, mailbox);
    assert.ok((await rejectionOf(stranger.client.getLinkedAccounts({ userId }))).status >= 400);
    const link = stranger.client.linkAccount({ userId, type: 'EMAIL', identifier: newEmail() });
    assert.ok((await rejectionOf(link)).status >= 400);
    assert.ok((await rejectionOf(app.device().client.getLinkedAccounts({ userId }))).status >= 400);
  });
}

/** Whether the server says so at once, or when the code has proven whose it is. */
async function isConflict(device, userId, identifier, mailbox) {
  const begun = await device.client.linkAccount({ userId, type: 'EMAIL', identifier });
  if (begun.isConflict) return true;
  const verificationCode = await mailbox.nextCode(identifier);
  const end = await device.client.verifyLink({ userId, linkedAccountId: begun.linkedAccountId, verificationCode });
  return end.isConflict === true;
}
