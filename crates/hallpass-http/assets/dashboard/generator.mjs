// The token generator. The private key is read and used here and goes nowhere: no request carries it, it is in no storage,
// and its field is in no form that a browser could send by itself.

import { api } from './api.mjs';
import { ClaimBuilder } from './builder.mjs';
import { ClaimField } from './claim-field.mjs';
import { byId, copyButton, element, later, part, say } from './element.mjs';
import { askMatrix, environment } from './explain.mjs';
import { renderRemarks } from './explanation.mjs';
import { CLAIM, signToken, thumbprint } from './jwt.mjs';
import { Misread, readJson } from './json-text.mjs';
import { readPrivateKey } from './pem.mjs';
import { showToken } from './report.mjs';
import { hashOfClaim } from './target.mjs';

/** More would be cut off by some browsers. */
const LONGEST_ADDRESS = 30_000;
const LARGEST_FILE = 64 * 1024;

const page = part('generator');
const user = byId('user', HTMLInputElement);
const lifetime = byId('lifetime', HTMLInputElement);
const unit = byId('unit', HTMLSelectElement);
const key = byId('key', HTMLTextAreaElement);
const keyFile = byId('key-file', HTMLInputElement);
const keyState = part('key-state');
const problem = part('problem');
const result = part('result');
const remarks = part('remarks');
const explorer = byId('open-explorer', HTMLAnchorElement);
const field = new ClaimField(byId('claim', HTMLTextAreaElement), part('claim-fault'));

const askServer = later(checkClaim);
new ClaimBuilder(part('tree'), field, askServer);

key.addEventListener('input', () => void showKey());
keyFile.addEventListener('change', () => void takeFile(keyFile.files?.[0]));
for (const name of ['dragover', 'drop']) {
  part('key-drop').addEventListener(name, (event) => {
    event.preventDefault();
    if (event instanceof DragEvent && name === 'drop') void takeFile(event.dataTransfer?.files[0]);
  });
}
byId('forget-key', HTMLButtonElement).addEventListener('click', () => {
  key.value = '';
  keyFile.value = '';
  say(keyState, 'The key is forgotten.');
  key.focus();
});
byId('sign', HTMLButtonElement).addEventListener('click', () => void make());

/** @param {File | undefined} file */
async function takeFile(file) {
  if (!file) return;
  if (file.size > LARGEST_FILE) {
    say(keyState, 'This file is too large for a private key.');
    return;
  }
  key.value = await file.text();
  await showKey();
}

/** Says what kind of key it is, and whether the environment knows its public half. */
async function showKey() {
  key.removeAttribute('aria-invalid');
  if (key.value.trim() === '') {
    say(keyState, '');
    return;
  }
  try {
    const { bits, modulus, exponent } = readPrivateKey(key.value);
    const kid = await thumbprint(modulus, exponent);
    say(keyState, `An RSA key with ${bits} bits, ${kid}. ${await sayStanding(kid)}`);
  } catch (error) {
    refuseKey(error);
  }
}

/**
 * The list of public keys is read and compared here; nothing about this key is sent.
 * @param {string} kid
 */
async function sayStanding(kid) {
  const { status, body } = await api('GET', `/admin/v1/environments/${environment}/signing-keys?limit=200`);
  if (status !== 200) return '';
  const { items } = /** @type {{ items: { kid: string, state: string }[] }} */ (body);
  const found = items.find((item) => item.kid === kid);
  return found ? `The environment knows it: ${found.state}.` : 'It is no signing key of this environment, so its tokens will be refused.';
}

/** @param {unknown} error */
function refuseKey(error) {
  key.setAttribute('aria-invalid', 'true');
  say(keyState, error instanceof Error ? error.message : String(error));
}

async function make() {
  say(problem, '');
  if (!globalThis.isSecureContext) {
    say(problem, 'The browser signs only on pages that came by https or from this machine. Open the dashboard so.');
    return;
  }
  const payload = readPayload();
  if (payload === null) return;
  try {
    const { pkcs8, modulus, exponent } = readPrivateKey(key.value);
    const header = JSON.stringify({ alg: 'RS256', typ: 'JWT', kid: await thumbprint(modulus, exponent) });
    const token = await signToken(header, payload, pkcs8);
    await show(token);
  } catch (error) {
    refuseKey(error);
    key.focus();
  }
}

