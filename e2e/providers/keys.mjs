// Keys that sign at a provider, and the forms in which providers publish their public halves.

import { execFile } from 'node:child_process';
import { randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import { exportJWK, generateKeyPair, importPKCS8, SignJWT } from 'jose';

const run = promisify(execFile);

// Node 18 keeps it behind a flag.
globalThis.crypto ??= webcrypto;

export class ProviderKey {
  /** A key pair of this algorithm under a random or the given `kid`. */
  static async generate(alg = 'RS256', kid = randomBytes(20).toString('hex')) {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    return new ProviderKey(alg, kid, privateKey, await exportJWK(publicKey));
  }

  /** An RSA key with a self-signed certificate around it. */
  static async certified(commonName, kid) {
    const subject = ['-subj', `/CN=${commonName}`, '-days', '3650'];
    const words = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject, '-keyout', '-', '-out', '-'];
    const { stdout: pem } = await run('openssl', words);
    const privateKey = await importPKCS8(pemPart(pem, 'PRIVATE KEY'), 'RS256', { extractable: true });
    const { kty, n, e } = await exportJWK(privateKey);
    const key = new ProviderKey('RS256', kid, privateKey, { kty, n, e });
    key.certificate = new X509Certificate(pemPart(pem, 'CERTIFICATE'));
    return key;
  }

  constructor(alg, kid, privateKey, publicJwk) {
    this.alg = alg;
    this.kid = kid;
    this.privateKey = privateKey;
    this.publicJwk = publicJwk;
  }

  /** Signs exactly these claims; `header` adds to alg, typ and kid, or takes one away with `undefined`. */
  sign(claims, header = {}) {
    const protectedHeader = { alg: this.alg, typ: 'JWT', kid: this.kid, ...header };
    for (const name of Object.keys(protectedHeader)) {
      if (protectedHeader[name] === undefined) delete protectedHeader[name];
    }
    return new SignJWT(claims).setProtectedHeader(protectedHeader).sign(this.privateKey);
  }
}

function pemPart(pem, label) {
  const part = new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----`).exec(pem);
  if (!part) throw new Error(`openssl printed no ${label}`);
  return part[0];
}

export function nowSecs() {
  return Math.floor(Date.now() / 1000);
}

/** This token with these claims changed and the signature kept: what a forger would try. */
export function forged(token, claims) {
  const [header, payload, signature] = token.split('.');
  const changed = { ...JSON.parse(Buffer.from(payload, 'base64url')), ...claims };
  return [header, Buffer.from(JSON.stringify(changed)).toString('base64url'), signature].join('.');
}

export function claimsOf(token) {
  return JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
}
