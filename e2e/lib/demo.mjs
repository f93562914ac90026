// `hallpass demo` in a directory of its own, and the calls that the checks make on it.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeAddress, HallpassProcess, runHallpass } from './process.mjs';

export class Demo {
  /**
   * `egress`: HOST:PORT of what the server may reach on this machine. `options`: `listen`, where others expect it to be;
   * `flags` and `variables` of `demo` and `serve` beside those.
   */
  static async start(engine, egress = [], options = {}) {
    const demo = new Demo(engine, egress, mkdtempSync(join(tmpdir(), 'hallpass-e2e-')), options);
    const started = Date.now();
    try {
      demo.process = await demo.spawn('demo');
      demo.env = await demo.process.ready();
    } catch (error) {
      demo.remove();
      throw error;
    }
    demo.startMillis = Date.now() - started;
    return demo;
  }

  #spawned = 0;

  constructor(engine, egress, home, { listen, flags = ['--portal-listen', 'none'], variables = {} }) {
    this.engine = engine;
    this.egress = egress;
    this.home = home;
    this.listen = listen;
    this.flags = flags;
    this.variables = variables;
  }

  /** Where the data is, for any verb of the binary. */
  get databaseFlags() {
    const { databaseUrl } = this.engine;
    const flags = ['--data-dir', join(this.home, 'data')];
    return databaseUrl ? [...flags, '--database-url', databaseUrl] : flags;
  }

  get egressFlags() {
    return this.egress.flatMap((endpoint) => ['--allow-egress', endpoint]);
  }

  /** `demo` or `serve` on this data, at an address of its own unless one was asked for. */
  async spawn(verb) {
    this.#spawned += 1;
    const listen = this.listen ?? (await freeAddress());
    const words = [verb, ...this.databaseFlags, ...this.egressFlags, ...this.flags, '--listen', listen];
    const file = (extension) => join(this.home, `${verb}-${this.#spawned}.${extension}`);
    return new HallpassProcess(words, file('env'), file('log'), this.variables);
  }

  /** Ends the server and starts it again on the same data: nothing that it remembered is left. */
  async restart() {
    await this.process.stop();
    this.process = await this.spawn('demo');
    this.env = await this.process.ready();
  }

  /** A verb of the command line that administers through the running server. */
  throughServer(words, input) {
    const { HALLPASS_URL, HALLPASS_OPERATOR_KEY } = this.env;
    return runHallpass(words, { env: { HALLPASS_URL, HALLPASS_OPERATOR_KEY }, input });
  }

  /** The same on the database, beside the server. */
  onDatabase(words, input) {
    return runHallpass([...words, ...this.databaseFlags], { input });
  }

  /** A call on the Connect surface, as a customer's backend makes it. */
  sdk(environment, path, token, init = {}) {
    return this.sdkAt(this.env.HALLPASS_URL, environment, path, token, init);
  }

  sdkAt(url, environment, path, token, init = {}) {
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const headers = { 'content-type': 'application/json', ...authorization, ...init.headers };
    return fetch(`${url}/projects/${environment}/sdk/${path}`, { ...init, headers });
  }

  /** A call on the admin API as the demo's operator; answers the JSON body. */
  async admin(method, path, body) {
    const answer = await fetch(`${this.env.HALLPASS_URL}/admin/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${this.env.HALLPASS_OPERATOR_KEY}`, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  /** An environment of the demo's project that nothing else uses; it has no signing key. */
  async newEnvironment(name) {
    return (await this.admin('POST', `projects/${this.env.HALLPASS_PROJECT_ID}/environments`, { name })).id;
  }

  /** Revokes the environment's other keys at once, or after the overlap; answers the new key with its private half. */
  generateKey(environment, overlapSecs = 0) {
    return this.admin('POST', `environments/${environment}/signing-keys`, { bits: 2048, overlap_secs: overlapSecs });
  }

  /** What every process on this data has logged. */
  readLogs() {
    const logs = readdirSync(this.home).filter((name) => name.endsWith('.log'));
    return logs.map((name) => readFileSync(join(this.home, name), 'utf8')).join('');
  }

  remove() {
    this.process?.kill();
    rmSync(this.home, { recursive: true, force: true });
  }
}
