// Signed tokens: taken apart without any judgement, and signed with WebCrypto.

/**
 * @typedef {{ header: Record<string, unknown> | null, payload: Record<string, unknown> | null, payloadText: string, fault: string }} Decoded
 */

const WHOLE = /^[\w-]+\.[\w-]*\.[\w-]*$/;

/** Where the permission claim stands in a token. */
export const CLAIM = 'urn:useparagon:connect:permissions';

/**
 * Whether a text looks like a token rather than like JSON.
 * @param {string} text
 */
export function looksLikeToken(text) {
  return WHOLE.test(withoutBearer(text));
}

/**
 * What people paste often has the word before it.
 * @param {string} text
 */
export function withoutBearer(text) {
  return text.trim().replace(/^(authorization:\s*)?bearer\s+/i, '');
}

/**
 * What stands in a token. Nothing of it is verified.
 * @param {string} token
 * @returns {Decoded}
 */
export function decodeToken(token) {
  const parts = token.split('.');
  const nothing = { header: null, payload: null, payloadText: '' };
  if (parts.length !== 3) {
    return { ...nothing, fault: `A token has three parts with dots between them; this has ${parts.length}.` };
  }
  const header = objectOf(textOf(parts[0] ?? ''));
  const payloadText = textOf(parts[1] ?? '') ?? '';
  const payload = objectOf(payloadText);
  const bad = [header ? '' : 'header', payload ? '' : 'payload'].filter(Boolean).join(' and ');
  return { header, payload, payloadText, fault: bad ? `The ${bad} is no JSON object in base64url.` : '' };
}

/**
 * @param {string} headerText
 * @param {string} payloadText
 * @param {Uint8Array<ArrayBuffer>} pkcs8
 * @returns {Promise<string>}
 */
export async function signToken(headerText, payloadText, pkcs8) {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']);
  const encoder = new TextEncoder();
  const signed = `${toBase64Url(encoder.encode(headerText))}.${toBase64Url(encoder.encode(payloadText))}`;
  const signature = await crypto.subtle.sign(algorithm, key, encoder.encode(signed));
  return `${signed}.${toBase64Url(new Uint8Array(signature))}`;
}

/**
 * The RFC 7638 thumbprint of an RSA key, which is its `kid` here.
 * @param {Uint8Array} modulus
 * @param {Uint8Array} exponent
 */
export async function thumbprint(modulus, exponent) {
  const jwk = JSON.stringify({ e: toBase64Url(exponent), kty: 'RSA', n: toBase64Url(modulus) });
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(jwk));
  return toBase64Url(new Uint8Array(digest));
}

/** @param {Uint8Array} bytes */
export function toBase64Url(bytes) {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/**
 * @param {string} part
 * @returns {string | null}
 */
function textOf(part) {
  try {
    const binary = atob(part.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/**
 * @param {string | null} text
 * @returns {Record<string, unknown> | null}
 */
function objectOf(text) {
  try {
    const value = JSON.parse(text ?? '');
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
