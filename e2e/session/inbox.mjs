// What people on the way to a sign-in receive, by address: mails, text messages.

import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MILLIS = 15_000;
/** In groups of three, so that people can read it. */
const CODE = /\b\d{3} ?\d{3}(?: ?\d{3})?\b/;

export class Inbox {
  #messages = new Map();
  #read = new Map();

  put(address, message) {
    this.#messages.set(address.toLowerCase(), [...this.all(address), message]);
  }

  /** Everything that has come for the address. */
  all(address) {
    return this.#messages.get(address.toLowerCase()) ?? [];
  }

  /** The next one that nobody has taken yet; waits for it. */
  async next(anyCase, patience = PATIENCE_MILLIS) {
    const address = anyCase.toLowerCase();
    const index = this.#read.get(address) ?? 0;
    this.#read.set(address, index + 1);
    for (const until = Date.now() + patience; Date.now() < until; await sleep(20)) {
      const message = this.all(address)[index];
      if (message) return message;
    }
    throw new Error(`nothing more came for ${address}: ${index} before`);
  }

  /** The code in the next message. */
  async nextCode(address) {
    const { text } = await this.next(address);
    const code = CODE.exec(text)?.[0].replaceAll(' ', '');
    if (!code) throw new Error(`no code in ${JSON.stringify(text)}`);
    return code;
  }
}
