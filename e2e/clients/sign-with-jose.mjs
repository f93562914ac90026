// User tokens signed with `jose`; also the signer of the variations that the checks need.

import { readFileSync } from 'node:fs';
import { webcrypto } from 'node:crypto';
import { importPKCS8, SignJWT } from 'jose';

// Node 18 keeps it behind a flag.
globalThis.crypto ??= webcrypto;

/** A token of one hour for this user; `claims` add to or replace what it says. */
export async function signWithJose(pem, sub, claims = {}, header = {}) {
  const now = Math.floor(Date.now() / 1000);
  const key = await importPKCS8(pem, 'RS256');
  return new SignJWT({ sub, iat: now, exp: now + 3600, ...claims })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...header })
    .sign(key);
}

export function signWithJoseFile(keyFile, sub, claims, header) {
  return signWithJose(readFileSync(keyFile, 'utf8'), sub, claims, header);
}
