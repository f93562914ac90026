// The permission explorer. It asks the server for every decision that it shows.
//
// The address may hold a question behind its `#`, which browsers never send:
//
//   #permission=<permission>&integration=<slug>&credential=<account>&configuration=<account>
//
// An account is an id, `ext:<external id>`, both (with a space between them, or as JSON), or `new`; everything is encoded, and
// what the question does not have is left out. Links from the audit page fill in the question this way, and the page asks
// for the token. `#claim=<JSON>` fills in a claim; it is taken out of the address at once.

import { ClaimField } from './claim-field.mjs';
import { byId, element, foreign, part, say } from './element.mjs';
import { MOST_TARGETS, askCall, askMatrix, askQuestion } from './explain.mjs';
import { renderExplanation, renderRemarks, sayExplanation } from './explanation.mjs';
import { looksLikeToken, withoutBearer } from './jwt.mjs';
import { renderComparison, renderMatrix } from './matrix.mjs';
import { asTarget, readHash, readTarget, sayTarget, writeAccount } from './target.mjs';

/**
 * @typedef {import('./explain.mjs').Whose} Whose
 * @typedef {import('./explain.mjs').Explanation} Explanation
 * @typedef {import('./explain.mjs').Matrix} Matrix
 * @typedef {import('./explain.mjs').Problem} Problem
 * @typedef {import('./explain.mjs').Row} Row
 * @typedef {import('./target.mjs').Target} Target
 * @typedef {import('./explain.mjs').Answer<Explanation>} Explained
 */

const claim = new ClaimField(byId('claim', HTMLTextAreaElement), part('claim-fault'));
const other = new ClaimField(byId('other', HTMLTextAreaElement), part('other-fault'));
const permission = byId('permission', HTMLSelectElement);
const target = byId('target', HTMLTextAreaElement);
const targetFault = part('target-fault');
const integration = byId('integration', HTMLInputElement);
const credential = byId('credential', HTMLInputElement);
const configuration = byId('configuration', HTMLInputElement);
const answerPanel = part('answer');
const matrixPlace = part('matrix');
const remarks = part('remarks');
const scopeFault = part('scope-fault');

/** Targets that were added by hand. @type {Target[]} */
const added = [];
/** What had the focus when the explanation was asked for. @type {HTMLElement | null} */
let asker = null;

/** The question that the fields hold now; asked again, an older answer is dropped. */
let turn = 0;

/**
 * Asks one question about a claim's text or a token, as the page does.
 * @param {string} claimText empty: a token without a claim
 * @param {{ permission: string, target: unknown }} question
 * @returns {Promise<Explained>}
 */
export function answer(claimText, question) {
  return askQuestion(whoseOf(claimText), question);
}

/**
 * @param {string} text
 * @returns {Whose}
 */
function whoseOf(text) {
  if (text.trim() === '') return {};
  return looksLikeToken(text) ? { token: withoutBearer(text) } : { claim: text };
}

/**
 * @param {ClaimField} field
 * @returns {Whose | null}
 */
function readWhose(field) {
  const whose = whoseOf(field.text);
  if (!('claim' in whose)) field.clear();
  else if (!field.check()) {
    field.field.focus();
    return null;
  }
  return whose;
}

/** Whose permissions a question is about. A text that is no JSON is refused here, at its place. */
function readAsker() {
  const whose = readWhose(claim);
  if (!whose) {
    clearAnswer();
    answerPanel.hidden = true;
    answerPanel.dataset.reason = 'malformed_json';
    answerPanel.dataset.effect = 'refused';
  }
  return whose;
}

/** @param {SubmitEvent} event */
async function askAboutTarget(event) {
  event.preventDefault();
  const question = { permission: permission.value, target: readTargetField() };
  if (question.target === undefined) return;
  const whose = readAsker();
  if (!whose) return;
  await showAnswer(() => askQuestion(whose, question));
}

/** @param {SubmitEvent} event */
async function askAboutCall(event) {
  event.preventDefault();
  const whose = readAsker();
  if (!whose) return;
  const call = { method: byId('method', HTMLSelectElement).value, path: byId('path', HTMLInputElement).value.trim() };
  await showAnswer(() => askCall(whose, call));
}

