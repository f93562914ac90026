// A web server on loopback that counts what it is asked, can go away and come back, and can misbehave.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const HUGE_BYTES = 50 * 1024 * 1024;
const CHUNK = Buffer.alloc(64 * 1024, 0x20);
const HTML = '<!doctype html><title>Maintenance</title><p>We are back in a minute.';

export class Loopback {
  #handle;
  #server;
  #hits = new Map();

  /** `handle(request, response, url)` answers; what it throws is a 500. */
  static async listen(handle) {
    const loopback = new Loopback(handle);
    await loopback.up();
    return loopback;
  }

  constructor(handle) {
    this.#handle = handle;
    this.port = 0;
    this.sentBytes = 0;
    this.behave('well');
  }

  /** HOST:PORT, as `--allow-egress` takes it. */
  get endpoint() {
    return `127.0.0.1:${this.port}`;
  }

  get url() {
    return `http://${this.endpoint}`;
  }

  /** How often a path was asked for since the last `forgetHits`. */
  hits(path) {
    return this.#hits.get(path) ?? 0;
  }

  forgetHits() {
    this.#hits.clear();
  }

  /** `well`; `hangs`: never answers; `huge`: 50 MB of white space; `html`: a page with status 200; `fails`: 500. */
  behave(how) {
    this.#manner = { well: this.#well, hangs: () => {}, huge: this.#huge, html: this.#html, fails: this.#fails }[how];
    if (!this.#manner) throw new Error(`no server behaves "${how}"`);
  }

  #manner;

  /** Listens: on the port it had before, if it had one. */
  async up() {
    if (this.#server) return;
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = this.#server.address().port;
  }

  /** Refuses connections and drops those it has. */
  async down() {
    const server = this.#server;
    this.#server = null;
    if (!server) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  async #answer(request, response) {
    const url = new URL(request.url, this.url);
    this.#hits.set(url.pathname, this.hits(url.pathname) + 1);
    try {
      await this.#manner(request, response, url);
    } catch (error) {
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' });
      response.end(String(error?.stack ?? error));
    }
  }

  #well(request, response, url) {
    return this.#handle(request, response, url);
  }

  #html(_request, response) {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(HTML);
  }

  #fails(_request, response) {
    response.writeHead(500, { 'content-type': 'text/plain' }).end('out of order');
  }

  /** Chunked, so that no length warns the reader; `sentBytes` tells how much of it was taken. */
  async #huge(_request, response) {
    response.writeHead(200, { 'content-type': 'application/json' });
    // The reader is expected to hang up.
    await pipeline(Readable.from(this.#chunks(), { objectMode: false }), response).catch(() => {});
  }

  *#chunks() {
    for (let sent = 0; sent < HUGE_BYTES; sent += CHUNK.length) {
      this.sentBytes += CHUNK.length;
      yield CHUNK;
    }
  }
}

export function sendJson(response, status, body, headers = {}) {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify(body));
}

export async function readForm(request) {
  return new URLSearchParams(await readText(request));
}

export async function readText(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

/** Answers what a page of another origin needs; true when the request was a preflight and is done. */
export function allowOtherOrigins(request, response) {
  response.setHeader('access-control-allow-origin', request.headers.origin ?? '*');
  response.setHeader('vary', 'Origin');
  if (request.method !== 'OPTIONS') return false;
  response.setHeader('access-control-allow-headers', request.headers['access-control-request-headers'] ?? '*');
  response.writeHead(204).end();
  return true;
}
