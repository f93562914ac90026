// The least that a provider can be: a key set at an address, and tokens signed with its keys.

import { nowSecs, ProviderKey } from './keys.mjs';
import { Loopback, sendJson } from './loopback.mjs';

const PATH = '/jwks.json';
const HOUR = 60 * 60;

export class KeyServer {
  static async start(issuer) {
    const server = new KeyServer(issuer);
    server.keys = [await ProviderKey.generate()];
    server.web = await Loopback.listen((_request, response) => server.#sendKeys(response));
    return server;
  }

  constructor(issuer) {
    this.issuer = issuer;
    this.audience = 'e2e-app';
  }

  get keysUrl() {
    return `${this.web.url}${PATH}`;
  }

  /** The settings that make an environment trust it. */
  get settings() {
    return { kind: 'jwks', url: this.keysUrl, issuer: this.issuer, audiences: [this.audience] };
  }

  /** How often the keys were fetched. */
  get fetches() {
    return this.web.hits(PATH);
  }

  token(sub, claims = {}, header = {}) {
    const now = nowSecs();
    const standard = { iss: this.issuer, aud: this.audience, sub, iat: now, exp: now + HOUR };
    return this.keys[0].sign({ ...standard, ...claims }, header);
  }

  async close() {
    await this.web.down();
  }

  #sendKeys(response) {
    const keys = this.keys.map(({ kid, alg, publicJwk }) => ({ ...publicJwk, kid, alg, use: 'sig' }));
    sendJson(response, 200, { keys }, { 'cache-control': 'public, max-age=60' });
  }
}
