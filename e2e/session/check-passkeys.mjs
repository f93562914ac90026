// The hosted page in a real browser: codes with and without a script, by keyboard; passkeys of Chromium's virtual
// authenticator; and that a page signs in the one session that it was opened for.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  // Passkeys need a host with a name; no other is found.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
];

export async function checkPasskeys(world, checks) {
  const visit = new Visit(world);
  const home = mkdtempSync(join(tmpdir(), 'hallpass-page-'));
  const executablePath = process.env.HALLPASS_E2E_CHROMIUM ?? '/usr/bin/chromium';
  const context = await chromium.launchPersistentContext(home, { executablePath, headless: true, args: FLAGS });
  try {
    await checkWithoutScript(visit, executablePath, checks);
    await checkCeremonies(visit, context, checks);
    await checkRefusals(visit, context, checks);
  } finally {
    await context.close();
    rmSync(home, { recursive: true, force: true });
  }
}

/** One app, its sessions and the mailbox of whoever signs in. */
class Visit {
  constructor({ demo, sandbox, mailbox }) {
    this.api = new URL(demo.env.HALLPASS_URL);
    this.pages = new URL(demo.env.HALLPASS_URL);
    this.pages.hostname = 'localhost';
    this.key = sandbox.publishableKey;
    this.mailbox = mailbox;
  }

  /** The session as the server has it; a new one without `sid`. */
  async touch(sid) {
    const headers = { 'x-external-api-key': this.key, ...(sid ? { 'x-capsule-sid': sid } : {}) };
    const answer = await fetch(new URL('/touch', this.api), { method: 'POST', headers });
    assert.equal(answer.status, 200);
    return { ...(await answer.json()), sid: answer.headers.get('x-capsule-sid') };
  }

  address(path, session) {
    const query = new URLSearchParams({ apiKey: this.key, sessionId: session.sessionLookupId });
    return new URL(`${path}?${query}`, this.pages).href;
  }
}

async function signInWithCode(visit, page, session, address) {
  await page.goto(visit.address('/auth/sign-in', session));
  // The field has the focus: nothing but the keyboard is used.
  await page.locator('input[type=email]:focus').waitFor();
  await page.keyboard.type(address);
  await page.keyboard.press('Enter');
  await page.locator('#code:focus').waitFor();
  await page.keyboard.type(await visit.mailbox.nextCode(address));
  await page.keyboard.press('Enter');
  await page.locator('body[data-step="done"]').waitFor();
}

async function checkWithoutScript(visit, executablePath, checks) {
  await checks.that('hosted page: a code signs in by keyboard, in a browser without scripts', async () => {
    const browser = await chromium.launch({ executablePath, headless: true, args: FLAGS });
    try {
      const context = await browser.newContext({ javaScriptEnabled: false });
      const [session, other] = [await visit.touch(), await visit.touch()];
      await signInWithCode(visit, await context.newPage(), session, 'keyboard@example.com');
      const signedIn = await visit.touch(session.sid);
      assert.equal(signedIn.isAuthenticated, true);
      assert.notEqual(signedIn.sid.split(';')[0], session.sid.split(';')[0], 'the secret was not exchanged');
      assert.equal((await visit.touch(other.sid)).isAuthenticated, false, 'another session was signed in');
      assert.notEqual((await visit.touch(session.sid)).userId, signedIn.userId, 'the old secret is still good');
    } finally {
      await browser.close();
    }
  });
}

async function checkCeremonies(visit, context, checks) {
  const page = context.pages()[0] ?? (await context.newPage());
  const complaints = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  const devtools = await context.newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true };
  const authenticator = { options: { ...options, isUserVerified: true, automaticPresenceSimulation: true } };
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', authenticator);
  const credentials = () => devtools.send('WebAuthn.getCredentials', { authenticatorId });
  let owner;

  await checks.that('hosted page: whoever signed in with a code makes a passkey', async () => {
    const session = await visit.touch();
    await signInWithCode(visit, page, session, 'passkey@example.com');
    owner = (await visit.touch(session.sid)).userId;
    await page.locator('#make-passkey').click();
    await page.locator('body[data-step="passkeys"]').waitFor();
    assert.equal(await page.locator('ul.rows li').count(), 1);
    const [credential] = (await credentials()).credentials;
    assert.equal(credential.rpId, 'localhost');
    assert.equal(credential.isResidentCredential, true);
  });

  await checks.that('hosted page: the passkey signs in another session as the same account', async () => {
    const [session, other] = [await visit.touch(), await visit.touch()];
    await page.goto(visit.address('/auth/sign-in', session));
    await page.locator('#passkey').click();
    await page.locator('body[data-step="done"]').waitFor();
    const signedIn = await visit.touch(session.sid);
    assert.equal(signedIn.isAuthenticated, true);
    assert.equal(signedIn.userId, owner);
    assert.equal((await visit.touch(other.sid)).isAuthenticated, false);
  });

  await checks.that('hosted page: without a check of the person a passkey signs nobody in', async () => {
    const session = await visit.touch();
    await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
    await page.goto(visit.address('/auth/sign-in', session));
    await page.locator('#passkey').click();
    await page.locator('#status:not([hidden])').waitFor();
    await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true });
    assert.equal((await visit.touch(session.sid)).isAuthenticated, false);
  });

  await checks.that('hosted page: a passkey that was removed signs nobody in', async () => {
    const session = await visit.touch();
    await page.goto(visit.address('/auth/sign-in', session));
    await page.locator('#passkey').click();
    await page.locator('body[data-step="done"]').waitFor();
    await page.goto(visit.address('/auth/passkeys', session));
    await page.getByRole('button', { name: /^Remove/ }).click();
    await page.getByText('You have none yet.').waitFor();
    const later = await visit.touch();
    await page.goto(visit.address('/auth/sign-in', later));
    await page.locator('#passkey').click();
    await page.getByText(/not known here/).waitFor();
    assert.equal((await visit.touch(later.sid)).isAuthenticated, false);
  });

  await checks.that('hosted page: the content policy had nothing to refuse', () => {
    const refused = complaints.filter((text) => /Content Security Policy|Refused to/.test(text));
    assert.deepEqual(refused, []);
  });
}

async function checkRefusals(visit, context, checks) {
  const page = await context.newPage();
  await checks.that('hosted page: an ended session and one that never was look the same', async () => {
    const session = await visit.touch();
    const headers = { 'x-external-api-key': visit.key, 'x-capsule-sid': session.sid };
    await fetch(new URL('/logout', visit.api), { headers });
    const texts = [];
    for (const sessionLookupId of [session.sessionLookupId, '018f3b9e-0000-7000-8000-000000000001']) {
      await page.goto(visit.address('/auth/sign-in', { sessionLookupId }));
      texts.push(await page.locator('main').innerText());
    }
    assert.match(texts[0], /This sign-in has ended/);
    assert.equal(texts[0], texts[1]);
  });
  await checks.that('hosted page: a page that did not begin the session cannot frame it', async () => {
    const session = await visit.touch();
    const answer = await fetch(`${visit.address('/auth/sign-in', session)}&origin=https%3A%2F%2Fevil.example`);
    assert.match(answer.headers.get('content-security-policy'), /frame-ancestors 'none'/);
    assert.equal(answer.headers.get('x-frame-options'), 'DENY');
    assert.equal(answer.headers.get('access-control-allow-origin'), null);
  });
}
