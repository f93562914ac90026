// The permission claim as a tree that can be edited, and as JSON. Nothing here decides anything: what a claim allows is
// asked of the server.

import { Misread, readJson } from './json-text.mjs';

/**
 * @typedef {import('./json-text.mjs').JsonNode} JsonNode
 * @typedef {{ scope: string, rule: Rule }} ScopeMember
 * @typedef {{ kind: 'all' }} AllRule
 * @typedef {{ kind: 'none' }} NoneRule
 * @typedef {{ kind: 'list', names: string[] }} ListRule
 * @typedef {{ kind: 'scopes', members: ScopeMember[] }} ScopesRule
 * @typedef {AllRule | NoneRule | ListRule | ScopesRule} Rule
 * @typedef {'integration' | 'credential' | 'configuration'} Level
 */

/** In the order in which a claim nests them. */
export const LEVELS = /** @type {const} */ (['integration', 'credential', 'configuration']);

/** In the order of the manual. */
export const PERMISSIONS = /** @type {const} */ ([
  'credential:write',
  'config:write',
  'settings:read',
  'settings:write',
  'metadata:read',
  'metadata:write',
  'proxy-api',
  'events',
  'workflows',
]);

/**
 * Reads a claim's text into a tree, or says at which place it is none that the tree can show.
 * @param {string} text
 * @returns {ScopesRule}
 * @throws {Misread}
 */
export function readClaim(text) {
  const node = readJson(text);
  if (node.kind !== 'object') throw new Misread('A claim is an object: { "scope": rule }.', node.start);
  return readObject(node);
}

/**
 * @param {import('./json-text.mjs').JsonObject} node
 * @returns {ScopesRule}
 */
function readObject(node) {
  const seen = new Set();
  const members = node.members.map(({ name, start, value }) => {
    if (seen.has(name)) throw new Misread('This scope stands here twice.', start);
    seen.add(name);
    return { scope: name, rule: readRule(value) };
  });
  return { kind: 'scopes', members };
}

/**
 * @param {JsonNode} node
 * @returns {Rule}
 */
function readRule(node) {
  if (node.kind === 'object') return readObject(node);
  if (node.kind === 'array') {
    const names = node.items.map((item) => {
      if (item.kind !== 'string') throw new Misread('A list holds names of permissions, in double quotes.', item.start);
      return item.value;
    });
    return { kind: 'list', names };
  }
  if (node.kind === 'other' && node.value === true) return { kind: 'all' };
  if (node.kind === 'other' && node.value === false) return { kind: 'none' };
  throw new Misread('A rule is true, false, a list of permissions or an object of scopes.', node.start);
}

/**
 * @param {Rule} rule
 * @param {string} indent
 * @returns {string}
 */
export function writeClaim(rule, indent = '') {
  if (rule.kind === 'all') return 'true';
  if (rule.kind === 'none') return 'false';
  if (rule.kind === 'list') return `[${rule.names.map((name) => JSON.stringify(name)).join(', ')}]`;
  if (rule.members.length === 0) return '{}';
  const deeper = `${indent}  `;
  const lines = rule.members.map(
    (member) => `${deeper}${JSON.stringify(member.scope)}: ${writeClaim(member.rule, deeper)}`,
  );
  return `{\n${lines.join(',\n')}\n${indent}}`;
}

/**
 * How many scopes a claim has, however deep.
 * @param {Rule} rule
 * @returns {number}
 */
export function countScopes(rule) {
  if (rule.kind !== 'scopes') return 0;
  return rule.members.reduce((count, member) => count + 1 + countScopes(member.rule), 0);
}

/**
 * @param {string} scope
 * @returns {{ level: Level, value: string } | null} `null` for what is no scope
 */
export function splitScope(scope) {
  const level = LEVELS.find((each) => scope.startsWith(`${each}:`));
  return level ? { level, value: scope.slice(level.length + 1) } : null;
}

/**
 * The levels that may stand inside a path of scopes.
 * @param {string[]} path
 * @returns {Level[]}
 */
export function levelsInside(path) {
  const deepest = path.reduce((most, scope) => {
    const level = splitScope(scope)?.level;
    return level ? Math.max(most, LEVELS.indexOf(level)) : most;
  }, -1);
  return LEVELS.filter((_, index) => index > deepest);
}

/**
 * A scope from what people type: `*`, a slug, an id, `ext:` and an external id.
 * @param {Level} level
 * @param {string} value
 */
export function joinScope(level, value) {
  const trimmed = value.trim();
  const isId = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(trimmed);
  return `${level}:${isId && level !== 'integration' ? trimmed.toLowerCase() : trimmed}`;
}

/**
 * A rule of another kind, with as much of the old one as it can hold.
 * @param {Rule} rule
 * @param {Rule['kind']} kind
 * @returns {Rule}
 */
export function changeKind(rule, kind) {
  if (rule.kind === kind) return rule;
  if (kind === 'list') return { kind, names: rule.kind === 'all' ? [...PERMISSIONS] : [] };
  return kind === 'scopes' ? { kind, members: [] } : { kind };
}

/**
 * A list with or without one permission. Names that are no permissions stay where they are.
 * @param {string[]} names
 * @param {string} permission
 * @param {boolean} wanted
 */
export function withPermission(names, permission, wanted) {
  const others = names.filter((name) => name !== permission);
  return wanted ? [...others, permission] : others;
}
