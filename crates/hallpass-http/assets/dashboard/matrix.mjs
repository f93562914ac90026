// A table of scopes and permissions. One cell is in the tab order; the arrow keys go from cell to cell.

import { PERMISSIONS } from './claim-tree.mjs';
import { element, foreign, scroll } from './element.mjs';
import { sayDecision, sayReason, signOf } from './reasons.mjs';
import { sayTarget } from './target.mjs';

/**
 * @typedef {import('./explain.mjs').Cell} Cell
 * @typedef {import('./explain.mjs').Row} Row
 * @typedef {{ row: Row, first: Cell, second: Cell }} Pair
 */

/**
 * @param {string} caption
 * @param {Row[]} rows
 * @param {(row: Row, cell: Cell, button: HTMLButtonElement) => void} open
 */
export function renderMatrix(caption, rows, open) {
  const body = rows.map((row) => {
    const cells = row.decisions.map((cell) => {
      const button = element(
        'button',
        {
          type: 'button',
          class: `cell ${cell.decision}`,
          title: sayReason(cell.reason),
          'aria-label': `${cell.permission} on ${sayTarget(row.target)}: ${sayDecision(cell.decision)}`,
          'data-permission': cell.permission,
          'data-effect': cell.decision,
          'data-reason': cell.reason,
        },
        element('span', { 'aria-hidden': 'true' }, signOf(cell.decision)),
        ` ${sayDecision(cell.decision)}`,
      );
      button.addEventListener('click', () => open(row, cell, button));
      return element('td', {}, button);
    });
    return element('tr', {}, rowHead(row), ...cells);
  });
  return table(caption, body);
}

/**
 * The same for two claims: cells that differ are marked by a frame and by words.
 * @param {string} caption
 * @param {Row[]} first
 * @param {Row[]} second the same targets in the same order
 * @param {(row: Row, cell: Cell, button: HTMLButtonElement, side: 0 | 1) => void} open
 */
export function renderComparison(caption, first, second, open) {
  let differences = 0;
  const body = first.map((row, index) => {
    const other = second[index];
    const cells = row.decisions.map((cell, column) => {
      const against = other?.decisions[column] ?? cell;
      const differs = cell.decision !== against.decision;
      if (differs) differences += 1;
      const sides = /** @type {const} */ ([cell, against]).map((side, which) => {
        const name = which === 0 ? 'first' : 'second';
        const button = element(
          'button',
          {
            type: 'button',
            class: `cell ${side.decision}`,
            'aria-label': `${name} claim, ${side.permission} on ${sayTarget(row.target)}: ${sayDecision(side.decision)}`,
          },
          element('span', { 'aria-hidden': 'true' }, signOf(side.decision)),
          ` ${sayDecision(side.decision)}`,
        );
        button.addEventListener('click', () => open(row, side, button, which === 0 ? 0 : 1));
        return button;
      });
      if (!differs) return element('td', {}, sides[0]);
      const [before, after] = sides;
      return element(
        'td',
        { class: 'differs' },
        element('span', { class: 'visually-hidden' }, 'differs: '),
        before,
        element('span', { class: 'quiet' }, ' then '),
        after,
      );
    });
    return element('tr', {}, rowHead(row), ...cells);
  });
  return { table: table(caption, body), differences };
}

/** @param {Row} row */
function rowHead(row) {
  if (!row.scopes || row.scopes.length === 0) return element('th', { scope: 'row' }, foreign(sayTarget(row.target)));
  const path = row.scopes.flatMap((scope, index) => [index > 0 && ' › ', foreign(scope)]);
  const isWild = row.scopes.some((scope) => scope.endsWith(':*'));
  // The server asks about a slug that the claim does not have.
  const any = row.scopes.includes('integration:*') ? { integration: 'any other integration' } : {};
  const words = sayTarget({ ...row.target, ...any });
  return element(
    'th',
    { scope: 'row' },
    ...path,
    isWild && element('small', { class: 'quiet' }, 'asked as: ', foreign(words)),
  );
}

/**
 * @param {string} caption
 * @param {HTMLTableRowElement[]} rows
 */
function table(caption, rows) {
  const heads = PERMISSIONS.map((permission) => {
    const [noun = '', verb] = permission.split(':');
    return verb
      ? element('th', { scope: 'col' }, `${noun}:`, element('wbr'), verb)
      : element('th', { scope: 'col' }, noun);
  });
  const made = element(
    'table',
    { class: 'data matrix' },
    element('caption', {}, caption),
    element('thead', {}, element('tr', {}, element('th', { scope: 'col' }, 'Scope'), ...heads)),
    element('tbody', {}, ...rows),
  );
  rove(made);
  return scroll(made);
}

/** @param {HTMLTableElement} made */
function rove(made) {
  const cells = () => [...made.querySelectorAll('tbody button')].filter((each) => each instanceof HTMLButtonElement);
  cells().forEach((button, index) => (button.tabIndex = index === 0 ? 0 : -1));
  made.addEventListener('focusin', ({ target }) => {
    if (!(target instanceof HTMLButtonElement)) return;
    for (const button of cells()) button.tabIndex = button === target ? 0 : -1;
  });
  made.addEventListener('keydown', (event) => {
    if (!(event.target instanceof HTMLButtonElement)) return;
    const next = neighbour(event.target, event.key);
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}

/**
 * @param {HTMLButtonElement} button
 * @param {string} key
 * @returns {HTMLButtonElement | null}
 */
function neighbour(button, key) {
  const row = button.closest('tr');
  if (!row) return null;
  const inRow = [...row.querySelectorAll('button')];
  const at = inRow.indexOf(button);
  const cell = button.closest('td');
  const vertical = (/** @type {Element | null} */ other) => {
    const column = cell ? [...row.children].indexOf(cell) : -1;
    return other?.children[column]?.querySelector('button') ?? null;
  };
  switch (key) {
    case 'ArrowRight':
      return inRow[at + 1] ?? null;
    case 'ArrowLeft':
      return inRow[at - 1] ?? null;
    case 'ArrowDown':
      return vertical(row.nextElementSibling);
    case 'ArrowUp':
      return vertical(row.previousElementSibling);
    case 'Home':
      return inRow[0] ?? null;
    case 'End':
      return inRow[inRow.length - 1] ?? null;
    default:
      return null;
  }
}