/** @param {() => Promise<Explained>} ask */
async function showAnswer(ask) {
  turn += 1;
  const mine = turn;
  asker = document.activeElement instanceof HTMLElement ? document.activeElement : null;
  clearAnswer();
  answerPanel.setAttribute('aria-busy', 'true');
  const found = await ask();
  if (mine !== turn) return;
  answerPanel.removeAttribute('aria-busy');
  if (found.ok) showExplanation(found.value);
  else showRefusal(found.problem);
  answerPanel.hidden = false;
  answerPanel.append(closeButton());
  answerPanel.focus();
}

function clearAnswer() {
  answerPanel.replaceChildren();
  for (const name of ['effect', 'reason', 'pointers']) delete answerPanel.dataset[name];
}

/** @param {Explanation} explanation */
function showExplanation(explanation) {
  claim.clear();
  answerPanel.setAttribute('aria-label', sayExplanation(explanation));
  answerPanel.replaceChildren(renderExplanation(explanation));
  answerPanel.dataset.pointers = JSON.stringify(explanation.deciding.map((grant) => grant.pointer));
  answerPanel.dataset.reason = explanation.reason;
  answerPanel.dataset.effect = explanation.decision;
}

/** @param {Problem} problem */
function showRefusal(problem) {
  if (problem.code === 'permission_claim_malformed') claim.refuse(problem);
  const needed = problem.meta.permission;
  if (problem.code === 'call_needs_target' && typeof needed === 'string') permission.value = needed;
  const reason = typeof problem.meta.reason === 'string' ? problem.meta.reason : problem.code;
  answerPanel.setAttribute('aria-label', 'No decision');
  answerPanel.replaceChildren(
    element('p', { class: 'verdict bad' }, element('strong', {}, '✗ No decision'), ': ', foreign(problem.detail)),
    element('p', { class: 'quiet' }, `(${reason})`),
  );
  answerPanel.dataset.pointers = JSON.stringify([problem.meta.pointer ?? problem.pointer ?? '']);
  answerPanel.dataset.reason = reason;
  answerPanel.dataset.effect = 'refused';
}

function closeButton() {
  const button = element('button', { type: 'button', class: 'second' }, 'Close');
  button.addEventListener('click', () => {
    answerPanel.hidden = true;
    const back = asker?.isConnected ? asker : claim.field;
    back.focus();
  });
  return button;
}

async function showMatrix() {
  const whose = readWhose(claim);
  if (!whose) return;
  const found = await askRows(whose, claim);
  if (!found) return;
  const { rows, left_out } = found;
  matrixPlace.replaceChildren(
    renderMatrix('What is allowed on each scope', rows, (row, cell) => {
      void showAnswer(() => askQuestion(whose, { permission: cell.permission, target: row.target }));
    }),
    leftOut(left_out),
  );
  remarks.replaceChildren(element('h2', {}, 'Remarks'), renderRemarks(found.lints, found.unknown_permissions));
  part('after').hidden = false;
  matrixPlace.focus();
}

/** @param {number} count */
function leftOut(count) {
  return count === 0
    ? ''
    : element('p', { class: 'quiet' }, `The claim names ${count} more scopes than fit. Add those that you want to see.`);
}

/**
 * The rows of the claim itself, and those that were added by hand.
 * @param {Whose} whose
 * @param {ClaimField} field
 * @returns {Promise<Matrix | null>}
 */
async function askRows(whose, field) {
  const own = await askMatrix(whose);
  if (!own.ok) {
    field.refuse(own.problem);
    field.field.focus();
    return null;
  }
  if (added.length === 0) return own.value;
  const more = await askMatrix(whose, added);
  return more.ok ? { ...own.value, rows: [...own.value.rows, ...more.value.rows] } : own.value;
}

