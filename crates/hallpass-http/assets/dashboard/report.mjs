// A token taken apart: the server's verdict step by step, header and claims in words, and what it may do. Used by the
// inspector and, for the token that was just made, by the generator. The token is in the body of questions to the server
// and nowhere else.

import { code, element, foreign, scroll } from './element.mjs';
import { askMatrix, askQuestion, checkToken, environment } from './explain.mjs';
import { renderExplanation, renderRemarks } from './explanation.mjs';
import { CLAIM, decodeToken } from './jwt.mjs';
import { renderMatrix } from './matrix.mjs';
import { describeClaims, describeHeader } from './words.mjs';

/**
 * @typedef {import('./explain.mjs').TokenReport} TokenReport
 * @typedef {import('./explain.mjs').Whose} Whose
 * @typedef {import('./words.mjs').Told} Told
 */

/** More than anybody reads at once. */
const MOST_SHOWN = 100;
const LONGEST_SHOWN = 2000;

/**
 * @param {HTMLElement} where
 * @param {string} token
 * @returns {Promise<void>}
 */
export async function showToken(where, token) {
  const now = Date.now() / 1000;
  const decoded = decodeToken(token);
  const verdict = element('section', { 'aria-label': 'Verification' }, element('p', { class: 'quiet' }, 'Asking the server …'));
  const table = element('section', { class: 'stack', 'aria-label': 'Permissions of the token' });
  where.replaceChildren(verdict);
  if (decoded.fault) where.append(element('p', { class: 'error' }, decoded.fault));
  if (decoded.header) {
    where.append(element('h2', {}, 'Header'), told('Member', describeHeader(decoded.header)));
  }
  if (decoded.payload) {
    where.append(element('h2', {}, 'Claims'), told('Claim', describeClaims(decoded.payload, now, environment)));
  }
  where.append(table);
  const answer = await checkToken(token);
  if (!answer.ok) {
    verdict.replaceChildren(element('p', { class: 'error', role: 'alert' }, foreign(answer.problem.detail)));
    return;
  }
  verdict.replaceChildren(...steps(answer.value));
  const accepted = answer.value.accepted;
  // A refused token has no permissions; what stands in it can be looked at all the same.
  const claim = decoded.payload?.[CLAIM];
  if (accepted) await showPermissions(table, { token }, '');
  else if (claim !== undefined) {
    const words = 'The token is refused, so it may do nothing. This is what its claim would allow in a good one.';
    await showPermissions(table, { claim: JSON.stringify(claim) }, words);
  }
}

/**
 * @param {HTMLElement} where
 * @param {Whose} whose
 * @param {string} words
 */
async function showPermissions(where, whose, words) {
  const answer = await askMatrix(whose);
  where.replaceChildren(element('h2', {}, 'What it may do'));
  if (words) where.append(element('p', { class: 'warn' }, words));
  if (!answer.ok) {
    where.append(element('p', { class: 'error' }, foreign(answer.problem.detail)));
    return;
  }
  const { rows, left_out, lints, unknown_permissions } = answer.value;
  const panel = element('div', { class: 'card', tabindex: -1, 'aria-live': 'polite', hidden: true });
  where.append(
    element('p', { class: 'hint' }, 'Every cell is a button that explains it. The arrow keys go from cell to cell.'),
    renderMatrix('Scopes that the claim names, and the nine permissions', rows, async (row, cell) => {
      const explained = await askQuestion(whose, { permission: cell.permission, target: row.target });
      panel.hidden = false;
      panel.replaceChildren(
        explained.ok
          ? renderExplanation(explained.value)
          : element('p', { class: 'error' }, foreign(explained.problem.detail)),
      );
      panel.focus();
    }),
    left_out > 0 && element('p', { class: 'quiet' }, `The claim names ${left_out} more; the explorer answers for each.`) || '',
    panel,
    element('h3', {}, 'Remarks'),
    renderRemarks(lints, unknown_permissions),
  );
}

/**
 * @param {TokenReport} report
 * @returns {HTMLElement[]}
 */
function steps(report) {
  const verdict = report.accepted
    ? element('p', { class: 'verdict good' }, element('strong', {}, '✓ Accepted'), ': a request with this token is let in.')
    : element(
        'p',
        { class: 'verdict bad' },
        element('strong', {}, '✗ Refused'),
        ': ',
        code(report.reason ?? 'refused'),
      );
  verdict.id = 'verdict';
  verdict.dataset.accepted = String(report.accepted);
  verdict.dataset.reason = report.reason ?? '';
  const items = report.steps.map((step) =>
    element(
      'li',
      { class: step.ok ? 'good' : 'bad' },
      element('span', { 'aria-hidden': 'true' }, step.ok ? '✓ ' : '✗ '),
      element('strong', {}, step.name),
      step.ok ? ' is good: ' : ' is refused: ',
      foreign(step.detail),
    ),
  );
  return [verdict, element('h2', {}, 'Step by step'), element('ol', { class: 'steps' }, ...items)];
}

/**
 * @param {string} name
 * @param {Told[]} list
 */
function told(name, list) {
  const rows = list.slice(0, MOST_SHOWN).map((each) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, code(shorten(each.name))),
      element('td', {}, code(shorten(each.value))),
      element('td', {}, each.words),
    ),
  );
  const heads = [name, 'Value', 'In words'].map((head) => element('th', { scope: 'col' }, head));
  const left = list.length - rows.length;
  return scroll(
    element(
      'table',
      { class: 'data' },
      element('thead', {}, element('tr', {}, ...heads)),
      element('tbody', {}, ...rows),
    ),
    left > 0 && element('p', { class: 'quiet' }, `and ${left} more`),
  );
}

/** @param {string} text */
function shorten(text) {
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}
