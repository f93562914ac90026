// A Firebase project's sign-in and Google's keys for it, as an app and a verifier see them. Sources: "Verify ID tokens"
// (firebase.google.com/docs/auth/admin/verify-id-tokens), "Auth REST API" (.../docs/reference/rest/auth), "Control
// access with custom claims" (.../docs/auth/admin/custom-claims). Only the addresses are not Google's.

import { createHash, randomBytes } from 'node:crypto';
import { PASSWORD } from './accounts.mjs';
import { nowSecs, ProviderKey } from './keys.mjs';
import { allowOtherOrigins, Loopback, readText, sendJson } from './loopback.mjs';

/** Under www.googleapis.com: the keys of Verify ID tokens, as a JWK set instead of certificates. */
const KEYS_PATH = '/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com';
/** Under identitytoolkit.googleapis.com: Auth REST API, "Sign in with email / password". */
const SIGN_IN_PATH = '/v1/accounts:signInWithPassword';

const HOUR = 60 * 60;

export class FirebaseProject {
  static async start({ projectId, accounts, maxAgeSecs = 6 * HOUR }) {
    const project = new FirebaseProject(projectId, accounts, maxAgeSecs);
    project.keys = await Promise.all([ProviderKey.generate(), ProviderKey.generate()]);
    project.signingKey = project.keys[0];
    project.web = await Loopback.listen((request, response, url) => project.#answer(request, response, url));
    return project;
  }

  constructor(projectId, accounts, maxAgeSecs) {
    this.projectId = projectId;
    this.accounts = accounts;
    this.maxAgeSecs = maxAgeSecs;
    /** The browser key of the project; it names the project and is no secret. */
    this.apiKey = `AIza${randomBytes(26).toString('base64url').slice(0, 35)}`;
  }

  get keysPath() {
    return KEYS_PATH;
  }

  get keysUrl() {
    return `${this.web.url}${KEYS_PATH}`;
  }

  issuer(projectId = this.projectId) {
    return `https://securetoken.google.com/${projectId}`;
  }

  /** 28 letters and digits, as the service makes them. */
  userId(login) {
    return createHash('sha256').update(login).digest('base64').replaceAll(/[^A-Za-z0-9]/g, '').slice(0, 28);
  }

  /** A rotation, as Google makes one: a key is published before it signs, and withdrawn after it has signed. */
  async publishNext() {
    this.keys = [...this.keys, await ProviderKey.generate()];
  }

  signWithSecond() {
    this.signingKey = this.keys[1];
  }

  signWithNewest() {
    this.signingKey = this.keys.at(-1);
  }

  withdrawFirst() {
    this.keys = this.keys.slice(1);
  }

  /** `overrides` replace claims (`undefined` removes one); the keys are those of every project, as at Google. */
  idToken(login, { projectId = this.projectId, key = this.signingKey, ...overrides } = {}) {
    const { email, email_verified, ...custom } = this.accounts[login] ?? {};
    const now = nowSecs();
    const userId = this.userId(login);
    return key.sign({
      // Custom claims stand beside the standard ones.
      ...custom,
      iss: this.issuer(projectId),
      aud: projectId,
      auth_time: now,
      user_id: userId,
      sub: userId,
      iat: now,
      exp: now + HOUR,
      email,
      email_verified,
      firebase: { identities: { email: [email] }, sign_in_provider: 'password' },
      ...overrides,
    });
  }

  /** Signs in as a client SDK does over REST. */
  async signIn(login) {
    const answer = await fetch(`${this.web.url}${SIGN_IN_PATH}?key=${this.apiKey}`, {
      method: 'POST',
      body: JSON.stringify({ email: this.accounts[login].email, password: PASSWORD, returnSecureToken: true }),
    });
    const body = await answer.json();
    if (!answer.ok) throw new Error(`the sign-in answered ${answer.status}: ${JSON.stringify(body)}`);
    return body;
  }

  async close() {
    await this.web.down();
  }

  async #answer(request, response, url) {
    if (allowOtherOrigins(request, response)) return;
    if (url.pathname === KEYS_PATH) return this.#sendKeys(response);
    if (url.pathname === SIGN_IN_PATH) return this.#signIn(response, url, JSON.parse(await readText(request)));
    sendJson(response, 404, { error: { code: 404, message: 'Not found', status: 'NOT_FOUND' } });
  }

  #sendKeys(response) {
    const keys = this.keys.map(({ kid, publicJwk: { n, e } }) => ({ e, alg: 'RS256', kid, n, use: 'sig', kty: 'RSA' }));
    const caching = `public, max-age=${this.maxAgeSecs}, must-revalidate, no-transform`;
    sendJson(response, 200, { keys }, { 'cache-control': caching });
  }

  async #signIn(response, url, { email, password }) {
    const login = Object.keys(this.accounts).find((name) => this.accounts[name].email === email);
    if (url.searchParams.get('key') !== this.apiKey) return refuse(response, 'API key not valid.');
    if (!login || password !== PASSWORD) return refuse(response, 'INVALID_LOGIN_CREDENTIALS');
    sendJson(response, 200, {
      localId: this.userId(login),
      email,
      displayName: '',
      idToken: await this.idToken(login),
      registered: true,
      refreshToken: randomBytes(64).toString('base64url'),
      expiresIn: String(HOUR),
    });
  }
}

function refuse(response, message) {
  const errors = [{ message, domain: 'global', reason: 'invalid' }];
  sendJson(response, 400, { error: { code: 400, message, errors } });
}
