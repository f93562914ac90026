// Everything that the checks of sign-in need around them: the demo where unmodified SDKs look for it, a mail server, phones,
// an OpenID provider, and an environment of its own for each way of being set up.

import { Demo } from '../lib/demo.mjs';
import { ACCOUNTS } from '../providers/accounts.mjs';
import { OidcServer } from '../providers/oidc.mjs';
import { App } from './app.mjs';
import { Hooks } from './hooks.mjs';
import { Mailbox } from './mailbox.mjs';
import { Phones } from './phones.mjs';

/** A key that begins with `dev_` sends the SDKs to this port, and for scripts to that one. */
const LISTEN = '127.0.0.1:8080';
const PORTAL = '127.0.0.1:3003';
export const API_URL = 'http://localhost:8080';
export const PORTAL_URL = 'http://localhost:3003';

export class World {
  static async start(engine) {
    const world = new World();
    try {
      world.mailbox = await Mailbox.start();
      world.phones = await Phones.start();
      world.hooks = await Hooks.start();
      world.oidc = await OidcServer.start(`${API_URL}/auth/oidc-company/callback`, ACCOUNTS);
      const endpoints = [world.phones, world.hooks, world.oidc].map(({ web }) => web.endpoint);
      const flags = ['--portal-listen', PORTAL, '--smtp-url', world.mailbox.url];
      const variables = {
        HALLPASS__TEXTS__WEBHOOK_URL: world.phones.web.url,
        HALLPASS__TEXTS__WEBHOOK_SECRET_FILE: world.phones.secretFile,
      };
      world.demo = await Demo.start(engine, endpoints, { listen: LISTEN, flags, variables });
    } catch (error) {
      await world.close();
      throw error;
    }
    const { env } = world.demo;
    world.sandbox = new App({
      url: API_URL,
      environment: env.HALLPASS_SANDBOX_ID,
      publishableKey: env.HALLPASS_PUBLISHABLE_KEY,
      secretKey: env.HALLPASS_SECRET_KEY,
    });
    return world;
  }

  /** A new environment with these sign-in settings, and a key for SDKs on this machine. */
  async app(name, signIn = {}) {
    const environment = await this.demo.newEnvironment(`session-${name}`);
    await this.set(environment, signIn);
    return this.appOf(environment, { prefix: 'dev' });
  }

  /** An environment that is there already, with keys of its own. */
  async appOf(environment, settings = {}) {
    const at = `environments/${environment}/api-keys`;
    const publishable = { kind: 'publishable', name: 'the app', ...settings };
    const { publishable_key: publishableKey } = await this.demo.admin('POST', at, publishable);
    const { secret: secretKey } = await this.demo.admin('POST', at, { kind: 'secret', name: 'its backend' });
    return new App({ url: API_URL, environment, publishableKey, secretKey });
  }

  set(environment, signIn) {
    return this.demo.admin('PATCH', `environments/${environment}`, { sign_in: signIn });
  }

  /** People of `oidc` may sign in to the app; `settings` beside what it takes to ask there. */
  connectOidc(app, settings = {}) {
    const client = { client_id: this.oidc.clientId(), client_auth: 'none' };
    return this.#connect(app, {
      handle: 'company',
      settings: { kind: 'oidc', label: 'The company', issuer: this.oidc.issuer, ...client, ...settings },
    });
  }

  connectTelegram(app, botToken) {
    return this.#connect(app, { settings: { kind: 'telegram', bot_username: 'e2e_bot' }, secret: botToken });
  }

  #connect(app, provider) {
    return this.demo.admin('POST', `environments/${app.environment}/sign-in-providers`, provider);
  }

  async close() {
    this.mailbox?.close();
    await this.phones?.close();
    await this.hooks?.close();
    await this.oidc?.web.down();
  }
}
