// Users who sign in at somebody else's: from the login page to `/sdk/me`, and what happens when providers misbehave.

import { checkAuth0 } from './check-auth0.mjs';
import { checkSignInBrowser } from './check-browser.mjs';
import { checkCommandLine } from './check-cli.mjs';
import { checkFirebase } from './check-firebase.mjs';
import { checkOtherNode } from './check-nodes.mjs';
import { checkOidc } from './check-oidc.mjs';
import { checkFlood, checkSlowProviders } from './flood.mjs';
import { checkBackgroundRefresh, checkColdStart, checkLastGoodSet, prepareColdStart } from './outage.mjs';
import { checkAuth0Rotation, checkFirebaseRotation } from './rotation.mjs';
import { setUpProviders } from './setup.mjs';

export async function checkProviders(demo, checks, fleet) {
  const environments = await setUpProviders(demo, fleet);
  for (const check of [checkOidc, checkAuth0, checkFirebase, checkSignInBrowser]) {
    await run(check, demo, checks, fleet, environments);
  }
  const cold = await prepareColdStart(demo, fleet);
  await demo.restart();
  // Half a minute each, nearly all of it waiting: meanwhile the others.
  const waiting = [
    run(checkColdStart, demo, checks, fleet, cold),
    run(checkFirebaseRotation, demo, checks, fleet),
    run(checkAuth0Rotation, demo, checks, fleet),
  ];
  // Fetched keys are in memory, whatever the database: once is enough.
  if (!demo.engine.databaseUrl) waiting.push(run(checkBackgroundRefresh, demo, checks, fleet));
  for (const check of [checkSlowProviders, checkFlood, checkCommandLine, checkOtherNode, checkLastGoodSet]) {
    await run(check, demo, checks, fleet);
  }
  await Promise.all(waiting);
}

/** A suite that breaks fails as one check, and the others go on. */
async function run(check, demo, checks, fleet, ...more) {
  try {
    await check(demo, checks, fleet, ...more);
  } catch (error) {
    checks.fail(`${demo.engine.name}: ${check.name}`, error);
  }
}
