// What a question is about, as JSON, as people type it, as words, and as part of an address.
//
// People type an account as the command line takes it: an id, `ext:` and an external id, both with a space between them,
// or `new`.

/**
 * @typedef {'new' | { id?: string | undefined, ext?: string | undefined }} Account
 * @typedef {{ integration?: string, credential?: Account, configuration?: Account }} Target
 */

const ID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * @param {Account | undefined} account
 * @returns {string}
 */
export function writeAccount(account) {
  if (account === undefined) return '';
  if (account === 'new') return 'new';
  const ext = account.ext === undefined ? '' : `ext:${account.ext}`;
  return [account.id ?? '', ext].filter(Boolean).join(' ') || 'new';
}

/**
 * @param {string} text
 * @returns {Account | undefined} nothing for nothing
 * @throws {Error} with a sentence for people
 */
export function readAccount(text) {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  if (trimmed === 'new') return 'new';
  if (trimmed.startsWith('{')) return readJsonAccount(trimmed);
  if (trimmed.startsWith('ext:')) return { ext: trimmed.slice(4) };
  const id = trimmed.slice(0, 36).toLowerCase();
  const rest = trimmed.slice(36);
  if (ID.test(id) && rest === '') return { id };
  if (ID.test(id) && rest.startsWith(' ext:')) return { id, ext: rest.slice(5) };
  throw new Error('Write an id (a UUID), ext: and an external id, or new.');
}

/**
 * As the audit page writes what has both ids.
 * @param {string} text
 */
function readJsonAccount(text) {
  try {
    return asAccount(JSON.parse(text));
  } catch {
    throw new Error('This is no JSON.');
  }
}

/**
 * @param {string} integration
 * @param {string} credential
 * @param {string} configuration
 * @returns {Target}
 */
export function readTarget(integration, credential, configuration) {
  /** @type {Target} */
  const target = {};
  if (integration.trim() !== '') target.integration = integration.trim();
  const account = readAccount(credential);
  if (account !== undefined) target.credential = account;
  const other = readAccount(configuration);
  if (other !== undefined) target.configuration = other;
  return target;
}

/**
 * The same for what a machine wrote; what does not fit is left out.
 * @param {unknown} value
 * @returns {Target}
 */
export function asTarget(value) {
  /** @type {Target} */
  const target = {};
  if (value === null || typeof value !== 'object') return target;
  const members = /** @type {Record<string, unknown>} */ (value);
  if (typeof members.integration === 'string') target.integration = members.integration;
  const credential = asAccount(members.credential);
  if (credential !== undefined) target.credential = credential;
  const configuration = asAccount(members.configuration);
  if (configuration !== undefined) target.configuration = configuration;
  return target;
}

/**
 * @param {unknown} value
 * @returns {Account | undefined}
 */
function asAccount(value) {
  if (value === 'new') return 'new';
  if (value === null || typeof value !== 'object') return undefined;
  const { id, ext } = /** @type {Record<string, unknown>} */ (value);
  /** @type {{ id?: string, ext?: string }} */
  const account = {};
  if (typeof id === 'string') account.id = id;
  if (typeof ext === 'string') account.ext = ext;
  return account;
}

/**
 * @param {Target} target
 * @returns {string}
 */
export function sayTarget(target) {
  const parts = [];
  if (target.integration !== undefined) parts.push(target.integration);
  if (target.credential !== undefined) parts.push(sayAccount('account', target.credential));
  if (target.configuration !== undefined) parts.push(sayAccount('configuration', target.configuration));
  return parts.join(', ') || 'the user';
}

/**
 * @param {string} kind
 * @param {Account} account
 */
function sayAccount(kind, account) {
  const text = writeAccount(account);
  return text === 'new' ? `a new ${kind}` : `${kind} ${text}`;
}

/**
 * What the address of the explorer may hold behind its `#`.
 * @param {string} hash
 * @returns {{ permission: string, target: Target, claim: string, asks: boolean }}
 */
export function readHash(hash) {
  const params = new URLSearchParams(hash.replace(/^#/, ''));
  const text = (/** @type {string} */ name) => params.get(name) ?? '';
  /** @type {Target} */
  let target = {};
  try {
    target = readTarget(text('integration'), text('credential'), text('configuration'));
  } catch {
    // An address that somebody changed: the fields stay empty.
  }
  return { permission: text('permission'), target, claim: text('claim'), asks: params.has('permission') };
}

/**
 * The counterpart of `readHash` for a claim.
 * @param {string} claim
 */
export function hashOfClaim(claim) {
  return `#${new URLSearchParams({ claim })}`;
}
