// `hallpass idp` from adding a provider to removing it, on the database and through the server.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { millisUntilRefused } from '../lib/answers.mjs';
import { assertBadInputsRefused, assertRefused, assertUser } from './accept.mjs';

const [NO_KEYS, REFUSED] = [3, 4];

export async function checkCommandLine(demo, checks, fleet) {
  const server = fleet.commanded;
  const environment = await demo.newEnvironment('e2e-commands');
  const at = ['--environment', environment];
  const flags = ['--url', server.keysUrl, '--issuer', server.issuer, '--audience', server.audience];
  const idp = async (expected, ...words) => {
    const ended = await demo.throughServer(['idp', ...words, '--json']);
    assert.equal(ended.code, expected, `idp ${words[0]} ended with ${ended.code}: ${ended.stdout}${ended.stderr}`);
    return ended.json;
  };
  const me = async () => demo.sdk(environment, 'me', await server.token('commanded'));
  let id;

  await checks.that('idp add on the database: the running server takes its tokens within a second', async () => {
    const ended = await demo.onDatabase(['idp', 'add', 'jwks', ...at, ...flags, ...demo.egressFlags, '--json']);
    assert.equal(ended.code, 0, ended.stderr);
    ({ id } = ended.json);
    assert.deepEqual(ended.json.issuers, [server.issuer]);
    assert.deepEqual(ended.json.warnings.map(({ code }) => code), ['plain_http']);
    const started = Date.now();
    while ((await me()).status !== 200) {
      assert.ok(Date.now() - started < 5_000, 'not trusted after 5 s');
      // Refusals are counted per address: not faster than a person could be blamed for.
      await sleep(50);
    }
    return `${Date.now() - started} ms after the command ended`;
  });
  await checks.that('a plain key set: bad tokens are refused with their reasons', () =>
    assertBadInputsRefused(demo, environment, (overrides) => server.token('commanded', overrides)),
  );
  await checks.that('idp list and show tell the issuer, the audience and how the keys are', async () => {
    const { items } = await idp(0, 'list', ...at);
    assert.deepEqual(items.map((item) => item.id), [id]);
    const shown = await idp(0, 'show', ...at, id);
    assert.deepEqual(shown.audiences, [server.audience]);
    assert.equal(shown.keys.state, 'fresh');
    assert.equal(shown.keys.count, 1);
  });
  await checks.that('idp test: a good token 0, a bad one 4, no keys 3; through a pipe too', async () => {
    const good = await idp(0, 'test', ...at, id, '--token', await server.token('commanded'));
    assert.equal(good.fetch.ok, true);
    assert.deepEqual(good.keys.map(({ kid, usable }) => [kid, usable]), [[server.keys[0].kid, true]]);
    assert.equal(good.token.accepted, true);
    const ofAnotherApp = await server.token('commanded', { aud: 'another-app' });
    const bad = await idp(REFUSED, 'test', ...at, id, '--token', ofAnotherApp);
    assert.equal(bad.token.accepted, false);
    assert.equal(bad.token.reason, 'aud_mismatch');
    const words = ['idp', 'test', ...at, '--token', '-', '--json'];
    const piped = await demo.throughServer(words, await server.token('commanded'));
    assert.equal(piped.code, 0, piped.stderr);
    server.web.behave('html');
    const failed = await idp(NO_KEYS, 'test', ...at, id);
    server.web.behave('well');
    assert.equal(failed.fetch.ok, false);
    assert.match(failed.fetch.detail, /HTML/);
    return `keys not fetched: ${failed.fetch.code}`;
  });
  await checks.that('idp disable refuses its tokens at once, enable takes them again', async () => {
    await assertUser(demo, environment, await server.token('commanded'), 'commanded');
    await idp(0, 'disable', ...at, id);
    await assertRefused(demo, environment, await server.token('commanded'), 'issuer_disabled');
    await idp(0, 'enable', ...at, id);
    await assertUser(demo, environment, await server.token('commanded'), 'commanded');
  });
  await checks.that('changed settings count from the next request, for tokens that were accepted too', async () => {
    const token = await server.token('commanded');
    const path = `environments/${environment}/identity-providers/${id}`;
    const change = (settings) => demo.admin('PATCH', path, { settings });
    await assertUser(demo, environment, token, 'commanded');
    await change({ audiences: ['another-app'] });
    await assertRefused(demo, environment, token, 'aud_mismatch');
    await change({ audiences: [server.audience], url: fleet.steady.keysUrl });
    await assertRefused(demo, environment, token, 'unknown_key');
    await change({ url: server.keysUrl });
    await assertUser(demo, environment, token, 'commanded');
  });
  await checks.that('idp remove on the database: a token that was accepted is refused within a second', async () => {
    const token = await server.token('commanded');
    await assertUser(demo, environment, token, 'commanded');
    const ended = await demo.onDatabase(['idp', 'remove', ...at, id, '--json']);
    assert.equal(ended.code, 0, ended.stderr);
    const millis = await millisUntilRefused(() => demo.sdk(environment, 'me', token));
    return `refused ${millis.toFixed(0)} ms after the command ended`;
  });
  await checks.that('idp remove through the server: refused by the very next request', async () => {
    ({ id } = await idp(0, 'add', 'jwks', ...at, ...flags));
    const token = await server.token('commanded');
    await assertUser(demo, environment, token, 'commanded');
    await idp(0, 'remove', ...at, id);
    assert.equal((await demo.sdk(environment, 'me', token)).status, 401);
    assert.deepEqual((await idp(0, 'list', ...at)).items, []);
  });
  await checks.that('idp add refuses Auth0 without a client id, and addresses that are not public', async () => {
    const hidden = ['--url', 'https://127.0.0.1/jwks.json', '--issuer', 'https://a.example/', '--audience', 'a'];
    const refusals = [
      [['auth0', '--domain', 'hallpass-e2e.eu.auth0.com'], 'invalid_provider'],
      [['jwks', ...hidden], 'egress_blocked'],
      [['oidc', '--issuer', 'http://id.example/', '--audience', 'a'], 'egress_scheme_not_allowed'],
    ];
    for (const [words, code] of refusals) {
      const ended = await demo.throughServer(['idp', 'add', ...words, ...at, '--json']);
      assert.equal(ended.code, 1, `${ended.stdout}${ended.stderr}`);
      assert.equal(JSON.parse(ended.stderr).code, code, ended.stderr);
    }
  });
  await checks.that('the audit log has every one of these changes', async () => {
    const { items } = await demo.admin('GET', `environments/${environment}/audit`);
    const actions = items.map(({ action }) => action).filter((action) => action.startsWith('identity_provider.'));
    const [add, update, remove] = ['add', 'update', 'remove'].map((verb) => `identity_provider.${verb}`);
    assert.deepEqual(actions.toSorted(), [add, add, remove, remove, ...Array(5).fill(update)]);
  });
}
