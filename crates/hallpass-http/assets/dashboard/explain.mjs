// Questions to the server about permissions and tokens. There is no evaluator in these scripts: every decision on a page
// was made by the one that enforces.

import { JsonText, api, environment } from './api.mjs';

/**
 * @typedef {import('./target.mjs').Target} Target
 * @typedef {{ token: string } | { claim: string } | {}} Whose A token; a claim's exact text; or a token without a claim
 * @typedef {{ permission: string, decision: 'allow' | 'deny', reason: string }} Cell
 * @typedef {{ scopes?: string[], target: Target, decisions: Cell[] }} Row
 * @typedef {{ code: string, pointer: string, message: string, permissions_lost: string[] }} Lint
 * @typedef {{ rows: Row[], left_out: number, unknown_permissions: string[], lints: Lint[] }} Matrix
 * @typedef {{ pointer: string, specificity: [number, number, number] }} Grant
 * @typedef {{ scopes: string[], permission: string }} AlsoAllows
 * @typedef {object} Explanation
 * @property {'allow' | 'deny'} decision
 * @property {string} reason
 * @property {string} permission
 * @property {Target} target
 * @property {Grant[]} deciding
 * @property {Grant[]} considered
 * @property {object[] | null} change
 * @property {AlsoAllows[]} also_allows
 * @property {string[]} unknown_permissions
 * @property {Lint[]} lints
 * @typedef {{ name: string, ok: boolean, detail: string }} Step
 * @typedef {{ accepted: boolean, reason?: string, steps: Step[] }} TokenReport
 * @typedef {{ status: number, code: string, detail: string, pointer: string | null, meta: Record<string, unknown> }} Problem
 */

/**
 * @template T
 * @typedef {{ ok: true, value: T } | { ok: false, problem: Problem }} Answer
 */

/** As many targets as the server takes at once. */
export const MOST_TARGETS = 64;

export { environment };

/**
 * @param {Whose} whose
 * @param {{ permission: string, target: unknown }} question
 * @returns {Promise<Answer<Explanation>>}
 */
export function askQuestion(whose, question) {
  return ask('explain', whose, { question });
}

/**
 * @param {Whose} whose
 * @param {{ method: string, path: string }} call
 * @returns {Promise<Answer<Explanation>>}
 */
export function askCall(whose, call) {
  return ask('explain', whose, { call });
}

/**
 * @param {Whose} whose
 * @param {Target[]} [targets] left out: what the claim itself speaks of
 * @returns {Promise<Answer<Matrix>>}
 */
export function askMatrix(whose, targets) {
  return ask('explain/matrix', whose, targets ? { targets } : {});
}

/**
 * @param {string} token
 * @returns {Promise<Answer<TokenReport>>}
 */
export function checkToken(token) {
  return ask('tokens/check', { token }, {});
}

/**
 * @template T
 * @param {string} path
 * @param {Whose} whose
 * @param {Record<string, unknown>} rest
 * @returns {Promise<Answer<T>>}
 */
async function ask(path, whose, rest) {
  const { status, body } = await api('POST', `/admin/v1/environments/${environment}/${path}`, new JsonText(bodyOf(whose, rest)));
  if (status === 200) return { ok: true, value: /** @type {T} */ (body) };
  return { ok: false, problem: problemOf(status, body) };
}

/**
 * The claim goes as it was typed: read and written again, a repeated member would be lost before the server sees it.
 * @param {Whose} whose
 * @param {Record<string, unknown>} rest
 */
function bodyOf(whose, rest) {
  const claim = 'claim' in whose ? whose.claim : undefined;
  const others = JSON.stringify('token' in whose ? { ...rest, token: whose.token } : rest);
  if (claim === undefined) return others;
  return others === '{}' ? `{"claim":${claim}}` : `${others.slice(0, -1)},"claim":${claim}}`;
}

/**
 * @param {number} status
 * @param {unknown} body
 * @returns {Problem}
 */
function problemOf(status, body) {
  const members = /** @type {Record<string, unknown>} */ (body !== null && typeof body === 'object' ? body : {});
  const text = (/** @type {string} */ name, /** @type {string} */ otherwise) =>
    typeof members[name] === 'string' ? members[name] : otherwise;
  const meta = /** @type {Record<string, unknown>} */ (members.meta ?? {});
  const ended = 'You are signed out. Sign in again in another tab; what you typed stays here.';
  return {
    status,
    code: text('code', 'no_answer'),
    detail: status === 401 ? ended : text('detail', 'The server did not answer. Try again.'),
    pointer: typeof members.pointer === 'string' ? members.pointer : null,
    meta,
  };
}
