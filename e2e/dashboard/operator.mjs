// An operator in front of the dashboard, in a real browser. Remembers every request and what the console said.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Browser } from '../browser/browser.mjs';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** No page may be heavier, in bytes of all that its first visit loads. */
const MOST_BYTES = 100 * 1024;

export class OperatorInBrowser {
  static async open(demo, Hands) {
    const browser = await Browser.open();
    await browser.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    return new OperatorInBrowser(demo, browser, new Hands(browser.page));
  }

  constructor(demo, browser, hands) {
    this.demo = demo;
    this.browser = browser;
    this.page = browser.page;
    this.hands = hands;
    this.origin = demo.env.HALLPASS_URL.replace('127.0.0.1', 'localhost');
    this.sent = [];
    this.complaints = [];
    this.looked = new Set();
    this.page.on('request', (request) => this.sent.push({ url: request.url(), headers: request.headers(), body: request.postData() }));
    this.page.on('pageerror', (error) => this.complaints.push(`error: ${error.message}`));
    this.page.on('console', (message) => {
      // Refused requests of the inspector and explorer are part of what is shown.
      if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) this.complaints.push(message.text());
    });
  }

  async signIn(key = this.demo.env.HALLPASS_OPERATOR_KEY) {
    await this.goto('/dashboard');
    await this.hands.write('#key', key);
    await this.press('main button[type="submit"]');
  }

  goto(path) {
    return this.page.goto(`${this.origin}${path}`);
  }

  /** Presses what leads to another page, and waits for that. */
  async press(selector) {
    await Promise.all([this.page.waitForEvent('load'), this.hands.press(selector)]);
  }

  /** Follows an entry of the navigation. */
  async section(name) {
    await this.press(`nav a:text-is("${name}")`);
    await this.page.locator('main h1').first().waitFor();
  }

  text(selector) {
    return this.page.locator(selector).first().innerText();
  }

  value(selector) {
    return this.page.locator(selector).first().inputValue();
  }

  /** What axe finds, in light and in dark; and that nothing is too heavy or sticks out of a phone. */
  async look(name) {
    for (const colorScheme of ['light', 'dark']) {
      await this.page.emulateMedia({ colorScheme });
      await this.page.evaluate(axeSource);
      const found = await this.page.evaluate(() =>
        window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }),
      );
      const violations = found.violations.map((one) => `${one.id} (${one.impact}): ${one.nodes.map((node) => `${node.target} ${node.failureSummary}`).join(' | ')}`);
      assert.deepEqual(violations, [], `${name}, ${colorScheme}`);
    }
    await this.page.emulateMedia({ colorScheme: 'light' });
    this.looked.add(name);
  }

  /** The width of a phone: nothing makes the page itself scroll sideways. */
  async onPhone(name) {
    const before = this.page.viewportSize();
    await this.page.setViewportSize({ width: 360, height: 740 });
    const wide = await this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    await this.page.setViewportSize(before);
    assert.ok(wide <= 1, `${name} is ${wide} px wider than a phone`);
  }

  /** Bytes that a first visit of a page loads. */
  async weigh(path) {
    const devtools = await this.browser.context.newCDPSession(this.page);
    let bytes = 0;
    devtools.on('Network.loadingFinished', ({ encodedDataLength }) => {
      bytes += encodedDataLength;
    });
    await devtools.send('Network.enable');
    await devtools.send('Network.setCacheDisabled', { cacheDisabled: true });
    await this.goto(path);
    await this.browser.settle();
    await devtools.detach();
    assert.ok(bytes < MOST_BYTES, `${path} loads ${bytes} bytes`);
    return bytes;
  }

  async close() {
    await this.browser.close();
  }
}
