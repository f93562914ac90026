// Runs real clients against a real server: once on SQLite, once on PostgreSQL.
// Started by `cargo xtask test`; by hand: HALLPASS_BIN=target/debug/hallpass node e2e/run.mjs

import { sqlite, postgres } from './lib/engines.mjs';
import { Checks } from './lib/checks.mjs';
import { Demo } from './lib/demo.mjs';
import { checkLogs } from './lib/logs.mjs';
import { checkClients } from './clients/suite.mjs';
import { checkTokens } from './clients/tokens.mjs';
import { checkNodes } from './clients/nodes.mjs';
import { checkBrowser } from './browser/suite.mjs';
import { Fleet } from './providers/fleet.mjs';
import { checkProviders } from './providers/suite.mjs';
import { checkDashboard } from './dashboard/suite.mjs';
import { checkSession } from './session/suite.mjs';

const checks = new Checks();
const engines = [sqlite(), postgres(checks)].filter(Boolean);

for (const engine of engines) {
  await runOn(engine);
  engine.remove();
  const fresh = engine.another();
  await checkSession(fresh, checks);
  fresh.remove();
}

process.exitCode = checks.close();

async function runOn(engine) {
  let fleet;
  let demo;
  try {
    fleet = await Fleet.start();
    demo = await Demo.start(engine, fleet.endpoints);
  } catch (error) {
    checks.fail(`${engine.name}: the server starts`, error);
    await fleet?.close();
    return;
  }
  console.log(`\n${engine.name}: ready in ${demo.startMillis} ms at ${demo.env.HALLPASS_URL}`);
  for (const suite of [checkClients, checkTokens, checkNodes, checkBrowser, checkProviders, checkDashboard]) {
    try {
      await suite(demo, checks, fleet);
    } catch (error) {
      checks.fail(`${engine.name}: ${suite.name}`, error);
    }
  }
  await checks.that('SIGTERM ends the server with 0', () => demo.process.stop());
  await fleet.close();
  await checkLogs(demo, checks);
  checks.showOnFailure(demo.readLogs());
  demo.remove();
}
