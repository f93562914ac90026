// The claim as a tree and as JSON; JSON with its places; targets as people write them.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  changeKind,
  countScopes,
  joinScope,
  levelsInside,
  readClaim,
  splitScope,
  withPermission,
  writeClaim,
} from '../../crates/hallpass-http/assets/dashboard/claim-tree.mjs';
import { Misread, findPlace, lineAndColumn, readJson } from '../../crates/hallpass-http/assets/dashboard/json-text.mjs';
import {
  asTarget,
  hashOfClaim,
  readAccount,
  readHash,
  readTarget,
  sayTarget,
  writeAccount,
} from '../../crates/hallpass-http/assets/dashboard/target.mjs';
import { fromNow, sayLength, sayTime } from '../../crates/hallpass-http/assets/dashboard/words.mjs';

const ID = '5f0c2a3e-8d41-4b6f-9c27-1e5a7b9d3f60';

/**
 * @param {() => unknown} act
 * @param {number} at
 */
function misreads(act, at) {
  assert.throws(act, (error) => error instanceof Misread && error.at === at && error.message.endsWith('.'));
}

test('a claim survives the way through the tree', () => {
  const claims = [
    {},
    { 'integration:*': true, 'integration:slack': { [`credential:${ID}`]: ['proxy-api', 'Odd'], 'credential:*': false } },
    { 'credential:ext:a"b\\': { 'configuration:*': {} } },
    { __proto__x: [], 'integration:*': [] },
  ];
  for (const claim of claims) {
    const text = JSON.stringify(claim);
    assert.deepEqual(JSON.parse(writeClaim(readClaim(text))), claim);
    assert.equal(writeClaim(readClaim(writeClaim(readClaim(text)))), writeClaim(readClaim(text)));
  }
  assert.equal(countScopes(readClaim(JSON.stringify(claims[1]))), 4);
  const odd = readClaim('{"__proto__": true}');
  assert.equal(writeClaim(odd), '{\n  "__proto__": true\n}');
});

test('what the tree cannot show has a place', () => {
  misreads(() => readClaim('[]'), 0);
  misreads(() => readClaim('{"a":true,"a":false}'), 10);
  misreads(() => readClaim('{"a":1}'), 5);
  misreads(() => readClaim('{"a":null}'), 5);
  misreads(() => readClaim('{"a":["events", 1]}'), 16);
  misreads(() => readClaim('{"a":"x"}'), 5);
});

test('rules change their kind and keep what they can', () => {
  const all = changeKind({ kind: 'all' }, 'list');
  assert.equal(all.kind === 'list' && all.names.length, 9);
  assert.deepEqual(changeKind({ kind: 'none' }, 'list'), { kind: 'list', names: [] });
  const list = /** @type {const} */ ({ kind: 'list', names: ['x'] });
  assert.equal(changeKind(/** @type {any} */ (list), 'list'), list);
  assert.deepEqual(withPermission(['Odd', 'events'], 'events', false), ['Odd']);
  assert.deepEqual(withPermission(['Odd'], 'events', true), ['Odd', 'events']);
});

test('levels nest from the outside in', () => {
  assert.deepEqual(levelsInside([]), ['integration', 'credential', 'configuration']);
  assert.deepEqual(levelsInside(['credential:*']), ['configuration']);
  assert.deepEqual(levelsInside(['integration:a', 'configuration:*']), []);
  assert.deepEqual(splitScope('credential:ext:a:b'), { level: 'credential', value: 'ext:a:b' });
  assert.equal(splitScope('odd'), null);
  assert.equal(joinScope('credential', ` ${ID.toUpperCase()} `), `credential:${ID}`);
  assert.equal(joinScope('integration', 'Slack'), 'integration:Slack');
});

