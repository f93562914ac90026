// What answers of the Connect surface must look like, and how long it takes until one is a refusal.

import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

export async function assertAnswer(answer, status) {
  const text = await answer.text();
  assert.equal(answer.status, status, `answered ${answer.status}: ${text}`);
  return JSON.parse(text);
}

/** The envelope of the Connect surface: a string code, the status repeated, an object for more. */
export async function assertRefusal(answer, status, code) {
  const body = await assertAnswer(answer, status);
  assert.equal(body.code, code);
  assert.equal(body.status, status);
  assert.equal(typeof body.message, 'string');
  assert.equal(typeof body.meta, 'object');
  if (status === 401) {
    assert.match(answer.headers.get('www-authenticate'), /^Bearer error="invalid_token"$/);
  }
}

/** Far above the promised second, so that a busy machine does not fail a run; the number is printed. */
const PATIENCE_MILLIS = 5_000;

/** Repeats the call while it is accepted; answers the milliseconds until it was refused. */
export async function millisUntilRefused(call) {
  const started = performance.now();
  for (let elapsed = 0; elapsed < PATIENCE_MILLIS; await sleep(5)) {
    const answer = await call();
    elapsed = performance.now() - started;
    if (answer.status === 401) return elapsed;
    await assertAnswer(answer, 200);
  }
  throw new Error(`still accepted after ${PATIENCE_MILLIS} ms`);
}
