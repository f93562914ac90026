// Wallets that people bring along: a signature over a message that the server made is the sign-in.

import assert from 'node:assert/strict';
import { rejectionOf } from './app.mjs';
import { startPara, within } from './node-para.mjs';
import { cosmosWallet, evmWallet, solanaWallet } from './signers.mjs';

const URI = 'http://localhost:4020/welcome';
const verified = { withVerification: true };

/** Without an SDK: asks for the message, has it signed, hands it in; answers the last answer. */
export async function signInWithWallet(app, device, { wallet, sign }) {
  const externalWallet = { ...wallet, ...verified };
  const begun = await device.client.loginExternalWallet({ externalWallet, uri: URI });
  const proof = await sign(begun.signatureVerificationMessage);
  return device.client.verifyExternalWallet(begun.userId, { externalWallet: begun.externalWallet, ...proof });
}

export async function checkWallets(world, checks) {
  const app = await world.app('wallets', { wallet_types: ['evm', 'solana', 'cosmos'] });
  for (const [name, signer] of [
    ['EVM (viem)', evmWallet()],
    ['Solana (noble)', await solanaWallet()],
    ['Cosmos (noble, ADR-36)', cosmosWallet()],
  ]) {
    await checkSdk(checks, app, name, signer);
  }
  await checkMessage(checks, app);
  await checkRefusals(checks, app);
  await checkUnverified(checks, app);
}

async function checkSdk(checks, app, name, signer) {
  const { address, type } = signer.wallet;
  await checks.that(`SDK: sign-in with a wallet, ${name}`, async () => {
    const para = await startPara(app);
    await para.initExternalWalletProvider({ type, interface: connector(signer) });
    const externalWallet = { ...signer.wallet, ...verified };
    await within(para.loginExternalWallet({ externalWallet, uri: URI }), 'loginExternalWallet');
    await within(untilAuthenticated(para), 'authenticated');
    assert.equal(para.walletPhase, 'no_wallets_needed');
    assert.equal(await para.isSessionActive(), true);
    assert.equal(await para.isFullyLoggedIn(), true);
    const touch = await para.touchSession();
    assert.deepEqual(touch.verifiedExternalWalletAddresses, [address]);
    await para.issueJwt();
    assert.equal(await para.keepSessionAlive(), true);
    await within(para.logout(), 'logout');
    assert.deepEqual((await para.touchSession()).verifiedExternalWalletAddresses ?? [], []);
    assert.equal(await para.isSessionActive(), false);
  });
  await checks.that(`the same wallet is the same user, another one is not: ${name}`, async () => {
    const [first, again] = [await signInWithWallet(app, app.device(), signer), await signInWithWallet(app, app.device(), signer)];
    assert.equal(again.userId, first.userId);
    assert.equal(again.stage, 'done');
    assert.deepEqual(again.authMethods, []);
    assert.equal(again.isNewUser, false);
    const stranger = await signInWithWallet(app, app.device(), evmWallet());
    assert.equal(stranger.isNewUser, true);
    assert.notEqual(stranger.userId, first.userId);
  });
}

async function checkMessage(checks, app) {
  await checks.that('the message names the address, the domain, a nonce and its end, and is another each time', async () => {
    const { wallet } = evmWallet();
    const begin = () => app.device().client.loginExternalWallet({ externalWallet: { ...wallet, ...verified }, uri: URI });
    const [first, second] = [await begin(), await begin()];
    const text = first.signatureVerificationMessage;
    assert.ok(text.includes(wallet.address), text);
    assert.match(text, /^localhost:4020 wants you to sign in/);
    assert.match(text, /\nNonce: [A-Za-z0-9]{8,}\n/);
    assert.match(text, /\nExpiration Time: \d{4}-/);
    assert.notEqual(second.signatureVerificationMessage, text);
    assert.equal(first.externalWallet.partnerId, app.environment);
    assert.equal(first.externalWallet.withVerification, true);
    assert.deepEqual(first.auth, { externalWalletAddress: wallet.address });
    assert.deepEqual(first.signupAuthMethods, []);
  });
}

