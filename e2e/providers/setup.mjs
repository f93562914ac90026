// Providers are added as an operator does it: with the command line, to environments made for the purpose.

import assert from 'node:assert/strict';
import { API } from './oidc.mjs';
import { NAMESPACED } from './accounts.mjs';

const VIEWER = 'viewer={"integration:*":["metadata:read"]}';

/** Adds with `hallpass idp add KIND`; answers what the command printed. */
export async function addProvider(demo, environment, kind, flags) {
  const words = ['idp', 'add', kind, '--environment', environment, ...flags, '--json'];
  const { code, stdout, stderr, json } = await demo.throughServer(words);
  assert.equal(code, 0, `idp add ${kind} ended with ${code}: ${stdout}${stderr}`);
  assert.equal(json.kind, kind);
  return json;
}

export function addKeyServer(demo, environment, server) {
  return demo.admin('POST', `environments/${environment}/identity-providers`, server.settings);
}

/** Environments: `apps` takes ID tokens, `apis` access tokens, `mapped` permissions from elsewhere in the token. */
export async function setUpProviders(demo, fleet) {
  const { oidc, auth0, firebase } = fleet;
  const names = ['e2e-apps', 'e2e-apis', 'e2e-mapped'];
  const [apps, apis, mapped] = await Promise.all(names.map((name) => demo.newEnvironment(name)));
  const audiences = ['RS256', 'ES256', 'EdDSA'].flatMap((alg) => ['--audience', oidc.clientId(alg)]);
  const domains = ['--domain', 'hallpass-e2e.eu.auth0.com', '--custom-domain', 'login.e2e.example'];
  const tenant = [...domains, '--url', auth0.own.web.url];
  const client = ['--audience', auth0.clientId];
  const project = ['--project-id', firebase.projectId, '--url', firebase.keysUrl];

  const providers = {
    oidc: await addProvider(demo, apps, 'oidc', ['--issuer', oidc.issuer, ...audiences]),
    auth0: await addProvider(demo, apps, 'auth0', [...tenant, ...client]),
    firebase: await addProvider(demo, apps, 'firebase', project),
  };
  const apiFlags = ['--audience', API, '--token-type', 'at+jwt'];
  await addProvider(demo, apis, 'oidc', ['--issuer', oidc.issuer, ...apiFlags]);
  await addProvider(demo, apis, 'auth0', [...tenant, ...apiFlags]);
  await addProvider(demo, mapped, 'auth0', [...tenant, ...client, '--permissions-claim', NAMESPACED]);
  await addProvider(demo, mapped, 'firebase', [...project, '--roles-claim', 'roles', '--role', VIEWER]);
  return { apps, apis, mapped, providers };
}
