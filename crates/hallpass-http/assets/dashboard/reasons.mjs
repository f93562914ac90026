// The words for decisions, the same on every page.

/** @type {Record<string, string>} */
const REASONS = {
  claim_absent: 'The token carries no permission claim, so nothing limits it.',
  granted: 'The most specific grant that matches allows it.',
  denied_explicitly: 'The most specific grant that matches is false.',
  permission_not_listed: 'The most specific grant that matches is a list without this permission.',
  narrowed: 'The most specific grant that matches is an object: what it does not list is denied.',
  no_matching_scope: 'No scope of the claim matches.',
  conflict: 'Equally specific grants answer differently, so the answer is no.',
};

/** @param {string} reason */
export function sayReason(reason) {
  return REASONS[reason] ?? reason;
}

/** @param {'allow' | 'deny'} decision */
export function sayDecision(decision) {
  return decision === 'allow' ? 'allowed' : 'denied';
}

/** @param {'allow' | 'deny'} decision */
export function signOf(decision) {
  return decision === 'allow' ? '✓' : '✗';
}

/**
 * A pointer into the claim as the path of scopes that it is.
 * @param {string} pointer
 * @returns {string[]}
 */
export function scopesOf(pointer) {
  return pointer.split('/').slice(1).map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}
