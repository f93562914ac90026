// An RSA private key as people have it (PKCS#8 or PKCS#1 in PEM, the same with \n for line breaks, either in Base64) as
// what WebCrypto takes: PKCS#8 in DER.

/**
 * @typedef {object} PrivateKey
 * @property {Uint8Array<ArrayBuffer>} pkcs8
 * @property {Uint8Array} modulus without leading zeros
 * @property {Uint8Array} exponent
 * @property {number} bits
 */

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const OCTETS = 0x04;

/** AlgorithmIdentifier { rsaEncryption, NULL } */
const RSA = Uint8Array.of(0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00);

/** What else is found in PEM files, and what to say about it. @type {Record<string, string>} */
const OTHERS = {
  'ENCRYPTED PRIVATE KEY': 'This key is encrypted. Decrypt it first: openssl pkcs8 -in KEY -out decrypted.pem',
  'EC PRIVATE KEY': 'This is an EC key. User tokens are signed with RSA keys (RS256).',
  'OPENSSH PRIVATE KEY': 'This is a key in the form of OpenSSH. Convert a copy first: ssh-keygen -p -m PKCS8 -f COPY',
  'PUBLIC KEY': 'This is a public key. The private key is needed to sign.',
  'RSA PUBLIC KEY': 'This is a public key. The private key is needed to sign.',
  CERTIFICATE: 'This is a certificate. The private key is needed to sign.',
};

/**
 * @param {string} text
 * @returns {PrivateKey}
 * @throws {Error} with a sentence for people
 */
export function readPrivateKey(text) {
  const der = readDer(text.trim());
  const outer = open(der, 0, SEQUENCE);
  const version = open(der, outer.start, INTEGER);
  const second = elementAt(der, version.end);
  if (second.tag === INTEGER) return privateKey(wrap(der), der);
  if (second.tag !== SEQUENCE) throw unreadable();
  const algorithm = der.subarray(version.end, second.end);
  // Some tools leave out the NULL; the identifier before it has to be RSA's.
  if (!startsWith(algorithm.subarray(2), RSA.subarray(2, 13))) {
    throw new Error('This is no RSA key. User tokens are signed with RSA keys (RS256).');
  }
  const inner = open(der, second.end, OCTETS);
  return privateKey(der, der.subarray(inner.start, inner.end));
}

/**
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>}
 */
function readDer(text) {
  if (text === '') throw new Error('Paste the private key, or choose its file.');
  // As in a variable of the environment or a JSON file.
  const unescaped = text.replace(/^"|"$/g, '').replaceAll('\\r', '').replaceAll('\\n', '\n');
  if (!unescaped.includes('-----BEGIN')) {
    const bytes = fromBase64(unescaped);
    const inside = new TextDecoder().decode(bytes);
    return inside.includes('-----BEGIN') ? readDer(inside.trim()) : bytes;
  }
  const found = /-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/.exec(unescaped);
  if (!found) throw new Error('The PEM has a beginning and no end: copy it whole, with both lines of dashes.');
  const [, label = '', body = ''] = found;
  if (body.includes('ENCRYPTED')) throw new Error(OTHERS['ENCRYPTED PRIVATE KEY']);
  if (label !== 'PRIVATE KEY' && label !== 'RSA PRIVATE KEY') {
    throw new Error(OTHERS[label] ?? `This is a ${label.toLowerCase()}, not a private key.`);
  }
  return fromBase64(body);
}

/** @param {string} text */
function fromBase64(text) {
  const compact = text.replace(/\s+/g, '');
  try {
    return Uint8Array.from(atob(compact), (letter) => letter.charCodeAt(0));
  } catch {
    throw unreadable();
  }
}

/**
 * @param {Uint8Array<ArrayBuffer>} pkcs8
 * @param {Uint8Array} pkcs1
 * @returns {PrivateKey}
 */
function privateKey(pkcs8, pkcs1) {
  const outer = open(pkcs1, 0, SEQUENCE);
  const version = open(pkcs1, outer.start, INTEGER);
  const modulus = open(pkcs1, version.end, INTEGER);
  const exponent = open(pkcs1, modulus.end, INTEGER);
  const n = unsigned(pkcs1.subarray(modulus.start, modulus.end));
  const bits = n.length * 8 - Math.clz32(n[0] ?? 0) + 24;
  if (bits < 2048) throw new Error(`This key has ${bits} bits. Hallpass takes RSA keys of 2048 to 8192 bits.`);
  return { pkcs8, modulus: n, exponent: unsigned(pkcs1.subarray(exponent.start, exponent.end)), bits };
}

/**
 * PrivateKeyInfo { 0, rsaEncryption, OCTET STRING { key } }
 * @param {Uint8Array} pkcs1
 */
function wrap(pkcs1) {
  const version = Uint8Array.of(INTEGER, 1, 0);
  return encode(SEQUENCE, [version, RSA, encode(OCTETS, [pkcs1])]);
}

/**
 * @param {number} tag
 * @param {Uint8Array[]} parts
 * @returns {Uint8Array<ArrayBuffer>}
 */
function encode(tag, parts) {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const header = length < 128 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  const bytes = new Uint8Array(header.length + length);
  bytes.set(header);
  let at = header.length;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * @param {Uint8Array} bytes
 * @param {number} at
 * @returns {{ tag: number, start: number, end: number }} the content's place
 */
function elementAt(bytes, at) {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) throw unreadable();
  let start = at + 2;
  let length = first;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 3) throw unreadable();
    length = 0;
    for (let index = 0; index < count; index += 1) length = length * 256 + (bytes[start + index] ?? 0);
    start += count;
  }
  const end = start + length;
  if (end > bytes.length) throw unreadable();
  return { tag, start, end };
}

/**
 * @param {Uint8Array} bytes
 * @param {number} at
 * @param {number} tag
 */
function open(bytes, at, tag) {
  const element = elementAt(bytes, at);
  if (element.tag !== tag) throw unreadable();
  return element;
}

/** @param {Uint8Array} bytes */
function unsigned(bytes) {
  const first = bytes.findIndex((byte) => byte !== 0);
  return bytes.subarray(first < 0 ? bytes.length : first);
}

/**
 * @param {Uint8Array} bytes
 * @param {Uint8Array} start
 */
function startsWith(bytes, start) {
  return start.every((byte, index) => bytes[index] === byte);
}

function unreadable() {
  return new Error('This is no private key in PEM. It begins with -----BEGIN PRIVATE KEY----- or -----BEGIN RSA PRIVATE KEY-----.');
}
