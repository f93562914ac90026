// What the hosted pages do beyond their forms: passkeys, and telling the page that opened or frames them how they do.

const { origin, token, query } = document.body.dataset;
const status = document.getElementById('status');

tellAsker();
offer('passkey', signInWithPasskey);
offer('make-passkey', makePasskey);
document.getElementById('close')?.addEventListener('click', close);

/** The asker learns nothing but its own page's size and end, and nobody else learns even that. */
function tell(message) {
  const asker = window.opener ?? (window.parent === window ? null : window.parent);
  if (asker && origin) asker.postMessage(message, origin);
}

function tellAsker() {
  tell({ type: 'LOADED' });
  const tellHeight = () => tell({ type: 'HEIGHT', height: document.querySelector('main').offsetHeight });
  new ResizeObserver(tellHeight).observe(document.querySelector('main'));
  if (document.body.dataset.step === 'done' && !document.getElementById('make-passkey')) close();
}

function close() {
  tell({ type: 'CLOSE_WINDOW' });
  if (window.opener) window.close();
}

/** Shows a button where the browser can do what it is for: a host that is a number has no passkeys. */
function offer(id, act) {
  const button = document.getElementById(id);
  const named = !/^[\d.]+$|^\[/.test(location.hostname);
  if (!button || !named || !window.isSecureContext || !window.PublicKeyCredential) return;
  for (const part of document.querySelectorAll(`[data-with="${id}"]`)) part.hidden = false;
  button.hidden = false;
  button.addEventListener('click', async () => {
    button.disabled = true;
    say('');
    try {
      await act();
    } catch (error) {
      say(explain(error));
    }
    button.disabled = false;
  });
}

async function signInWithPasskey() {
  const options = await ask('sign-in/passkey/begin');
  const publicKey = { ...options, challenge: toBytes(options.challenge) };
  const { rawId, response } = await navigator.credentials.get({ publicKey });
  await ask('sign-in/passkey', {
    credential_id: toText(rawId),
    client_data: toText(response.clientDataJSON),
    authenticator_data: toText(response.authenticatorData),
    signature: toText(response.signature),
    user_handle: response.userHandle ? toText(response.userHandle) : null,
  });
  location.replace(`/auth/sign-in/done?${query}`);
}

async function makePasskey() {
  const options = await ask('passkeys/begin');
  const known = options.excludeCredentials.map(({ id, type }) => ({ id: toBytes(id), type }));
  const user = { ...options.user, id: toBytes(options.user.id) };
  const publicKey = { ...options, user, challenge: toBytes(options.challenge), excludeCredentials: known };
  const { rawId, response } = await navigator.credentials.create({ publicKey });
  await ask('passkeys', {
    credential_id: toText(rawId),
    client_data: toText(response.clientDataJSON),
    attestation_object: toText(response.attestationObject),
  });
  location.replace(`/auth/passkeys?${query}`);
}

async function ask(path, body = {}) {
  const headers = { 'content-type': 'application/json', 'x-hallpass-form': token };
  const answer = await fetch(`/auth/${path}?${query}`, { method: 'POST', headers, body: JSON.stringify(body) });
  // What is no JSON is a page that says that there is nothing more to be done here.
  const json = await answer.json().catch(() => ({ message: 'This sign-in has ended. Begin again in the app.' }));
  if (!answer.ok) throw new Error(json.message);
  return json;
}

/** Browsers say the same for a person who changed their mind and for a passkey that is not there. */
function explain(error) {
  if (error.name === 'InvalidStateError') return 'This device already has a passkey for your account.';
  if (error.name === 'NotAllowedError') return 'No passkey was used. You can try again, or sign in another way.';
  return error.message;
}

function say(text) {
  status.textContent = text;
  status.hidden = text === '';
}

function toBytes(text) {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}

function toText(buffer) {
  const binary = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
