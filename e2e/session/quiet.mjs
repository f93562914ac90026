// The SDKs tell the console about every step. It is kept, and shown when something has failed.

import { format } from 'node:util';

const METHODS = ['debug', 'error', 'info', 'log', 'trace', 'warn'];
const MOST_LINES = 400;

/** From now on nothing reaches the console; answers `{lines, restore}`. */
export function quieten() {
  const lines = [];
  const originals = METHODS.map((method) => [method, console[method]]);
  for (const method of METHODS) {
    console[method] = (...words) => {
      lines.push(format(...words).slice(0, 500));
      if (lines.length > MOST_LINES) lines.shift();
    };
  }
  return { lines, restore: () => originals.forEach(([method, original]) => (console[method] = original)) };
}
