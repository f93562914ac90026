// Wallets that people bring along: what each chain's own libraries sign.

import { randomBytes } from 'node:crypto';
import * as ed25519 from '@noble/ed25519';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { ripemd160 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { base58, base64, bech32 } from '@scure/base';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';

/** Each has `wallet` (what the SDK is told about it) and `sign(message)` (what the SDK sends about the message). */
export function evmWallet() {
  const account = privateKeyToAccount(generatePrivateKey());
  return {
    wallet: { address: account.address, type: 'EVM', provider: 'MetaMask', providerId: 'METAMASK' },
    publicKey: account.publicKey,
    sign: async (message) => ({ signedMessage: await account.signMessage({ message }) }),
  };
}

export async function solanaWallet() {
  const secretKey = ed25519.utils.randomSecretKey();
  const publicKey = base58.encode(await ed25519.getPublicKeyAsync(secretKey));
  const signBytes = (message) => ed25519.signAsync(new TextEncoder().encode(message), secretKey);
  return {
    wallet: { address: publicKey, type: 'SOLANA', provider: 'Phantom', providerId: 'PHANTOM' },
    publicKey,
    sign: async (message) => ({ signedMessage: base58.encode(await signBytes(message)) }),
  };
}

/** Cosmos wallets sign text wrapped as ADR-36 has it. */
export function cosmosWallet(prefix = 'cosmos') {
  const secretKey = randomBytes(32);
  const publicKey = secp256k1.getPublicKey(secretKey, true);
  const hash = ripemd160(sha256(publicKey));
  const signer = bech32.encode(prefix, bech32.toWords(hash));
  return {
    wallet: {
      address: `0x${Buffer.from(hash).toString('hex')}`,
      addressBech32: signer,
      type: 'COSMOS',
      provider: 'Keplr',
      providerId: 'KEPLR',
    },
    sign: async (message) => ({
      signedMessage: base64.encode(secp256k1.sign(arbitrary(signer, message), secretKey)),
      cosmosPublicKeyHex: Buffer.from(publicKey).toString('hex'),
      cosmosSigner: signer,
    }),
  };
}

/** Members in alphabetical order and without spaces, the same bytes for everybody. */
function arbitrary(signer, message) {
  const data = base64.encode(new TextEncoder().encode(message));
  const document = {
    account_number: '0',
    chain_id: '',
    fee: { amount: [], gas: '0' },
    memo: '',
    msgs: [{ type: 'sign/MsgSignData', value: { data, signer } }],
    sequence: '0',
  };
  return new TextEncoder().encode(JSON.stringify(document));
}
