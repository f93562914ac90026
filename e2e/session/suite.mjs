// Sign-in, sessions and issued tokens, as the unmodified public packages see them.

import { Browser } from '../browser/browser.mjs';
import { checkLogs } from '../lib/logs.mjs';
import { secrets } from './app.mjs';
import { checkBrowserSdk } from './check-browser.mjs';
import { checkCodes } from './check-codes.mjs';
import { checkLinked } from './check-linked.mjs';
import { checkOAuth } from './check-oauth.mjs';
import { checkHostedPage } from './check-page.mjs';
import { checkPasskeys } from './check-passkeys.mjs';
import { checkProvisioned } from './check-provisioned.mjs';
import { checkReact } from './check-react.mjs';
import { checkRotation } from './check-rotation.mjs';
import { checkSdk } from './check-sdk.mjs';
import { checkServerSdk } from './check-server-sdk.mjs';
import { checkSessions } from './check-sessions.mjs';
import { checkTelegram } from './check-telegram.mjs';
import { checkTokens } from './check-tokens.mjs';
import { checkTransport } from './check-transport.mjs';
import { checkUnsupported } from './check-unsupported.mjs';
import { checkWallets } from './check-wallets.mjs';
import { checkWebhooks } from './check-webhooks.mjs';
import { checkPortal } from './portal.mjs';
import { quieten } from './quiet.mjs';
import { World } from './world.mjs';

const IN_NODE = [
  checkTransport,
  checkCodes,
  checkWallets,
  checkTokens,
  checkTelegram,
  checkLinked,
  checkProvisioned,
  checkWebhooks,
  checkUnsupported,
  checkSdk,
  checkServerSdk,
  checkOAuth,
  checkSessions,
  checkScriptHost,
];
const IN_BROWSER = [checkBrowserSdk, checkHostedPage, checkPasskeys];

/** `only`: names of the checks to run, for work on one of them. */
export async function checkSession(engine, checks, only = process.env.HALLPASS_E2E_ONLY) {
  const wanted = (check) => !only || only.split(',').includes(check.name);
  let world;
  try {
    world = await World.start(engine);
  } catch (error) {
    checks.fail(`${engine.name}: the server with sign-in starts`, error);
    return;
  }
  const console = quieten();
  const run = async (check, ...more) => {
    if (!wanted(check)) return;
    try {
      await check(world, checks, ...more);
    } catch (error) {
      checks.fail(`${engine.name}: ${check.name}`, error);
    }
  };
  try {
    // The last two mostly wait.
    await Promise.all([inTurn(IN_NODE, run), inOneBrowser(IN_BROWSER.filter(wanted), run), run(checkReact), run(checkRotation)]);
    await checks.that('SIGTERM ends the server with 0', () => world.demo.process.stop());
    await checkLogs(world.demo, checks, secrets);
    checks.showOnFailure(`${console.lines.join('\n')}\n${world.demo.readLogs()}`);
  } finally {
    console.restore();
    world.demo.remove();
    await world.close();
  }
}

/** node-forge takes a global `Worker` for a browser's; it must not stay for the other checks. */
async function checkScriptHost({ demo }, checks) {
  const { Worker } = globalThis;
  await checkPortal(demo.env.HALLPASS_PORTAL_URL, checks);
  globalThis.Worker = Worker;
}

async function inTurn(list, run) {
  for (const check of list) await run(check);
}

async function inOneBrowser(list, run) {
  if (list.length === 0) return;
  const browser = await Browser.open();
  try {
    for (const check of list) await run(check, browser);
  } finally {
    await browser.close();
  }
}
