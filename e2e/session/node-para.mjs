// The unmodified core SDK in Node: the three things that its platform has to supply, and nothing else.

import { setTimeout as sleep } from 'node:timers/promises';
import ParaCore from '@getpara/core-sdk';

const READY_MILLIS = 20_000;

export class NodePara extends ParaCore {
  async setup() {
    this.isSetup = true;
  }

  getPlatformUtils() {
    return new NodePlatform();
  }

  async isPasskeySupported() {
    return false;
  }
}

class NodePlatform {
  sdkType = 'SERVER';
  localStorage = new MemoryStorage();
  sessionStorage = new MemoryStorage();
  isSyncStorage = true;
  disableProviderModal = true;

  async openPopup() {
    throw new Error('there are no windows in Node');
  }

  async initializeWorker() {}
  addEventListener() {}
  removeEventListener() {}
}

class MemoryStorage {
  #values = new Map();
  get = (key) => this.#values.get(key) ?? null;
  set = (key, value) => void this.#values.set(key, value);
  removeItem = (key) => void this.#values.delete(key);

  clear = (prefix) => {
    for (const key of this.#values.keys()) if (key.startsWith(prefix)) this.#values.delete(key);
  };
}

/** A fresh instance, ready to sign somebody in. */
export async function startPara(app, options = {}) {
  return untilReady(new NodePara(app.publishableKey, { disableWebSockets: true, ...options }));
}

/** Sign-in calls that come earlier are dropped by the SDK without a word. */
export async function untilReady(para) {
  await until(() => para.isReady && para.authPhase === 'unauthenticated', `ready: ${para.corePhase}`, READY_MILLIS);
  return para;
}

export async function until(condition, what, patience = 30_000) {
  for (const end = Date.now() + patience; Date.now() < end; await sleep(20)) {
    if (await condition()) return;
  }
  throw new Error(`not within ${patience} ms: ${typeof what === 'function' ? what() : what}`);
}

/** The SDK waits for ever; a check waits as long as two 2048-bit keys in pure JavaScript take on a busy machine. */
export async function within(promise, what, patience = 180_000) {
  const timer = new AbortController();
  const late = sleep(patience, null, { signal: timer.signal }).then(
    () => Promise.reject(new Error(`${what}: not within ${patience} ms`)),
    () => {},
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}
