// What the server writes to its log must not open any door.

import assert from 'node:assert/strict';

const SECRETS = [
  ['a token', /eyJ[\w-]{8,}\.[\w-]+\.[\w-]+/],
  ['a private key', /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ['a bearer header', /bearer\s+\S{12,}/i],
];

/** `secrets`: further texts that must not be there. */
export async function checkLogs(demo, checks, secrets = []) {
  const log = demo.readLogs();
  await checks.that('the log shows no token, operator key or private key', () => {
    const lines = log.split('\n').length - 1;
    assert.ok(lines > 20, `only ${lines} lines were logged: is the level what lib/process.mjs asks for?`);
    for (const [what, pattern] of SECRETS) {
      assert.doesNotMatch(log, pattern, `the log contains ${what}`);
    }
    const operatorKey = demo.env.HALLPASS_OPERATOR_KEY;
    assert.ok(operatorKey.length > 20, 'the env file has an operator key');
    assert.ok(!log.includes(operatorKey), 'the log contains the operator key');
    for (const secret of secrets) {
      assert.ok(!log.includes(secret), `the log contains ${secret.slice(0, 6)}...`);
    }
    return `${lines} lines at the most talkative level`;
  });
}
