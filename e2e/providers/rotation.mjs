// Providers rotate their keys while users are at work: nobody with a valid token is refused, and a key that is no
// longer published stops counting with the refresh that misses it.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { millisUntilRefused } from '../lib/answers.mjs';
import { assertRefused } from './accept.mjs';
import { Load } from './load.mjs';
import { addProvider } from './setup.mjs';

const CLIENTS = 6;
/** Two fetches from one place are at least so far apart, but for an operator's. */
const FLOOR_MILLIS = 30_000;
/** Longer than any token of these clients is on its way. */
const DRAIN_MILLIS = 1_000;

/** The dashboard's rotate and revoke; the operator has the keys fetched at once. */
export async function checkAuth0Rotation(demo, checks, fleet) {
  const tenant = fleet.rotatingAuth0;
  const environment = await demo.newEnvironment('e2e-rotating-auth0');
  const domain = ['--domain', 'hallpass-rotating.eu.auth0.com', '--url', tenant.own.web.url];
  const flags = [...domain, '--audience', tenant.clientId];
  const { id } = await addProvider(demo, environment, 'auth0', flags);
  const path = `environments/${environment}/identity-providers/${id}/test`;

  async function rotateTwice() {
    await sleep(2_000);
    const ofFirst = await tenant.idToken('early');
    const first = tenant.current;
    await tenant.rotate();
    await sleep(2_000);
    assert.equal((await demo.sdk(environment, 'me', ofFirst)).status, 200, 'the previous key is still published');
    tenant.revokePrevious();
    const { fetch: report } = await demo.admin('POST', path, {});
    assert.equal(report.ok, true, JSON.stringify(report));
    await assertNoneAccepted(demo, environment, ofFirst, () => tenant.idToken('late', { key: first }));
    // Once more: what was not even published at the start signs now.
    await tenant.rotate();
    tenant.revokePrevious();
    await sleep(2_000);
  }

  await checks.that('Auth0 rotates and revokes under load: none refused, none of the revoked key accepted', async () =>
    summary(await loadDuring(rotateTwice, demo, environment, (user) => tenant.idToken(user))),
  );
}

/** Nobody helps: the first token with a key that Hallpass has not seen makes it fetch. */
export async function checkFirebaseRotation(demo, checks, fleet) {
  const project = fleet.rotatingFirebase;
  const environment = await demo.newEnvironment('e2e-rotating-firebase');
  const flags = ['--project-id', project.projectId, '--url', project.keysUrl];
  await addProvider(demo, environment, 'firebase', flags);

  const fetches = () => project.web.hits(project.keysPath);

  async function rotate() {
    const began = Date.now();
    await sleep(2_000);
    assert.equal(fetches(), 1);
    const ofFirst = await project.idToken('early');
    const first = project.signingKey;
    await project.publishNext();
    project.signWithSecond();
    await sleep(DRAIN_MILLIS);
    assert.equal((await demo.sdk(environment, 'me', ofFirst)).status, 200);

    await sleep(began + FLOOR_MILLIS + DRAIN_MILLIS - Date.now());
    assert.equal(fetches(), 1, 'the keys were known and fresh');
    project.withdrawFirst();
    project.signWithNewest();
    await millisUntilRefused(() => demo.sdk(environment, 'me', ofFirst));
    assert.equal(fetches(), 2, 'one fetch for the key that was unknown');
    await assertNoneAccepted(demo, environment, ofFirst, () => project.idToken('late', { key: first }));
  }

  await checks.that("Google's keys rotate under load: a new one is fetched once, the old one refused", async () => {
    project.web.forgetHits();
    const load = await loadDuring(rotate, demo, environment, (user) => project.idToken(user));
    assert.equal(fetches(), 2, 'the withdrawn key asked for no further one');
    return summary(load);
  });
}

function loadDuring(work, demo, environment, idToken) {
  let turn = 0;
  return Load.during(work, demo.env.HALLPASS_URL, environment, CLIENTS, () => idToken(`user-${(turn += 1) % 20}`));
}

/** Neither the token that was accepted before nor a fresh one, however often they come. */
async function assertNoneAccepted(demo, environment, before, fresh) {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    await assertRefused(demo, environment, before, 'unknown_key');
    await assertRefused(demo, environment, await fresh(), 'unknown_key');
  }
}

function summary(load) {
  assert.deepEqual(load.refused, [], 'valid tokens were refused');
  assert.ok(load.accepted > 100, `only ${load.accepted} calls: no load`);
  return `${load.accepted} calls by ${CLIENTS} clients, none refused`;
}
