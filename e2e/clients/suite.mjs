// Four libraries that customers sign with; the server must know the user from each of their tokens.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { tokenFromExpress } from './express-app.mjs';
import { signWithJoseFile } from './sign-with-jose.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const python = process.env.HALLPASS_E2E_PYTHON ?? 'python3';

function runSigner(program, ...words) {
  return execFileSync(program, words, { encoding: 'utf8' }).trim();
}

const SIGNERS = [
  ['an Express app with jsonwebtoken', tokenFromExpress],
  ['PyJWT', (keyFile, sub) => runSigner(python, here('sign_with_pyjwt.py'), keyFile, sub)],
  ['jose', signWithJoseFile],
  ['a shell script with openssl', (keyFile, sub) => runSigner('sh', here('sign-with-openssl.sh'), keyFile, sub)],
];

export async function checkClients(demo, checks) {
  const sandbox = demo.env.HALLPASS_SANDBOX_ID;
  for (const [index, [name, sign]] of SIGNERS.entries()) {
    await checks.that(`a token signed by ${name} is accepted`, async () => {
      const sub = `e2e-user-${index + 1}`;
      const token = await sign(demo.env.HALLPASS_SIGNING_KEY_FILE, sub);
      const answer = await demo.sdk(sandbox, 'me', token);
      const body = await answer.json();
      assert.equal(answer.status, 200, JSON.stringify(body));
      assert.equal(body.authenticated, true);
      assert.equal(body.userId, sub);
    });
  }
}
