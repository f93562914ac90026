// What stands in a token, in words. What it is worth, only the server says.

import { CLAIM } from './jwt.mjs';

/**
 * @typedef {{ name: string, value: string, words: string }} Told
 */

const UNITS = /** @type {const} */ ([
  ['day', 86400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
]);

/**
 * A moment as people read it: in UTC, and seen from now.
 * @param {unknown} value seconds since 1970
 * @param {number} now the same
 */
export function sayTime(value, now) {
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'no time: a number of seconds since 1970 belongs here';
  const date = new Date(Math.trunc(value) * 1000);
  if (Number.isNaN(date.getTime())) return 'a time beyond every calendar';
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC, ${fromNow(value - now)}`;
}

/** @param {number} seconds */
export function fromNow(seconds) {
  const rounded = Math.trunc(seconds);
  if (rounded === 0) return 'now';
  const length = sayLength(Math.abs(rounded));
  return rounded > 0 ? `in ${length}` : `${length} ago`;
}

/** @param {number} seconds */
export function sayLength(seconds) {
  const parts = [];
  let left = seconds;
  for (const [name, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${name}${count === 1 ? '' : 's'}`);
    if (parts.length === 2) break;
  }
  return parts.join(' ') || '0 seconds';
}

/**
 * @param {Record<string, unknown>} header
 * @returns {Told[]}
 */
export function describeHeader(header) {
  return Object.entries(header).map(([name, value]) => ({ name, value: show(value), words: sayHeader(name, value) }));
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function sayHeader(name, value) {
  switch (name) {
    case 'alg':
      if (value === 'RS256') return 'Signed with RSA and SHA-256, as user tokens have to be.';
      return 'How it says that it was signed. The key decides that, never the token: own keys sign RS256.';
    case 'typ':
      return 'The kind of token. It may be left out, or JWT.';
    case 'kid':
      return 'A hint which key signed. If it is unknown, every trusted key of the environment is tried.';
    case 'jwk':
    case 'jku':
    case 'x5u':
    case 'x5c':
      return 'A token that brings its own key. It is refused.';
    case 'crit':
      return 'Extensions that must be understood. None is, so it is refused.';
    default:
      return 'Not looked at.';
  }
}

/**
 * @param {Record<string, unknown>} payload
 * @param {number} now seconds since 1970
 * @param {string} environment
 * @returns {Told[]}
 */
export function describeClaims(payload, now, environment) {
  return Object.entries(payload).map(([name, value]) => ({
    name,
    value: show(value),
    words: sayClaim(name, value, payload, now, environment),
  }));
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {Record<string, unknown>} payload
 * @param {number} now
 * @param {string} environment
 */
function sayClaim(name, value, payload, now, environment) {
  switch (name) {
    case 'sub':
      return 'The user’s id. Hallpass knows the connected user by it.';
    case 'iat':
      return `Issued ${sayTime(value, now)}.`;
    case 'exp': {
      const { iat } = payload;
      const life = typeof iat === 'number' && typeof value === 'number' && value > iat ? ` It lives ${sayLength(value - iat)}.` : '';
      const word = typeof value === 'number' && value <= now ? 'Expired' : 'Expires';
      return `${word} ${sayTime(value, now)}.${life}`;
    }
    case 'nbf':
      return `Not valid before ${sayTime(value, now)}.`;
    case 'aud':
      return [value].flat().includes(`useparagon.com/${environment}`)
        ? 'Meant for this environment.'
        : 'Whom it is meant for. One value has to be this environment’s audience or one that it lists.';
    case 'iss':
      return 'Who issued it. Looked at where the environment expects an issuer or has identity providers.';
    case 'jti':
      return 'The token’s own number. Not looked at: a token may be used until it expires.';
    case CLAIM:
      return 'What the token may do. It is shown below as a table.';
    default:
      return 'Not looked at, unless an identity provider’s settings name it.';
  }
}

/** @param {unknown} value */
function show(value) {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