test('every JSON that the browser reads is read, and nothing else', () => {
  const good = ['{}', '[]', ' [ ] ', '"\\u0041\\n\\\\"', '-0.5e+3', 'true', 'null', '{"a":[1,{"b":"}"}]}', '"\u{1f600}"', '12345678901234567890'];
  for (const text of good) {
    JSON.parse(text);
    readJson(text);
  }
  const bad = ['', ' ', '{', '[', '"', '"\\', '"\\x"', '"\\u12g4"', '{a:1}', "{'a':1}", '{"a"}', '{"a":}', '{"a":1,}', '[1,]', '[1 2]', '01', '1.', '+1', '.5', 'tru', 'nul', 'NaN', '{}x', '{} {}', '"\n"', '"\u0001"', '{,}', '[,]', '-', '1e'];
  for (const text of bad) {
    assert.throws(() => JSON.parse(text), text);
    assert.throws(() => readJson(text), Misread, text);
  }
  misreads(() => readJson('['.repeat(100_000)), 65);
});

test('faults and pointers lead to their place', () => {
  misreads(() => readJson('{"a": tru}'), 6);
  misreads(() => readJson('{"a": 1 "b": 2}'), 8);
  misreads(() => readJson('{"a": "x\\q"}'), 8);
  misreads(() => readJson('{"a": "x'), 6);
  const text = '{\n  "a/b": {"c~d": [1, "two"]},\n  "a/b": 2\n}';
  const node = readJson(text);
  const at = (/** @type {string} */ pointer) => {
    const place = findPlace(node, pointer);
    return place && text.slice(place.start, place.end);
  };
  assert.equal(at(''), text);
  assert.equal(at('/a~1b'), '"a/b": 2', 'the second of two is the fault');
  assert.equal(at('/missing'), null);
  assert.equal(at('/a~1b/x'), null);
  const one = readJson('{"a":{"c~d":[1,"two"]}}');
  assert.deepEqual(findPlace(one, '/a/c~0d/1'), { kind: 'string', start: 15, end: 20, value: 'two' });
  assert.deepEqual(lineAndColumn('a\n\u{1f600}b', 4), { line: 2, column: 2 });
});

test('accounts are written as the command line takes them', () => {
  for (const text of ['', 'new', ID, 'ext:acme', 'ext:Team A', `${ID} ext:Team A`]) {
    assert.equal(writeAccount(readAccount(text)), text);
  }
  assert.deepEqual(readAccount(`{"id":"${ID}","ext":"a"}`), { id: ID, ext: 'a' });
  assert.throws(() => readAccount('acme'));
  assert.throws(() => readAccount('{"id"'));
  assert.throws(() => readAccount(`${ID}x`));
  assert.deepEqual(readTarget(' slack ', 'new', ''), { integration: 'slack', credential: 'new' });
  assert.equal(sayTarget({}), 'the user');
  assert.equal(sayTarget({ integration: 'slack', credential: 'new' }), 'slack, a new account');
  assert.deepEqual(asTarget({ integration: 1, credential: { id: ID, ext: 2 }, more: 3 }), { credential: { id: ID } });
  assert.deepEqual(asTarget(null), {});
});

test('the address holds a question or a claim', () => {
  const hash = `#permission=proxy-api&integration=slack&credential=${ID}%20ext%3AA%26B&configuration=new`;
  assert.deepEqual(readHash(hash), {
    permission: 'proxy-api',
    target: { integration: 'slack', credential: { id: ID, ext: 'A&B' }, configuration: 'new' },
    claim: '',
    asks: true,
  });
  assert.deepEqual(readHash('#permission=events&credential=odd').target, {});
  assert.equal(readHash('').asks, false);
  const claim = '{"integration:a+b &#%": "\u{1f600}"}';
  assert.equal(readHash(hashOfClaim(claim)).claim, claim);
});

test('times are seen from now', () => {
  assert.equal(fromNow(0), 'now');
  assert.equal(fromNow(61), 'in 1 minute 1 second');
  assert.equal(fromNow(-90000), '1 day 1 hour ago');
  assert.equal(sayLength(172800), '2 days');
  assert.equal(sayTime(1767225600, 1767225600 - 60), '2026-01-01 00:00:00 UTC, in 1 minute');
  for (const odd of ['x', null, Infinity, 1e300]) assert.match(sayTime(odd, 0), /time/);
});
