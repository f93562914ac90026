// Clients that call `/sdk/me` without pause, and what they saw.

import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** GETs `/sdk/me` and answers `{ status, code, millis }`; `agent` says from which address. */
export function me(url, environment, token, agent) {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const headers = { authorization: `Bearer ${token}` };
    const call = request(`${url}/projects/${environment}/sdk/me`, { agent, headers }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => (text += chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        const millis = performance.now() - started;
        const body = answer.statusCode === 200 ? {} : JSON.parse(text);
        resolve({ status: answer.statusCode, code: body.code, body, headers: answer.headers, millis });
      });
    });
    call.on('error', reject);
    call.end();
  });
}

/** Connections from another address of this machine: refused tokens count against the address they come from. */
export function agentFrom(localAddress, maxSockets) {
  return new Agent({ keepAlive: true, localAddress, maxSockets });
}

/** `clients` that call with a fresh token from `next()` every time. */
export class Load {
  #running = true;
  #clients;
  #refused = new Set();

  /** Loads the server for as long as `work` takes; answers what the clients saw. Stops whatever happens. */
  static async during(work, ...load) {
    const running = new Load(...load);
    try {
      await work();
    } finally {
      await running.#stop();
    }
    return running;
  }

  constructor(url, environment, clients, next, pauseMillis = 10) {
    this.accepted = 0;
    this.millis = [];
    const agent = agentFrom('127.0.0.1', clients);
    const client = async () => {
      for (; this.#running; await sleep(pauseMillis)) {
        const answer = await me(url, environment, await next(), agent);
        this.millis.push(answer.millis);
        if (answer.status === 200) this.accepted += 1;
        else this.#refused.add(`${answer.status} ${answer.code}`);
      }
    };
    this.#clients = Promise.all(Array.from({ length: clients }, client)).finally(() => agent.destroy());
    // A client that could not connect shows when the load is stopped.
    this.#clients.catch(() => {});
  }

  /** The different refusals, such as `401 unknown_key`. */
  get refused() {
    return Array.from(this.#refused);
  }

  #stop() {
    this.#running = false;
    return this.#clients;
  }
}

export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** `{ '401 unknown_key': 300, ... }` */
export function tally(answers) {
  const counts = {};
  for (const { status, code } of answers) {
    const key = code === undefined ? String(status) : `${status} ${code}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}
