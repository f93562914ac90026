// Headless Chromium of the distribution; every name but this machine's own is unresolvable, and every request is recorded.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Not Playwright's request interception: with it, Playwright answers the preflights itself.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
];

const OWN_HOSTS = ['127.0.0.1', 'localhost'];

export class Browser {
  static async open() {
    const home = mkdtempSync(join(tmpdir(), 'hallpass-chromium-'));
    const executablePath = process.env.HALLPASS_E2E_CHROMIUM ?? '/usr/bin/chromium';
    const context = await chromium.launchPersistentContext(home, { executablePath, headless: true, args: FLAGS });
    const browser = new Browser(context, home, context.pages()[0] ?? (await context.newPage()));
    await browser.#record();
    return browser;
  }

  constructor(context, home, page) {
    this.context = context;
    this.home = home;
    this.page = page;
    this.#calls = new Map();
  }

  #calls;

  /** What was sent since the last `forget`: `{method, url, host, path, type, headers, status}`. */
  get calls() {
    return Array.from(this.#calls.values()).filter((call) => call.method);
  }

  callsTo(method, path) {
    return this.calls.filter((call) => call.method === method && call.path === path);
  }

  foreignHosts() {
    const hosts = this.calls.map((call) => call.host).filter((host) => host && !OWN_HOSTS.includes(host));
    return Array.from(new Set(hosts)).sort();
  }

  /** Lets what is under way arrive, then starts a new recording. */
  async forget() {
    await this.settle();
    this.#calls.clear();
  }

  async settle() {
    await this.page.waitForLoadState('load');
    await sleep(300);
  }

  async close() {
    await this.context.close();
    rmSync(this.home, { recursive: true, force: true });
  }

  async #record() {
    const devtools = await this.context.newCDPSession(this.page);
    const call = (id) => {
      if (!this.#calls.has(id)) this.#calls.set(id, { headers: {} });
      return this.#calls.get(id);
    };
    devtools.on('Network.requestWillBeSent', ({ requestId, request, type }) => {
      const url = new URL(request.url);
      const seen = { method: request.method, url: request.url, host: url.hostname, path: url.pathname, type };
      Object.assign(call(requestId), seen);
      Object.assign(call(requestId).headers, lowerCase(request.headers));
    });
    devtools.on('Network.requestWillBeSentExtraInfo', ({ requestId, headers }) => {
      Object.assign(call(requestId).headers, lowerCase(headers));
    });
    devtools.on('Network.responseReceived', ({ requestId, response }) => {
      call(requestId).status = response.status;
    });
    devtools.on('Network.loadingFailed', ({ requestId, errorText }) => {
      call(requestId).failed = errorText;
    });
    await devtools.send('Network.enable');
  }
}

function lowerCase(headers) {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