/** The token's payload as text: the claim goes into it exactly as it was written. */
function readPayload() {
  const sub = user.value;
  user.toggleAttribute('aria-invalid', sub.trim() === '');
  if (sub.trim() === '') {
    say(problem, 'Write the user’s id: the token’s sub.');
    user.focus();
    return null;
  }
  const seconds = Math.round(Number(lifetime.value) * Number(unit.value));
  const most = Number(page.dataset.longest) || Number.MAX_SAFE_INTEGER;
  if (!Number.isSafeInteger(seconds) || seconds < 1 || seconds > most) {
    const words = page.dataset.longest ? `at most ${page.dataset.longest} seconds, as this environment has it` : 'at least one second';
    say(problem, `The lifetime is ${words}.`);
    lifetime.focus();
    return null;
  }
  const iat = Math.floor(Date.now() / 1000);
  const { audience, issuer } = page.dataset;
  const payload = JSON.stringify({
    sub,
    iat,
    exp: iat + seconds,
    ...(audience ? { aud: audience } : {}),
    ...(issuer ? { iss: issuer } : {}),
  });
  const claim = field.text.trim();
  if (claim === '') return payload;
  if (!field.check()) {
    say(problem, 'The claim is no JSON yet.');
    field.field.focus();
    return null;
  }
  return `${payload.slice(0, -1)},${JSON.stringify(CLAIM)}:${claim}}`;
}

/** @param {string} token */
async function show(token) {
  const curl = `curl -sS ${location.origin}/projects/${environment}/sdk/me -H 'Authorization: Bearer ${token}'`;
  const report = element('div', { id: 'report' });
  result.hidden = false;
  result.replaceChildren(
    element('h2', {}, 'The token'),
    element('p', { class: 'warn' }, 'For development only. In production your backend signs a token for each user who signed in.'),
    element('pre', { class: 'wrap', tabindex: 0 }, element('code', { id: 'made-token' }, token)),
    element('div', { class: 'row' }, copyButton(() => token, 'Copy the token')),
    element('h3', {}, 'Use it'),
    element('pre', { class: 'wrap', tabindex: 0 }, element('code', { id: 'made-curl' }, curl)),
    element('div', { class: 'row' }, copyButton(() => curl, 'Copy the curl line')),
    element('h3', {}, 'The same by command line'),
    element('pre', { class: 'wrap', tabindex: 0 }, element('code', {}, mintLine())),
    element('div', { class: 'row' }, copyButton(mintLine, 'Copy the command')),
    report,
  );
  result.focus();
  await showToken(report, token);
}

function mintLine() {
  const quote = (/** @type {string} */ text) => `'${text.replaceAll("'", `'\\''`)}'`;
  const seconds = Math.round(Number(lifetime.value) * Number(unit.value));
  const parts = ['hallpass token mint --key private-key.pem --sub', quote(user.value), `--ttl ${seconds}s`];
  if (page.dataset.audience) parts.push('--aud', quote(page.dataset.audience));
  if (field.text.trim() !== '') parts.push('--permissions', quote(field.text.trim()));
  return parts.join(' ');
}

/** What the server makes of the claim: a fault with its place, or remarks. */
async function checkClaim() {
  const claim = field.text.trim();
  const address = `${page.dataset.explorer}${hashOfClaim(field.text)}`;
  const fits = claim !== '' && address.length <= LONGEST_ADDRESS;
  explorer.href = fits ? address : page.dataset.explorer ?? '';
  try {
    if (claim !== '') readJson(claim);
  } catch (error) {
    if (error instanceof Misread) return;
    throw error;
  }
  if (claim === '') {
    remarks.replaceChildren();
    return;
  }
  const answer = await askMatrix({ claim }, []);
  // Typed on meanwhile: this answer is about another text.
  if (field.text.trim() !== claim) return;
  if (!answer.ok) {
    remarks.replaceChildren();
    field.refuse(answer.problem);
    return;
  }
  const { lints, unknown_permissions } = answer.value;
  remarks.replaceChildren(
    element('p', { class: 'good' }, '✓ The server reads this claim as it stands.'),
    renderRemarks(lints, unknown_permissions),
  );
  if (!fits) {
    remarks.append(element('p', { class: 'hint' }, 'The claim is too long for an address: paste it into the explorer.'));
  }
}
