// The server's explanation of one decision, put on the page.

import { code, copyButton, element, foreign } from './element.mjs';
import { sayDecision, sayReason, scopesOf, signOf } from './reasons.mjs';
import { sayTarget } from './target.mjs';

/**
 * @typedef {import('./explain.mjs').Explanation} Explanation
 * @typedef {import('./explain.mjs').Grant} Grant
 * @typedef {import('./explain.mjs').Lint} Lint
 */

/** More than anybody reads at once. */
const MOST_SHOWN = 50;

/**
 * @param {Explanation} explanation
 * @returns {DocumentFragment}
 */
export function renderExplanation(explanation) {
  const { decision, reason, permission, target } = explanation;
  const made = document.createDocumentFragment();
  made.append(
    element(
      'p',
      { class: `verdict ${decision === 'allow' ? 'good' : 'bad'}` },
      element('strong', {}, `${signOf(decision)} ${decision === 'allow' ? 'Allowed' : 'Denied'}`),
      ': ',
      code(permission),
      ' on ',
      foreign(sayTarget(target)),
    ),
    element('p', {}, `${sayReason(reason)} `, element('span', { class: 'quiet' }, '(', code(reason), ')')),
  );
  if (explanation.deciding.length > 0) {
    made.append(
      element('h3', {}, explanation.deciding.length === 1 ? 'The grant that decided' : 'The grants that decided'),
      grants(explanation.deciding, true),
    );
  }
  if (explanation.considered.length > 0) {
    made.append(element('h3', {}, 'What else matched, and was less specific'), grants(explanation.considered, false));
  }
  if (explanation.change) made.append(...renderChange(explanation));
  return made;
}

/**
 * @param {Lint[]} lints
 * @param {string[]} unknown
 * @returns {HTMLElement}
 */
export function renderRemarks(lints, unknown) {
  const remarks = lints.map((lint) =>
    element('li', {}, element('span', { class: 'badge warn' }, 'remark'), ' ', path(lint.pointer), ': ', foreign(lint.message)),
  );
  const names = unknown
    .slice(0, MOST_SHOWN)
    .map((name) =>
      element('li', {}, element('span', { class: 'badge warn' }, 'no permission'), ' ', code(name), ' grants nothing.'),
    );
  if (remarks.length + names.length === 0) {
    return element('p', { class: 'quiet' }, 'No remarks: nothing in the claim looks like a mistake.');
  }
  return element('ul', { class: 'remarks' }, ...remarks, ...names);
}

/**
 * @param {Grant[]} list
 * @param {boolean} decided
 */
function grants(list, decided) {
  const items = list.slice(0, MOST_SHOWN).map((grant) =>
    element(
      'li',
      {},
      path(grant.pointer),
      element('small', { class: 'quiet' }, ` specificity ${grant.specificity.join('')}`),
      decided && element('small', { class: 'visually-hidden' }, ' (decided)'),
    ),
  );
  const left = list.length - items.length;
  return element('ol', { class: 'grants' }, ...items, left > 0 && element('li', { class: 'quiet' }, `and ${left} more`));
}

/** @param {string} pointer */
function path(pointer) {
  const scopes = scopesOf(pointer);
  if (scopes.length === 0) return element('span', {}, 'the claim itself');
  return element('span', {}, ...scopes.flatMap((scope, index) => [index > 0 && ' › ', code(scope)]));
}

/**
 * @param {Explanation} explanation
 * @returns {HTMLElement[]}
 */
function renderChange(explanation) {
  const patch = JSON.stringify(explanation.change, null, 2);
  /** @type {HTMLElement[]} */
  const made = [
    element('h3', {}, 'The smallest change that allows it'),
    element('pre', { tabindex: 0 }, element('code', {}, patch)),
    element('div', { class: 'row' }, copyButton(() => patch, 'Copy the change')),
  ];
  const also = explanation.also_allows;
  if (also.length === 0) {
    made.push(element('p', { class: 'quiet' }, 'Nothing else becomes allowed by it.'));
    return made;
  }
  const items = also.slice(0, MOST_SHOWN).map(({ scopes, permission }) => {
    const where = scopes.flatMap((scope, index) => [index > 0 && ' › ', code(scope)]);
    return element('li', {}, code(permission), ' on ', ...(where.length > 0 ? where : ['the user']));
  });
  const left = also.length - items.length;
  made.push(
    element('p', {}, 'Beside the question, it also allows:'),
    element('ul', {}, ...items, left > 0 && element('li', { class: 'quiet' }, `and ${left} more`)),
  );
  return made;
}

/**
 * One line for those who only hear the page.
 * @param {Explanation} explanation
 */
export function sayExplanation({ permission, target, decision }) {
  return `${permission} on ${sayTarget(target)}: ${sayDecision(decision)}`;
}
