// Strangers who send random key ids, and providers that do not answer as they should: others must not feel it.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertUser } from './accept.mjs';
import { agentFrom, Load, me, median, tally } from './load.mjs';
import { addKeyServer } from './setup.mjs';

const REQUESTS = 10_000;
const AT_ONCE = 16;
/** Refused tokens per minute and address before the answer is 429. */
const BUDGET = 300;
const FLOOR_SECS = 30;
/** Requests that wait for one slow provider. */
const WAITING = 50;
/** A fetch may take 5 s; the rest is for a busy machine. */
const DEADLINE_MILLIS = 9_000;
const MEGABYTE = 1024 * 1024;

export async function checkFlood(demo, checks, fleet) {
  const { flooded, steady } = fleet;
  const environment = await demo.newEnvironment('e2e-flood');
  await addKeyServer(demo, environment, flooded);
  await addKeyServer(demo, environment, steady);
  const url = demo.env.HALLPASS_URL;

  await checks.that('10,000 random key ids cause one fetch, and users of another issuer are let in', async () => {
    let answers;
    const started = Date.now();
    const flooding = async () => (answers = await flood(url, environment, await flooded.token('stranger')));
    const users = await Load.during(flooding, url, environment, 4, () => steady.token('steady-user'));
    const secs = (Date.now() - started) / 1000;

    const counts = tally(answers);
    const { '401 unknown_key': refused = 0, '429 too_many_failed_verifications': limited = 0 } = counts;
    assert.equal(refused + limited, REQUESTS, JSON.stringify(counts));
    assert.ok(refused >= BUDGET, JSON.stringify(counts));
    // On a machine so slow that the flood outlasts the floor, each further floor may bring one more.
    const most = 1 + Math.floor(secs / FLOOR_SECS);
    assert.ok(flooded.fetches >= 1 && flooded.fetches <= most, `${flooded.fetches} fetches in ${secs} s`);
    assert.deepEqual(users.refused, [], "another issuer's users were refused");
    assert.ok(users.accepted > 0);
    await assertUser(demo, environment, await flooded.token('friend'), 'friend');
    const others = `${users.accepted} others let in, median ${median(users.millis).toFixed(1)} ms`;
    return `${flooded.fetches} fetch, ${refused} times 401, ${limited} times 429 in ${secs.toFixed(1)} s; ${others}`;
  });
}

/** The token again and again under another key id each time. */
async function flood(url, environment, token) {
  const agent = agentFrom('127.0.0.9', AT_ONCE);
  const [, payload, signature] = token.split('.');
  const header = () => JSON.stringify({ alg: 'RS256', typ: 'JWT', kid: randomBytes(12).toString('hex') });
  const answers = [];
  let left = REQUESTS;
  const sender = async () => {
    while (left > 0) {
      left -= 1;
      const stranger = [Buffer.from(header()).toString('base64url'), payload, signature].join('.');
      const { status, code } = await me(url, environment, stranger, agent);
      answers.push({ status, code });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sender)).finally(() => agent.destroy());
  return answers;
}

export async function checkSlowProviders(demo, checks, fleet) {
  const { hanging, huge, html, steady } = fleet;
  const environment = await demo.newEnvironment('e2e-slow');
  for (const server of [hanging, huge, html, steady]) await addKeyServer(demo, environment, server);
  hanging.web.behave('hangs');
  huge.web.behave('huge');
  html.web.behave('html');
  const url = demo.env.HALLPASS_URL;
  const usersDuring = (work) => Load.during(work, url, environment, 2, () => steady.token('steady-user'));

  await checks.that('a provider that hangs, sends 50 MB or HTML: 503 and why, others as fast as before', async () => {
    const before = median((await usersDuring(() => sleep(1_500))).millis);
    let reasons;
    const askAll = async () => (reasons = await Promise.all([hanging, huge, html].map(reasonOf)));
    const busy = await usersDuring(askAll);
    const during = median(busy.millis);
    assert.deepEqual(busy.refused, [], "another issuer's users were refused");
    assert.ok(during < Math.max(100, 10 * before), `median ${before} ms before, ${during} ms during`);
    assert.ok(huge.web.sentBytes < 16 * MEGABYTE, `${huge.web.sentBytes} bytes of 50 MB were read`);
    assert.equal(new Set(reasons).size, 3, `the reasons do not differ: ${reasons.join(' | ')}`);
    return `median ${before.toFixed(1)} ms before, ${during.toFixed(1)} ms during`;
  });
  await checks.that('until the next fetch the answer is 503 at once', async () => {
    for (const server of [hanging, huge, html]) assertUnavailable(await ask(server), DEADLINE_MILLIS / 3);
    assert.deepEqual([hanging, huge, html].map((server) => server.fetches), [1, 1, 1]);
  });

  async function ask(server) {
    return me(url, environment, await server.token('unlucky'));
  }

  /** Several ask at once, and wait for one fetch. */
  async function reasonOf(server) {
    const answers = await Promise.all(Array.from({ length: WAITING }, () => ask(server)));
    for (const answer of answers) assertUnavailable(answer, DEADLINE_MILLIS);
    assert.equal(server.fetches, 1, `${server.issuer}: one fetch for all who wait`);
    return answers[0].body.message;
  }
}

export function assertUnavailable(answer, withinMillis) {
  const { status, body, headers, millis } = answer;
  assert.equal(status, 503, JSON.stringify(body));
  assert.equal(body.code, 'keys_unavailable');
  assert.equal(body.status, 503);
  assert.ok(body.message.length > 20, 'no reason was given');
  const retryAfter = Number(headers['retry-after']);
  assert.ok(retryAfter >= 1 && retryAfter <= FLOOR_SECS + 1, `Retry-After: ${headers['retry-after']}`);
  assert.ok(millis < withinMillis, `took ${millis} ms`);
}
