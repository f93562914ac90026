// A hallpass process: started, waited for, stopped.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const START_MILLIS = 60_000;
const STOP_MILLIS = 15_000;

export function hallpassBinary() {
  const binary = process.env.HALLPASS_BIN;
  if (!binary) throw new Error('HALLPASS_BIN names the hallpass binary');
  return binary;
}

export class HallpassProcess {
  constructor(words, envFile, logFile, variables = {}) {
    const log = openSync(logFile, 'w');
    // Everything that can be logged is: what must not be in the log is looked for afterwards.
    const env = { ...plainEnvironment(), ...variables, HALLPASS__LOG__LEVEL: 'trace' };
    this.child = spawn(hallpassBinary(), [...words, '--env-file', envFile], { env, stdio: ['ignore', 'pipe', log] });
    closeSync(log);
    this.envFile = envFile;
    this.logFile = logFile;
    // The demo's tour shows secrets on standard output, on purpose; the log on standard error must not.
    this.printed = '';
    this.child.stdout.on('data', (chunk) => (this.printed += chunk));
    // Should this program break off, the server must not stay behind.
    const kill = () => this.kill();
    process.once('exit', kill);
    this.child.once('exit', () => process.off('exit', kill));
    this.ended = new Promise((resolve) => {
      this.child.once('exit', (code, signal) => resolve(code ?? signal));
      this.child.once('error', (error) => resolve(error.message));
    });
  }

  /** The variables of the env file, which is written when the server is ready. */
  async ready() {
    for (const until = Date.now() + START_MILLIS; Date.now() < until; await sleep(20)) {
      const env = readEnv(this.envFile);
      if (env) return env;
      if (this.child.exitCode !== null) break;
    }
    this.kill();
    throw new Error(`no env file was written\n${this.printed}${this.readLog()}`);
  }

  async stop() {
    this.child.kill('SIGTERM');
    const late = sleep(STOP_MILLIS, `no exit within ${STOP_MILLIS} ms`, { ref: false });
    const end = await Promise.race([this.ended, late]);
    if (end !== 0) {
      this.kill();
      throw new Error(`ended with ${end}`);
    }
  }

  kill() {
    this.child.kill('SIGKILL');
  }

  readLog() {
    return readFileSync(this.logFile, 'utf8');
  }
}

/** One verb of the command line, to its end: the exit code and what it printed; `json` when that was JSON. */
export async function runHallpass(words, { env = {}, input } = {}) {
  const stdio = [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'];
  const child = spawn(hallpassBinary(), words, { env: { ...plainEnvironment(), ...env }, stdio });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  // A verb may end before it has read what it was given.
  child.stdin?.on('error', () => {}).end(input);
  const [code] = await once(child, 'close');
  return { code, stdout, stderr, json: words.includes('--json') && stdout !== '' ? JSON.parse(stdout) : undefined };
}

/** This process's environment without what would configure Hallpass. */
export function plainEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HALLPASS_')));
}

/** Null while there is none. */
function readEnv(file) {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return null;
  }
  const assignments = text.matchAll(/^(HALLPASS_\w+)='(.*)'$/gm);
  return Object.fromEntries(Array.from(assignments, ([, name, value]) => [name, value.replaceAll("'\\''", "'")]));
}

export async function freeAddress() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}
