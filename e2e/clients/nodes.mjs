// Trust is one thing however many processes share a database: a key rotated elsewhere stops counting here.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { assertAnswer, millisUntilRefused } from '../lib/answers.mjs';
import { hallpassBinary, plainEnvironment } from '../lib/process.mjs';
import { signWithJose } from './sign-with-jose.mjs';

const run = promisify(execFile);

export async function checkNodes(demo, checks) {
  await checks.that('a key rotated by the command line on the same database stops counting', async () => {
    const { HALLPASS_BETA_ID: beta } = demo.env;
    const token = await freshToken(demo, beta);
    await assertAnswer(await demo.sdk(beta, 'me', token), 200);
    const words = ['key', 'generate', '--environment', beta, '--json', ...demo.databaseFlags];
    await run(hallpassBinary(), words, { env: plainEnvironment() });
    return note(await millisUntilRefused(() => demo.sdk(beta, 'me', token)), 'the command ended');
  });
  // SQLite has one node; PostgreSQL has any number.
  if (demo.engine.databaseUrl) {
    await checks.that('a key rotated at another node stops counting', () => rotateAtAnotherNode(demo));
  }
}

async function rotateAtAnotherNode(demo) {
  const { HALLPASS_BETA_ID: beta } = demo.env;
  const token = await freshToken(demo, beta);
  const other = await demo.spawn('serve');
  try {
    const { HALLPASS_URL: url } = await other.ready();
    const me = () => demo.sdkAt(url, beta, 'me', token);
    await assertAnswer(await me(), 200);
    await demo.generateKey(beta);
    const millis = await millisUntilRefused(me);
    await other.stop();
    return note(millis, 'the other node answered');
  } finally {
    other.kill();
  }
}

async function freshToken(demo, environment) {
  return signWithJose((await demo.generateKey(environment)).private_key_pem, 'e2e-nodes');
}

function note(millis, since) {
  return `refused ${millis.toFixed(0)} ms after ${since}; at most 1000 promised`;
}
