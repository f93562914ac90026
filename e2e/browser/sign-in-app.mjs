// A customer's web app whose users sign in elsewhere: the code flow with PKCE as a page does it, then the Connect SDK.

import './app.mjs';

const PENDING = 'sign-in';

/** Leaves for the provider's login page; `provider` has `authorize`, `token` (addresses) and `clientId`. */
window.beginSignIn = async (provider) => {
  const [verifier, state, nonce] = [randomWord(), randomWord(), randomWord()];
  sessionStorage.setItem(PENDING, JSON.stringify({ provider, verifier, state, nonce }));
  const parameters = {
    client_id: provider.clientId,
    redirect_uri: `${location.origin}/`,
    response_type: 'code',
    scope: 'openid email',
    state,
    nonce,
    code_challenge: base64url(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))),
    code_challenge_method: 'S256',
  };
  location.assign(`${provider.authorize}?${new URLSearchParams(parameters)}`);
};

/** Back from it: exchanges the code and answers the ID token. */
window.finishSignIn = async () => {
  const { provider, verifier, state } = JSON.parse(sessionStorage.getItem(PENDING));
  sessionStorage.removeItem(PENDING);
  const back = new URLSearchParams(location.search);
  if (back.get('state') !== state) throw new Error('another state came back');
  history.replaceState(null, '', '/');
  const answer = await fetch(provider.token, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: provider.clientId,
      redirect_uri: `${location.origin}/`,
      code: back.get('code'),
      code_verifier: verifier,
    }),
  });
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()).id_token;
};

/** What Firebase's client SDK does for a password sign-in. */
window.signInWithPassword = async (url, email, password) => {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password, returnSecureToken: true }),
  });
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()).idToken;
};

function randomWord() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

function base64url(bytes) {
  const text = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
