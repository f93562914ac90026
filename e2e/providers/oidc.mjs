// A real OpenID provider: panva's `oidc-provider`, with an own login page and one client per signature algorithm.

import { exportJWK } from 'jose';
import { Provider } from 'oidc-provider';
import { PERMISSIONS, loginPage, redirectWithin } from './accounts.mjs';
import { nowSecs, ProviderKey } from './keys.mjs';
import { Loopback, readForm } from './loopback.mjs';

/** What the access tokens are for. */
export const API = 'https://api.e2e.example';

const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];
const HOUR = 60 * 60;

export class OidcServer {
  /** `accounts`: what each login's ID token says beside `sub`. */
  static async start(redirectUri, accounts) {
    const server = new OidcServer(accounts);
    server.web = await Loopback.listen((request, response, url) => server.#route(request, response, url));
    server.redirectUri = redirectUri;
    server.#provider = await server.#makeProvider();
    server.#callback = server.#provider.callback();
    return server;
  }

  #provider;
  #callback;
  #rsaKey;

  constructor(accounts) {
    this.accounts = accounts;
    this.logoutTokens = [];
  }

  get issuer() {
    return this.web.url;
  }

  clientId(alg = 'RS256') {
    return `app-${alg.toLowerCase()}`;
  }

  /** What the provider itself would never sign, signed with its key. */
  strangeToken(overrides) {
    const now = nowSecs();
    const standard = { iss: this.issuer, aud: this.clientId(), sub: 'ada', iat: now, exp: now + HOUR };
    return this.#rsaKey.sign({ ...standard, ...overrides });
  }

  async #makeProvider() {
    const pairs = await Promise.all(ALGORITHMS.map((alg) => ProviderKey.generate(alg)));
    this.#rsaKey = pairs[0];
    const privateJwk = async ({ kid, privateKey }) => ({ ...(await exportJWK(privateKey)), kid });
    const keys = await Promise.all(pairs.map(privateJwk));
    const provider = new Provider(this.issuer, {
      adapter: memoryAdapter(),
      jwks: { keys },
      clients: ALGORITHMS.map((alg) => this.#client(alg)),
      cookies: { keys: ['a key for loopback only'] },
      claims: { openid: ['sub', PERMISSIONS], email: ['email', 'email_verified'], profile: ['name', 'picture'] },
      // Claims of the scopes in the ID token itself, not only at the userinfo endpoint.
      conformIdTokenClaims: false,
      findAccount: (_context, login) => this.#account(login),
      loadExistingGrant: grantWhatIsAsked,
      interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
      clientBasedCORS: () => true,
      pkce: { required: () => true },
      ttl: { AccessToken: HOUR, AuthorizationCode: 60, Grant: HOUR, IdToken: HOUR, Interaction: HOUR, Session: HOUR },
      features: {
        devInteractions: { enabled: false },
        backchannelLogout: { enabled: true },
        rpInitiatedLogout: { logoutSource: (context, form) => void (context.body = form) },
        resourceIndicators: { enabled: true, getResourceServerInfo, useGrantedResource: () => true },
      },
    });
    return provider;
  }

  #client(alg) {
    return {
      client_id: this.clientId(alg),
      token_endpoint_auth_method: 'none',
      id_token_signed_response_alg: alg,
      grant_types: ['authorization_code'],
      response_types: ['code'],
      redirect_uris: [this.redirectUri],
      backchannel_logout_uri: `${this.issuer}/the-app/backchannel-logout`,
      backchannel_logout_session_required: true,
    };
  }

  #account(login) {
    const claims = this.accounts[login];
    return claims && { accountId: login, claims: () => ({ sub: login, ...claims }) };
  }

  async #route(request, response, url) {
    if (url.pathname === '/the-app/backchannel-logout') {
      this.logoutTokens.push((await readForm(request)).get('logout_token'));
      response.writeHead(204).end();
    } else if (url.pathname.startsWith('/interaction/')) {
      await this.#interact(request, response, url);
    } else {
      await this.#callback(request, response);
    }
  }

  async #interact(request, response, url) {
    if (request.method !== 'POST') return loginPage(response, url);
    const login = (await readForm(request)).get('login');
    const result = this.accounts[login] ? { login: { accountId: login } } : { error: 'access_denied' };
    redirectWithin(response, await this.#provider.interactionResult(request, response, result));
  }
}

/** No consent page: this is the company's own sign-in for its own app. */
async function grantWhatIsAsked(context) {
  const { client, session, params, provider } = context.oidc;
  const known = session.grantIdFor(client.clientId);
  const grant = known
    ? await provider.Grant.find(known)
    : new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope('openid email profile');
  if (params.resource) grant.addResourceScope(API, 'orders:read');
  await grant.save();
  return grant;
}

/** Access tokens as RFC 9068 has them: typ `at+jwt`. */
function getResourceServerInfo(_context, resource) {
  if (resource !== API) throw new Error(`no resource server ${resource}`);
  return { scope: 'orders:read', audience: API, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } };
}

/** The storage that the provider asks for, without expiry: a run is shorter than anything lives. */
function memoryAdapter() {
  const rows = new Map();
  return class {
    constructor(model) {
      this.key = (id) => `${model} ${id}`;
    }

    async upsert(id, row) {
      rows.set(this.key(id), row);
    }

    async find(id) {
      return rows.get(this.key(id));
    }

    async findByUid(uid) {
      return Array.from(rows.values()).find((row) => row.uid === uid);
    }

    async consume(id) {
      rows.get(this.key(id)).consumed = Math.floor(Date.now() / 1000);
    }

    async destroy(id) {
      rows.delete(this.key(id));
    }

    async revokeByGrantId(grantId) {
      for (const [key, row] of rows) if (row.grantId === grantId) rows.delete(key);
    }
  };
}
