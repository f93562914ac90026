// Rotating once a second, in real time and under load: nobody who keeps to the headers ever refuses a good token.

import assert from 'node:assert/strict';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { signInByMail } from './app.mjs';

const MAX_AGE_SECS = 5;
/** The time that a key is published before it signs: during it, rotations only queue. */
const LEAD_MILLIS = (MAX_AGE_SECS + 30) * 1000;
const MEASURED_MILLIS = 30_000;
const ISSUERS = 4;
const VERIFIERS = 3;
const SAMPLE = 20;

const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

export async function checkRotation(world, checks) {
  await checks.that('30 seconds of a rotation each second under load: no good token fails, no retired key signs', async () => {
    const app = await world.app('rotation', { session_secs: 60, jwks_max_age_secs: MAX_AGE_SECS, issuer_keys: 1 });
    const race = new Race(world, app);
    await race.run();
    race.check();
  });
}

class Race {
  constructor(world, app) {
    Object.assign(this, { world, app, tokens: [], rotations: 0, verified: 0, failures: [], isOver: false });
    this.keysAt = `environments/${app.environment}/issuer-keys`;
  }

  async run() {
    const devices = await Promise.all(Array.from({ length: ISSUERS }, async () => {
      const device = this.app.device();
      await signInByMail(device, this.world.mailbox);
      return device;
    }));
    await devices[0].client.issueJwt({ keyIndex: 0 });
    const all = [this.rotate(), ...devices.map((device) => this.issue(device))];
    for (let number = 0; number < VERIFIERS; number += 1) all.push(this.verify(number * 1500));
    const running = Promise.all(all);
    // Whoever fails is heard at the end; until then it must not end the process.
    running.catch(() => { this.isOver = true; });
    await pause(LEAD_MILLIS);
    this.measuredFrom = Date.now();
    await pause(MEASURED_MILLIS);
    this.isOver = true;
    await running;
    this.keys = await this.allKeys();
  }

  async rotate() {
    while (!this.isOver) {
      const started = Date.now();
      const { items } = await this.world.demo.admin('POST', `${this.keysAt}/rotate`, {});
      this.rotations += items.length;
      await pause(Math.max(0, 1000 - (Date.now() - started)));
    }
  }

  async issue(device) {
    while (!this.isOver) {
      const { token, keyId } = await device.client.issueJwt({ keyIndex: 0 });
      const { exp, iat } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
      assert.equal(decodeProtectedHeader(token).kid, keyId);
      this.tokens.push({ token, keyId, exp, iat, at: Date.now() });
      await pause(5);
    }
  }

  /** Keeps a set for exactly as long as its headers say, and tries the newest tokens and some of those before them. */
  async verify(delay) {
    await pause(delay);
    let keys;
    let until = 0;
    while (!this.isOver) {
      if (Date.now() > until) {
        const asked = Date.now();
        const answer = await fetch(`${this.app.url}/environments/${this.app.environment}/.well-known/jwks.json`);
        keys = createLocalJWKSet(await answer.json());
        until = asked + Number(/max-age=(\d+)/.exec(answer.headers.get('cache-control'))[1]) * 1000;
      }
      const good = this.tokens.filter(({ exp }) => exp * 1000 > Date.now() + 500);
      const older = Array.from({ length: SAMPLE }, () => good[Math.floor(Math.random() * good.length)]).filter(Boolean);
      for (const { token, keyId } of [...good.slice(-SAMPLE), good[0], ...older].filter(Boolean)) {
        try {
          await jwtVerify(token, keys, { algorithms: ['RS256'], audience: this.app.environment });
          this.verified += 1;
        } catch (error) {
          if (error.code !== 'ERR_JWT_EXPIRED') this.failures.push(`${keyId}: ${error.message}`);
        }
      }
      await pause(20);
    }
  }

  async allKeys() {
    const keys = [];
    let after = '';
    do {
      const page = await this.world.demo.admin('GET', `${this.keysAt}?limit=200${after}`);
      keys.push(...page.items);
      after = page.next ? `&after=${page.next}` : undefined;
    } while (after);
    return new Map(keys.map((key) => [key.kid, key]));
  }

  check() {
    assert.deepEqual(this.failures.slice(0, 3), [], `${this.failures.length} of ${this.verified} failed`);
    const measured = this.tokens.filter(({ at }) => at >= this.measuredFrom);
    const signers = new Set(measured.map(({ keyId }) => keyId));
    // One a second on a machine with nothing else to do; here others make RSA keys in JavaScript meanwhile.
    assert.ok(signers.size >= 10, `only ${signers.size} keys signed in ${MEASURED_MILLIS} ms, after ${this.rotations} rotations`);
    assert.ok(measured.length >= 100, `only ${measured.length} tokens`);
    for (const { keyId, iat } of this.tokens) {
      const { signs_from: from, signs_until: until } = this.keys.get(keyId);
      assert.ok(Date.parse(from) < (iat + 1) * 1000, 'a key signed before its time');
      assert.ok(!until || iat * 1000 < Date.parse(until), 'a retired key signed');
    }
  }
}
