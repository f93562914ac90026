// The claim as a tree to click together, in step with its JSON. While the JSON cannot be shown as a tree, the tree keeps
// the last one that could and is locked, so that nothing that was typed is ever overwritten.

import {
  LEVELS,
  PERMISSIONS,
  changeKind,
  countScopes,
  joinScope,
  levelsInside,
  readClaim,
  withPermission,
  writeClaim,
} from './claim-tree.mjs';
import { code, element, foreign, say } from './element.mjs';
import { Misread } from './json-text.mjs';

/**
 * @typedef {import('./claim-tree.mjs').Rule} Rule
 * @typedef {import('./claim-tree.mjs').ScopesRule} ScopesRule
 * @typedef {import('./claim-tree.mjs').ScopeMember} ScopeMember
 * @typedef {import('./claim-tree.mjs').Level} Level
 */

/** Beyond this the tree is slower than it is helpful. */
const MOST_SCOPES = 150;

/** @type {Record<Rule['kind'], string>} */
const KINDS = {
  list: 'only these permissions',
  all: 'everything',
  none: 'nothing',
  scopes: 'what the scopes inside say',
};

/** @type {Record<Level, string>} */
const HINTS = {
  integration: '* or a slug such as slack',
  credential: '*, an id, or ext: and an external id',
  configuration: '*, an id, or ext: and an external id',
};

/** A tree beside a field with JSON. */
export class ClaimBuilder {
  /**
   * @param {HTMLElement} root where the tree goes
   * @param {import('./claim-field.mjs').ClaimField} field
   * @param {() => void} changed the text is another one
   */
  constructor(root, field, changed) {
    this.root = root;
    this.field = field;
    this.changed = changed;
    /** @type {ScopesRule} */
    this.claim = { kind: 'scopes', members: [] };
    this.status = element('p', { class: 'hint', role: 'status' });
    this.tree = element('fieldset', { class: 'tree-root' });
    root.replaceChildren(this.status, this.tree);
    field.field.addEventListener('input', () => this.read());
    this.read();
  }

  /** From the text to the tree. */
  read() {
    this.changed();
    if (this.field.text.trim() === '') {
      this.field.clear();
      this.claim = { kind: 'scopes', members: [] };
      this.show('There is no claim: the token may do everything its user may. Add a scope to limit it.');
      return;
    }
    try {
      this.claim = readClaim(this.field.text);
    } catch (error) {
      if (!(error instanceof Misread)) throw error;
      this.field.complain(error.message, { start: error.at, end: error.at + 1 });
      this.tree.disabled = true;
      say(this.status, 'The tree waits until the JSON can be read. It shows the claim as it was before.');
      return;
    }
    this.field.clear();
    this.show(
      this.claim.members.length === 0 ? 'The claim is empty: the token may do nothing. Add a scope.' : '',
    );
  }

  /**
   * From the tree to the text.
   * @param {string} focus the key of the control that is to have the focus
   */
  write(focus) {
    this.field.field.value = writeClaim(this.claim);
    this.field.clear();
    this.show('');
    this.changed();
    const found = [...this.tree.querySelectorAll('[data-key]')].find((each) => each.getAttribute('data-key') === focus);
    if (found instanceof HTMLElement) found.focus();
  }

  /** @param {string} words */
  show(words) {
    this.tree.disabled = false;
    const count = countScopes(this.claim);
    if (count > MOST_SCOPES) {
      say(this.status, `The claim has ${count} scopes. That is more than the tree shows: edit it as JSON.`);
      this.tree.replaceChildren(element('legend', { class: 'visually-hidden' }, 'The claim as a tree'));
      return;
    }
    say(this.status, words);
    this.tree.replaceChildren(
      element('legend', { class: 'visually-hidden' }, 'The claim as a tree'),
      this.members(this.claim, []),
    );
  }

  /**
   * @param {ScopesRule} rule
   * @param {string[]} path
   * @returns {HTMLElement}
   */
  members(rule, path) {
    const items = rule.members.map((member) => this.member(rule, member, [...path, member.scope]));
    return element('div', { class: 'stack' }, element('ul', { class: 'tree' }, ...items), this.adder(rule, path));
  }