async function compare() {
  const first = readWhose(claim);
  const second = readWhose(other);
  if (!first || !second) return;
  const [one, two] = await Promise.all([askRows(first, claim), askRows(second, other)]);
  if (!one || !two) return;
  const rows = bothRows(one.rows, two.rows);
  const targets = rows.slice(0, MOST_TARGETS).map((row) => row.target);
  const [before, after] = await Promise.all([askMatrix(first, targets), askMatrix(second, targets)]);
  if (!before.ok || !after.ok) return;
  const named = before.value.rows.map((row, index) => ({ ...row, ...scopesOfRow(rows[index]) }));
  const { table, differences } = renderComparison(
    'The first claim, and where it differs the second',
    named,
    after.value.rows,
    (row, cell, _, side) => {
      const whose = side === 0 ? first : second;
      void showAnswer(() => askQuestion(whose, { permission: cell.permission, target: row.target }));
    },
  );
  const words = differences === 1 ? '1 decision differs.' : `${differences} decisions differ.`;
  const comparison = part('comparison');
  comparison.replaceChildren(
    element('p', { class: differences > 0 ? 'warn' : 'good', id: 'differences', 'data-count': differences }, words),
    table,
    leftOut(one.left_out + two.left_out + rows.length - targets.length),
  );
  comparison.focus();
}

/** @param {Row | undefined} row */
function scopesOfRow(row) {
  return row?.scopes ? { scopes: row.scopes } : {};
}

/**
 * @param {Row[]} first
 * @param {Row[]} second
 */
function bothRows(first, second) {
  /** @type {Map<string, Row>} */
  const rows = new Map();
  for (const row of [...first, ...second]) {
    const key = JSON.stringify(row.target);
    if (!rows.has(key)) rows.set(key, row);
  }
  return [...rows.values()];
}

/** @param {SubmitEvent} event */
function addScope(event) {
  event.preventDefault();
  say(scopeFault, '');
  const text = (/** @type {string} */ id) => byId(id, HTMLInputElement).value;
  if (added.length >= MOST_TARGETS) {
    say(scopeFault, `At most ${MOST_TARGETS} scopes can be added.`);
    return;
  }
  try {
    added.push(readTarget(text('add-integration'), text('add-credential'), text('add-configuration')));
  } catch (error) {
    say(scopeFault, error instanceof Error ? error.message : String(error));
    return;
  }
  void showMatrix();
}

/** @returns {unknown} nothing if the text is no JSON */
function readTargetField() {
  say(targetFault, '');
  target.removeAttribute('aria-invalid');
  if (target.value.trim() === '') return {};
  try {
    return JSON.parse(target.value);
  } catch {
    target.setAttribute('aria-invalid', 'true');
    say(targetFault, 'This is no JSON. For the user as such, write {}.');
    target.focus();
    return undefined;
  }
}

/** From the three fields to the JSON. */
function writeTarget() {
  try {
    const written = readTarget(integration.value, credential.value, configuration.value);
    target.value = JSON.stringify(written);
    target.removeAttribute('aria-invalid');
    say(targetFault, '');
  } catch (error) {
    say(targetFault, error instanceof Error ? error.message : String(error));
  }
}

/** @param {Target} found */
function fillTarget(found) {
  integration.value = found.integration ?? '';
  credential.value = writeAccount(found.credential);
  configuration.value = writeAccount(found.configuration);
}

/** From the JSON to the three fields. */
function followTarget() {
  try {
    fillTarget(asTarget(JSON.parse(target.value || '{}')));
  } catch {
    // Not JSON yet. Asking says so.
  }
}

function openHash() {
  const found = readHash(location.hash);
  if (found.claim !== '') {
    claim.field.value = found.claim;
    history.replaceState(null, '', location.pathname);
    void showMatrix();
    return;
  }
  if (!found.asks) return;
  permission.value = found.permission;
  fillTarget(found.target);
  target.value = JSON.stringify(found.target);
  const asked = part('asked');
  asked.hidden = false;
  asked.replaceChildren(
    'Paste the token that asked for ',
    foreign(found.permission),
    ' on ',
    foreign(sayTarget(found.target)),
    ', then ask about the permission. Hallpass keeps no tokens and no claims.',
  );
  claim.field.focus();
}

part('question').addEventListener('submit', (event) => void askAboutTarget(event));
part('call').addEventListener('submit', (event) => void askAboutCall(event));
part('add-scope').addEventListener('submit', addScope);
byId('show', HTMLButtonElement).addEventListener('click', () => void showMatrix());
byId('compare', HTMLButtonElement).addEventListener('click', () => void compare());
for (const field of [integration, credential, configuration]) field.addEventListener('input', writeTarget);
target.addEventListener('input', followTarget);
window.addEventListener('hashchange', openHash);
openHash();
