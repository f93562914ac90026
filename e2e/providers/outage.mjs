// A provider that is down when Hallpass starts, and one that fails later.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { millisUntilRefused } from '../lib/answers.mjs';
import { assertRefused, assertUser } from './accept.mjs';
import { assertUnavailable } from './flood.mjs';
import { claimsOf, ProviderKey } from './keys.mjs';
import { me } from './load.mjs';
import { addKeyServer } from './setup.mjs';

const FLOOR_MILLIS = 30_000;
const IN_TIME_MILLIS = 9_000;

/** Adds a provider and takes it down; what follows happens after a restart. */
export async function prepareColdStart(demo, fleet) {
  const environment = await demo.newEnvironment('e2e-cold');
  await addKeyServer(demo, environment, fleet.cold);
  await fleet.cold.web.down();
  return environment;
}

export async function checkColdStart(demo, checks, fleet, environment) {
  const { cold } = fleet;
  const url = demo.env.HALLPASS_URL;
  let asked;
  await checks.that('cold start with the provider down: 503 keys_unavailable with a reason, not 401', async () => {
    asked = Date.now();
    const answer = await me(url, environment, await cold.token('cold-user'));
    assertUnavailable(answer, IN_TIME_MILLIS);
    const again = await me(url, environment, await cold.token('cold-user'));
    assertUnavailable(again, IN_TIME_MILLIS / 3);
    return answer.body.message;
  });
  await checks.that('the provider comes back: its users are let in after the floor, without help', async () => {
    await cold.web.up();
    let answer;
    for (const until = asked + FLOOR_MILLIS + 15_000; Date.now() < until; await sleep(500)) {
      answer = await me(url, environment, await cold.token('cold-user'));
      if (answer.status === 200) break;
      assertUnavailable(answer, IN_TIME_MILLIS);
    }
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.equal(cold.fetches, 1);
    return `${((Date.now() - asked) / 1000).toFixed(1)} s after the first request`;
  });
}

/** Bad sets are refused whole and the last good one is kept, visibly. */
export async function checkLastGoodSet(demo, checks, fleet) {
  const server = fleet.degrading;
  const environment = await demo.newEnvironment('e2e-degrading');
  const { id } = await addKeyServer(demo, environment, server);
  const path = `environments/${environment}/identity-providers/${id}`;
  const fetchNow = async () => (await demo.admin('POST', `${path}/test`, {})).fetch;
  await assertUser(demo, environment, await server.token('loyal'), 'loyal');

  const [good] = server.keys;
  const twin = await ProviderKey.generate('RS256', good.kid);
  const wounds = [
    ['is down', () => server.web.down()],
    ['fails', () => server.web.behave('fails')],
    ['sends HTML', () => server.web.behave('html')],
    ['sends 50 MB', () => server.web.behave('huge')],
    ['publishes a key id twice', () => (server.keys = [good, twin])],
    ['publishes a private key', () => (server.keys = [{ ...good, publicJwk: { ...good.publicJwk, d: 'AQAB' } }])],
  ];
  for (const [what, wound] of wounds) {
    await checks.that(`a provider that ${what}: the last good set is kept, and shows as stale`, async () => {
      await wound();
      const report = await fetchNow();
      server.web.behave('well');
      server.keys = [good];
      await server.web.up();
      assert.equal(report.ok, false, JSON.stringify(report));
      const { keys } = await demo.admin('GET', path);
      assert.equal(keys.state, 'stale');
      assert.equal(keys.count, 1);
      assert.equal(keys.failure.code, report.code);
      await degradedSets(demo, (count) => count > 0);
      await assertUser(demo, environment, await server.token('loyal'), 'loyal');
      assert.equal((await fetchNow()).ok, true);
      assert.equal((await demo.admin('GET', path)).keys.state, 'fresh');
      return report.code;
    });
  }
}

/** What monitoring sees; the gauge is set every second. */
async function degradedSets(demo, good) {
  for (const until = Date.now() + 10_000; Date.now() < until; await sleep(100)) {
    const metrics = await (await fetch(`${demo.env.HALLPASS_URL}/metrics`)).text();
    const count = /^hallpass_identity_provider_key_sets_degraded (\d+)$/m.exec(metrics)?.[1];
    if (count !== undefined && good(Number(count))) return;
  }
  throw new Error('hallpass_identity_provider_key_sets_degraded does not show it');
}

/** Nobody asks, and still the keys are those of the last minute: a set is fetched again before it stops being fresh. */
export async function checkBackgroundRefresh(demo, checks, fleet) {
  const server = fleet.idle;
  const environment = await demo.newEnvironment('e2e-idle');
  await addKeyServer(demo, environment, server);
  const [first] = server.keys;
  const ofFirst = await server.token('idle-user');
  await assertUser(demo, environment, ofFirst, 'idle-user');
  const asked = Date.now();
  server.keys = [await ProviderKey.generate()];
  await checks.that('without any request a withdrawn key is gone within its max-age of a minute', async () => {
    while (server.fetches < 2 && Date.now() < asked + 75_000) await sleep(250);
    const secs = (Date.now() - asked) / 1000;
    assert.equal(server.fetches, 2, `${server.fetches} fetches after ${secs} s`);
    assert.ok(secs > FLOOR_MILLIS / 1000, `fetched again after ${secs} s`);
    // The fetch has begun; a moment later it has landed.
    await millisUntilRefused(() => demo.sdk(environment, 'me', ofFirst));
    await assertRefused(demo, environment, ofFirst, 'unknown_key');
    await assertRefused(demo, environment, await first.sign(claimsOf(ofFirst)), 'unknown_key');
    await assertUser(demo, environment, await server.token('idle-user'), 'idle-user');
    assert.equal(server.fetches, 2);
    return `fetched again after ${secs.toFixed(1)} s`;
  });
}
