// The code that the dashboard shows is copied off the page, run with the environment's private key, and its token used.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { assertAnswer } from '../lib/answers.mjs';
import { freeAddress, plainEnvironment } from '../lib/process.mjs';

const python = process.env.HALLPASS_E2E_PYTHON ?? 'python3';
const nodeModules = fileURLToPath(new URL('../node_modules', import.meta.url));

/** Where a snippet is put, and how it is made to sign for a user; answers the token. */
const WAYS = {
  node: { file: 'server.mjs', sign: askExpress },
  python: { file: 'user_token.py', sign: (file, user, env) => run(python, [file, user], env) },
  java: { file: 'UserToken.java', sign: (file, user, env) => run('java', [file, user], env) },
  openssl: { file: 'user-token.sh', sign: (file, user, env) => run('sh', [file, user], env) },
};

/** The Express snippet has this user signed in until somebody puts a real sign-in there. */
const EXPRESS_USER = 'user-1';

/** `operator.get(path)`: a page of the dashboard, as whoever may see it. */
export async function checkSnippets(demo, checks, operator) {
  const environment = demo.env.HALLPASS_SANDBOX_ID;
  const home = mkdtempSync(join(tmpdir(), 'hallpass-snippets-'));
  symlinkSync(nodeModules, join(home, 'node_modules'));
  let page = '';
  try {
    await checks.that('the dashboard shows code with this environment in it', async () => {
      const answer = await operator.get(`/dashboard/environments/${environment}/setup/code`);
      page = await answer.text();
      assert.equal(answer.status, 200, page);
      for (const language of ['rust', 'go', 'ruby', 'php', 'csharp', ...Object.keys(WAYS)]) {
        const code = snippetOf(page, language);
        assert.ok(code.includes(`useparagon.com/${environment}`), language);
        assert.ok(!code.includes('{{'), language);
      }
    });
    for (const [language, { file, sign }] of Object.entries(WAYS)) {
      await checks.that(`the dashboard's code in ${language} signs a token that is accepted`, async () => {
        const place = join(home, file);
        writeFileSync(place, snippetOf(page, language));
        const env = { ...plainEnvironment(), HALLPASS_SIGNING_KEY_FILE: demo.env.HALLPASS_SIGNING_KEY_FILE };
        const user = language === 'node' ? EXPRESS_USER : `snippet-${language}`;
        const token = await sign(place, user, env);
        const me = await assertAnswer(await demo.sdk(environment, 'me', token), 200);
        assert.equal(me.authenticated, true);
        assert.equal(me.userId, user);
        assert.equal(claimsOf(token).aud, `useparagon.com/${environment}`);
      });
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** The text of a snippet as the Copy button takes it. */
function snippetOf(page, language) {
  const found = new RegExp(`<code id="code-${language}">([^<]*)</code>`).exec(page);
  assert.ok(found, `the page has no code in ${language}`);
  return unescape(found[1]);
}

const NAMED = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescape(html) {
  return html.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (decimal) return String.fromCodePoint(Number(decimal));
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
    assert.ok(name in NAMED, whole);
    return NAMED[name];
  });
}

function run(program, words, env) {
  return execFileSync(program, words, { encoding: 'utf8', env, timeout: 60_000 }).trim();
}

/** Starts the app and asks it for a token as its page would. */
async function askExpress(file, _user, env) {
  const address = await freeAddress();
  const port = address.split(':')[1];
  const app = spawn(process.execPath, [file], { env: { ...env, PORT: port }, stdio: ['ignore', 'ignore', 'pipe'] });
  let complaints = '';
  app.stderr.on('data', (chunk) => (complaints += chunk));
  try {
    for (const until = Date.now() + 30_000; Date.now() < until && app.exitCode === null; await sleep(50)) {
      const answer = await fetch(`http://127.0.0.1:${port}/hallpass-token`).catch(() => null);
      if (!answer) continue;
      assert.equal(answer.headers.get('cache-control'), 'no-store');
      return (await assertAnswer(answer, 200)).token;
    }
    throw new Error(`the app did not answer: ${complaints}`);
  } finally {
    app.kill('SIGKILL');
  }
}

function claimsOf(token) {
  return JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
}
