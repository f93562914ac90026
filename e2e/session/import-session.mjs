// A backend that is handed a session: PUBLISHABLE_KEY EXPORTED_SESSION. Its last line says what it saw.

import { Para } from '@getpara/server-sdk';
import { untilReady } from './node-para.mjs';

const [key, exported] = process.argv.slice(2);
const para = await untilReady(new Para(key, { disableWebSockets: true }));
await para.importSession(exported);
const isSessionActive = await para.isSessionActive();
const { token } = await para.issueJwt();
const userId = para.getUserId();
await para.logout();
const activeAfterLogout = await para.isSessionActive();
// The SDK's own words may stand before it.
process.stdout.write(`\n${JSON.stringify({ isSessionActive, userId, token, activeAfterLogout })}`, () => process.exit(0));
