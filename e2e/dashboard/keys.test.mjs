// Private keys in every form that people have them in.

import assert from 'node:assert/strict';
import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { test } from 'node:test';

import { decodeToken, looksLikeToken, signToken, thumbprint, withoutBearer } from '../../crates/hallpass-http/assets/dashboard/jwt.mjs';
import { readPrivateKey } from '../../crates/hallpass-http/assets/dashboard/pem.mjs';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pkcs8 = /** @type {string} */ (privateKey.export({ type: 'pkcs8', format: 'pem' }));
const pkcs1 = /** @type {string} */ (privateKey.export({ type: 'pkcs1', format: 'pem' }));
const jwk = privateKey.export({ format: 'jwk' });

/** @param {string} text */
const base64 = (text) => Buffer.from(text).toString('base64');

test('every form of one key is read as the same key', () => {
  const der = privateKey.export({ type: 'pkcs8', format: 'der' });
  const forms = [
    pkcs8,
    pkcs1,
    base64(pkcs8),
    base64(pkcs1),
    pkcs8.replaceAll('\n', '\\n'),
    JSON.stringify(pkcs8),
    pkcs8.replaceAll('\n', '\r\n'),
    `Bag Attributes\n${pkcs8}\n`,
    der.toString('base64'),
  ];
  for (const form of forms) {
    const read = readPrivateKey(form);
    assert.equal(read.bits, 2048);
    assert.equal(Buffer.from(read.modulus).toString('base64url'), jwk.n);
    assert.equal(Buffer.from(read.exponent).toString('base64url'), jwk.e);
    assert.deepEqual(Buffer.from(read.pkcs8), der, form.slice(0, 40));
  }
});

test('what is no usable key is told in a sentence', () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  const locked = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' };
  /** @type {[string, RegExp][]} */
  const cases = [
    ['', /Paste the private key/],
    ['hello', /no private key in PEM/],
    ['aGVsbG8=', /no private key in PEM/],
    [pkcs8.slice(0, 200), /beginning and no end/],
    [String(createPublicKey(privateKey).export({ type: 'spki', format: 'pem' })), /public key/],
    [String(ec.export({ type: 'pkcs8', format: 'pem' })), /no RSA key/],
    [String(ec.export({ type: 'sec1', format: 'pem' })), /EC key/],
    [String(small.export({ type: 'pkcs8', format: 'pem' })), /1024 bits/],
    [String(privateKey.export(/** @type {any} */ (locked))), /encrypted/],
    [String(privateKey.export(/** @type {any} */ ({ ...locked, type: 'pkcs1' }))), /encrypted/],
    ['-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----', /no private key in PEM/],
    ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', /certificate/],
  ];
  for (const [text, words] of cases) assert.throws(() => readPrivateKey(text), words, text.slice(0, 40));
});

test('a token that is signed here verifies elsewhere', async () => {
  const read = readPrivateKey(pkcs1);
  const payload = '{"sub":"Zoë","urn:x":{"a":1, "a":2}}';
  const token = await signToken('{"alg":"RS256"}', payload, read.pkcs8);
  const [header, body, signature] = token.split('.');
  const signed = Buffer.from(`${header}.${body}`);
  assert.ok(verify('sha256', signed, createPublicKey(privateKey), Buffer.from(signature ?? '', 'base64url')));
  assert.equal(decodeToken(token).payloadText, payload, 'the payload is signed as it was written');
  const canonical = JSON.stringify({ e: jwk.e, kty: 'RSA', n: jwk.n });
  const expected = createHash('sha256').update(canonical).digest('base64url');
  assert.equal(await thumbprint(read.modulus, read.exponent), expected);
});

test('tokens are taken apart without a judgement', () => {
  assert.equal(withoutBearer('  Authorization: Bearer a.b.c '), 'a.b.c');
  assert.ok(looksLikeToken('Bearer abc.def.ghi') && looksLikeToken('a..'));
  for (const text of ['', '{}', 'null', '"a.b.c"', '1.5', 'a.b', '{"a.b.c":1}']) assert.ok(!looksLikeToken(text), text);
  assert.match(decodeToken('a.b').fault, /this has 2/);
  assert.match(decodeToken('a.b.c').fault, /header and payload/);
  assert.equal(decodeToken(`${base64('{"alg":"x"}')}.${base64('[]')}.c`).payload, null);
});
