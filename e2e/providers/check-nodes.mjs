// Several nodes on one database: a provider that is trusted or removed at one of them is so at all.

import { setTimeout as sleep } from 'node:timers/promises';
import { assertAnswer, millisUntilRefused } from '../lib/answers.mjs';
import { addKeyServer } from './setup.mjs';

export async function checkOtherNode(demo, checks, fleet) {
  // SQLite has one node; PostgreSQL has any number.
  if (!demo.engine.databaseUrl) return;
  const server = fleet.commanded;
  const environment = await demo.newEnvironment('e2e-nodes');
  const other = await demo.spawn('serve');
  try {
    const { HALLPASS_URL: url } = await other.ready();
    const token = await server.token('of-both-nodes');
    const there = () => demo.sdkAt(url, environment, 'me', token);

    for (const [what, change] of [
      ['disabled', (path) => demo.admin('PATCH', path, { disabled: true })],
      ['removed', (path) => demo.admin('DELETE', path)],
    ]) {
      await checks.that(`a provider that is ${what} at one node is refused at the other within a second`, async () => {
        const { items } = await demo.admin('GET', `environments/${environment}/identity-providers`);
        const { id } = items[0] ?? (await addKeyServer(demo, environment, server));
        const path = `environments/${environment}/identity-providers/${id}`;
        await demo.admin('PATCH', path, { disabled: false });
        await trusted(there);
        await change(path);
        return `refused ${(await millisUntilRefused(there)).toFixed(0)} ms after the first node answered`;
      });
    }
    await other.stop();
  } finally {
    other.kill();
  }
}

/** The other node gets to know within a second. */
async function trusted(call) {
  const until = Date.now() + 5_000;
  let answer = await call();
  while (answer.status !== 200 && Date.now() < until) {
    await sleep(50);
    answer = await call();
  }
  await assertAnswer(answer, 200);
}
