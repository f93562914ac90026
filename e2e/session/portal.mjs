// The portal host: node-forge, which the browser packages carry, makes keys with the worker that Hallpass serves.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { Worker as Thread } from 'node:worker_threads';

const WORKER_PATH = '/static/js/prime.worker.min.js';

/** `portalUrl`: where the demo's portal listener answers, HALLPASS_PORTAL_URL of its env file. */
export async function checkPortal(portalUrl, checks) {
  let script;
  await checks.that('portal: the prime worker may be read from any page', async () => {
    const answer = await fetch(portalUrl + WORKER_PATH, { headers: { origin: 'https://app.example.com' } });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('access-control-allow-origin'), '*');
    assert.match(answer.headers.get('content-type'), /^text\/javascript/);
    script = await answer.text();
  });
  await checks.that('portal: no other path serves anything that could be run', async () => {
    for (const path of ['/', '/static/js/mpcWorkerServer-bundle.js', '/static/js/mpcWorker-bundle.js', '/auth/otp']) {
      const answer = await fetch(portalUrl + path);
      assert.equal(answer.status, 404, path);
      assert.match(answer.headers.get('content-type'), /^text\/plain/);
    }
  });
  if (script === undefined) return;
  const forge = forgeWithWorkers(script);
  for (const attempt of ['first', 'second']) {
    await checks.that(`portal: node-forge finds a prime of 1024 bits with the worker, ${attempt} time`, async () => {
      const started = Date.now();
      const prime = await findPrime(forge, 1024);
      assert.equal(prime.bitLength(), 1024);
      assert.ok(prime.isProbablePrime(20), 'node-forge itself takes it for composite');
      return `${Date.now() - started} ms`;
    });
  }
  await checks.that('portal: node-forge makes a key pair of 2048 bits that signs', async () => {
    const pair = await makeKeyPair(forge, 2048);
    const digest = () => forge.md.sha256.create().update('message');
    const signature = pair.privateKey.sign(digest());
    assert.ok(pair.publicKey.verify(digest().digest().bytes(), signature));
  });
}

/** node-forge looks for a global `Worker` whenever it begins a search, so this one stays for the process. */
function forgeWithWorkers(script) {
  globalThis.Worker = class extends WebWorker {
    constructor() {
      super(script);
    }
  };
  return createRequire(import.meta.url)('node-forge');
}

function findPrime(forge, bits) {
  const options = { algorithm: { name: 'PRIMEINC', options: { workers: 2, workerScript: 'served' } } };
  return new Promise((resolve, reject) => {
    forge.prime.generateProbablePrime(bits, options, (error, prime) => (error ? reject(error) : resolve(prime)));
  });
}

function makeKeyPair(forge, bits) {
  // With a generator of its own, node-forge does not hand the work to Node's native one.
  const options = { bits, workers: 2, workerScript: 'served', prng: forge.random };
  return new Promise((resolve, reject) => {
    forge.pki.rsa.generateKeyPair(options, (error, pair) => (error ? reject(error) : resolve(pair)));
  });
}

/** What a browser calls a worker, in a thread of Node: as much of it as the script and node-forge use. */
class WebWorker extends EventTarget {
  constructor(script) {
    super();
    this.thread = new Thread(`${WORKER_GLOBALS}\n${script}`, { eval: true });
    this.thread.on('message', (data) => this.dispatchEvent(Object.assign(new Event('message'), { data })));
    this.thread.on('error', (error) => {
      throw error;
    });
  }

  postMessage(data) {
    this.thread.postMessage(data);
  }

  terminate() {
    this.thread.terminate();
  }
}

const WORKER_GLOBALS = `
  const { parentPort } = require('node:worker_threads');
  globalThis.self = {
    crypto: require('node:crypto').webcrypto,
    addEventListener: (_, listener) => parentPort.on('message', (data) => listener({ data })),
    postMessage: (data) => parentPort.postMessage(data),
  };
`;
