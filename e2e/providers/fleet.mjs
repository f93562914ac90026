// Every provider of a run, and the web app whose users sign in there. Started before the server, which has to be told
// whom on this machine it may ask.

import { serveApp } from '../browser/app-server.mjs';
import { ACCOUNTS } from './accounts.mjs';
import { Auth0Tenant } from './auth0.mjs';
import { FirebaseProject } from './firebase.mjs';
import { KeyServer } from './key-server.mjs';
import { OidcServer } from './oidc.mjs';

/** Providers that do nothing but publish keys, by what happens to them. */
const KEY_SERVERS = ['steady', 'flooded', 'hanging', 'huge', 'html', 'cold', 'degrading', 'idle', 'commanded'];

export class Fleet {
  static async start() {
    const fleet = new Fleet();
    fleet.app = await serveApp('sign-in-app.mjs');
    const redirectUri = `${fleet.app.origin}/`;
    fleet.oidc = await OidcServer.start(redirectUri, ACCOUNTS);
    fleet.auth0 = await startTenant('hallpass-e2e.eu.auth0.com', 'login.e2e.example', redirectUri);
    fleet.rotatingAuth0 = await startTenant('hallpass-rotating.eu.auth0.com', 'rotating.e2e.example', redirectUri);
    fleet.firebase = await FirebaseProject.start({ projectId: 'hallpass-e2e', accounts: ACCOUNTS });
    const rotating = { projectId: 'hallpass-rotating', accounts: ACCOUNTS, maxAgeSecs: 60 };
    fleet.rotatingFirebase = await FirebaseProject.start(rotating);
    for (const name of KEY_SERVERS) {
      fleet[name] = await KeyServer.start(`https://${name}.e2e.example/`);
    }
    return fleet;
  }

  get #webs() {
    const tenants = [this.auth0, this.rotatingAuth0].flatMap((tenant) => [tenant.own.web, tenant.custom.web]);
    const others = [this.oidc, this.firebase, this.rotatingFirebase, ...KEY_SERVERS.map((name) => this[name])];
    return [...tenants, ...others.map(({ web }) => web)];
  }

  /** HOST:PORT of each. */
  get endpoints() {
    return this.#webs.map((web) => web.endpoint);
  }

  async close() {
    this.app.close();
    await Promise.all(this.#webs.map((web) => web.down()));
  }
}

function startTenant(domain, customDomain, redirectUri) {
  const clientId = 'qX2hR8mYtB4kLw7ZsJ0eVnC5uGdF1aPi';
  return Auth0Tenant.start({ domain, customDomain, clientId, redirectUri, accounts: ACCOUNTS });
}
