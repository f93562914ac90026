// @ts-check
// Passkeys of operators: signing in with one, and making one.

import { api, words } from './api.mjs';

const status = document.getElementById('passkey-status');
const signIn = document.getElementById('passkey-sign-in');
const make = document.getElementById('passkey-make');

// A host that is a number has no passkeys.
const named = !/^[\d.]+$|^\[/.test(location.hostname);
if (named && window.isSecureContext && window.PublicKeyCredential) {
  if (signIn instanceof HTMLButtonElement) {
    signIn.hidden = false;
    signIn.addEventListener('click', () => attempt(() => signInWithPasskey(signIn)));
  }
  if (make instanceof HTMLFormElement) {
    make.hidden = false;
    make.addEventListener('submit', (event) => {
      event.preventDefault();
      attempt(makePasskey);
    });
  }
}

/** @param {() => Promise<void>} act */
async function attempt(act) {
  say('');
  try {
    await act();
  } catch (error) {
    say(explain(error));
  }
}

/** @param {HTMLButtonElement} button */
async function signInWithPasskey({ dataset }) {
  const options = await ask('/dashboard/sign-in/passkey/begin', {});
  const publicKey = { ...options, challenge: toBytes(options.challenge) };
  const credential = await navigator.credentials.get({ publicKey });
  if (!(credential instanceof PublicKeyCredential)) throw new Error('No passkey was used.');
  const response = /** @type {AuthenticatorAssertionResponse} */ (credential.response);
  await ask('/dashboard/sign-in/passkey', {
    credential_id: toText(credential.rawId),
    client_data: toText(response.clientDataJSON),
    authenticator_data: toText(response.authenticatorData),
    signature: toText(response.signature),
    user_handle: response.userHandle ? toText(response.userHandle) : null,
  });
  // What was typed in a session that is over goes on; `submit` asks for no key.
  const kept = document.getElementById(dataset.form ?? '');
  if (kept instanceof HTMLFormElement) kept.submit();
  else location.assign(dataset.to ?? '/dashboard');
}

async function makePasskey() {
  const options = await ask('/dashboard/passkeys/begin', {});
  const name = document.getElementById('passkey-name');
  const excludeCredentials = options.excludeCredentials.map((/** @type {{id: string, type: string}} */ known) => ({
    id: toBytes(known.id),
    type: known.type,
  }));
  const user = { ...options.user, id: toBytes(options.user.id) };
  const publicKey = { ...options, user, challenge: toBytes(options.challenge), excludeCredentials };
  const credential = await navigator.credentials.create({ publicKey });
  if (!(credential instanceof PublicKeyCredential)) throw new Error('No passkey was made.');
  const response = /** @type {AuthenticatorAttestationResponse} */ (credential.response);
  await ask('/dashboard/passkeys', {
    name: name instanceof HTMLInputElement ? name.value : 'Passkey',
    passkey: {
      credential_id: toText(credential.rawId),
      client_data: toText(response.clientDataJSON),
      attestation_object: toText(response.attestationObject),
    },
  });
  location.assign('/dashboard/sessions?did=passkey-made');
}

/**
 * @param {string} path
 * @param {unknown} body
 */
async function ask(path, body) {
  const answer = await api('POST', path, body);
  if (answer.status !== 200) throw new Error(words(answer));
  return answer.body;
}

/**
 * Browsers say the same for a person who changed their mind and for a passkey that is not there.
 * @param {unknown} error
 */
function explain(error) {
  if (!(error instanceof Error)) return 'That did not work.';
  if (error.name === 'InvalidStateError') return 'This device already has a passkey of yours.';
  if (error.name === 'NotAllowedError') return 'No passkey was used. You can try again, or sign in with a key.';
  return error.message;
}

/** @param {string} text */
function say(text) {
  if (!status) return;
  status.textContent = text;
  status.hidden = text === '';
}

/** @param {string} text */
function toBytes(text) {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}

/** @param {ArrayBuffer} buffer */
function toText(buffer) {
  const binary = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