async function checkRefusals(checks, app) {
  const signer = evmWallet();
  const externalWallet = { ...signer.wallet, ...verified };
  const begin = (device) => device.client.loginExternalWallet({ externalWallet, uri: URI });
  const verify = (device, { userId }, proof) => device.client.verifyExternalWallet(userId, { externalWallet, ...proof });
  const isSignedIn = async (device) => (await device.client.touchSession()).isAuthenticated;

  await checks.that('a wallet message survives the regeneration in the middle, and counts once', async () => {
    const device = app.device();
    const begun = await begin(device);
    await device.client.touchSession(true);
    const proof = await signer.sign(begun.signatureVerificationMessage);
    await verify(device, begun, proof);
    assert.equal(await isSignedIn(device), true);
    assert.ok((await rejectionOf(verify(device, begun, proof))).status < 500);
    const other = app.device();
    await begin(other);
    await rejectionOf(verify(other, begun, proof));
    assert.equal(await isSignedIn(other), false);
  });
  await checks.that("another wallet's signature is refused, and the message is spent", async () => {
    const device = app.device();
    const begun = await begin(device);
    const { status, code } = await rejectionOf(verify(device, begun, await evmWallet().sign(begun.signatureVerificationMessage)));
    assert.ok(status >= 400 && status < 500, `status ${status}`);
    assert.equal(typeof code, 'string');
    await rejectionOf(verify(device, begun, await signer.sign(begun.signatureVerificationMessage)));
    assert.equal(await isSignedIn(device), false);
  });
  await checks.that("a signature over another session's message is refused", async () => {
    const [victim, thief] = [app.device(), app.device()];
    const begun = await begin(victim);
    await thief.client.touchSession();
    const proof = await signer.sign(begun.signatureVerificationMessage);
    await rejectionOf(verify(thief, begun, proof));
    assert.equal(await isSignedIn(thief), false);
  });
  await checks.that('rubbish instead of a signature is refused', async () => {
    for (const signedMessage of ['', '0x', `0x${'0'.repeat(130)}`, 'rubbish', 7]) {
      const device = app.device();
      const begun = await begin(device);
      const { status } = await rejectionOf(verify(device, begun, { signedMessage }));
      assert.ok(status >= 400 && status < 500, `${signedMessage} was answered ${status}`);
    }
  });
}

async function checkUnverified(checks, app) {
  for (const [name, flags] of [['only connected', { isConnectionOnly: true }], ['without any flag', {}]]) {
    await checks.that(`SDK: a wallet that is ${name} gets no token`, async () => {
      const para = await startPara(app);
      const { wallet, sign } = evmWallet();
      await para.initExternalWalletProvider({ type: wallet.type, interface: connector({ wallet, sign }) });
      const externalWallet = { ...wallet, ...flags, partnerId: app.environment };
      await within(para.loginExternalWallet({ externalWallet }), 'loginExternalWallet');
      assert.equal((await rejectionOf(para.issueJwt())).status, 403);
      assert.equal((await para.touchSession()).isAuthenticated, false);
    });
  }
  await checks.that('wallets are optional everywhere, and a new visitor has shown none', async () => {
    const touch = await app.device().client.touchSession();
    assert.deepEqual(touch.verifiedExternalWalletAddresses ?? [], []);
    assert.deepEqual(touch.supportedWalletTypes, [
      { type: 'EVM', optional: true },
      { type: 'SOLANA', optional: true },
      { type: 'COSMOS', optional: true },
    ]);
  });
}

/** What a wallet connector registers with the SDK. */
function connector({ wallet, sign }) {
  return {
    getAddress: async () => wallet.address,
    disconnect: async () => {},
    connectParaConnector: async () => {},
    watchDisconnection: () => () => {},
    watchWalletChange: () => () => {},
    signMessage: async ({ message }) => {
      const { signedMessage, ...rest } = await sign(message);
      return { signature: signedMessage, ...rest };
    },
  };
}

async function untilAuthenticated(para) {
  while (para.corePhase !== 'authenticated') {
    if (para.error) throw para.error;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