  /**
   * @param {ScopesRule} around
   * @param {ScopeMember} member
   * @param {string[]} path
   * @returns {HTMLElement}
   */
  member(around, member, path) {
    const key = JSON.stringify(path);
    const kinds = /** @type {Rule['kind'][]} */ (Object.keys(KINDS)).filter(
      (kind) => kind !== 'scopes' || levelsInside(path).length > 0 || member.rule.kind === 'scopes',
    );
    const select = element(
      'select',
      { 'data-key': `${key} rule`, 'aria-label': `${member.scope} allows` },
      ...kinds.map((kind) => element('option', { value: kind, selected: kind === member.rule.kind }, KINDS[kind])),
    );
    select.addEventListener('change', () => {
      member.rule = changeKind(member.rule, /** @type {Rule['kind']} */ (select.value));
      this.write(`${key} rule`);
    });
    const remove = element(
      'button',
      { type: 'button', class: 'second', 'aria-label': `Remove ${member.scope}` },
      'Remove',
    );
    remove.addEventListener('click', () => {
      around.members.splice(around.members.indexOf(member), 1);
      this.write(`${JSON.stringify(path.slice(0, -1))} value`);
    });
    return element(
      'li',
      {},
      element(
        'fieldset',
        { class: 'scope' },
        element('legend', {}, code(member.scope)),
        element('div', { class: 'row' }, element('span', { 'aria-hidden': 'true' }, 'allows'), select, remove),
        this.inside(member, path, key),
      ),
    );
  }

  /**
   * @param {ScopeMember} member
   * @param {string[]} path
   * @param {string} key
   * @returns {HTMLElement | null}
   */
  inside(member, path, key) {
    const { rule } = member;
    if (rule.kind === 'scopes') return this.members(rule, path);
    if (rule.kind !== 'list') return null;
    const boxes = PERMISSIONS.map((permission) => {
      const focus = `${key} ${permission}`;
      const box = element('input', { type: 'checkbox', 'data-key': focus, checked: rule.names.includes(permission) });
      box.addEventListener('change', () => {
        rule.names = withPermission(rule.names, permission, box.checked);
        this.write(focus);
      });
      return element('label', { class: 'check' }, box, ' ', permission);
    });
    const unknown = rule.names.filter((name) => !PERMISSIONS.some((permission) => permission === name));
    return element(
      'div',
      { class: 'checks' },
      ...boxes,
      unknown.length > 0 &&
        element('p', { class: 'hint' }, 'Kept, though no permission: ', foreign(unknown.slice(0, 20).join(', '))),
    );
  }

  /**
   * @param {ScopesRule} rule
   * @param {string[]} path
   */
  adder(rule, path) {
    const levels = levelsInside(path);
    if (levels.length === 0) return null;
    const key = JSON.stringify(path);
    const where = path[path.length - 1] ?? 'the claim';
    const level = element(
      'select',
      { 'data-key': `${key} level`, 'aria-label': `Level of the scope to add to ${where}` },
      ...levels.map((each) => element('option', { value: each }, each)),
    );
    const value = element('input', {
      'data-key': `${key} value`,
      'aria-label': `Scope to add to ${where}`,
      autocomplete: 'off',
      spellcheck: 'false',
      placeholder: HINTS[levels[0] ?? 'integration'],
    });
    const error = element('span', { class: 'error', role: 'alert' });
    const chosen = () => LEVELS.find((each) => each === level.value) ?? 'integration';
    level.addEventListener('change', () => (value.placeholder = HINTS[chosen()]));
    const add = () => {
      const scope = joinScope(chosen(), value.value || '*');
      if (rule.members.some((member) => member.scope === scope)) {
        error.replaceChildren(foreign(scope), ' is here already.');
        return;
      }
      rule.members.push({ scope, rule: { kind: 'list', names: [] } });
      this.write(`${JSON.stringify([...path, scope])} rule`);
    };
    value.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter') return;
      event.preventDefault();
      add();
    });
    const button = element('button', { type: 'button', class: 'second' }, 'Add to ', foreign(where));
    button.addEventListener('click', add);
    return element('div', { class: 'row' }, level, value, button, error);
  }
}
