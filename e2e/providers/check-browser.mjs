// A user in front of the app: signs in at each provider in the page, and the unmodified Connect SDK takes the ID token.

import assert from 'node:assert/strict';
import { Browser } from '../browser/browser.mjs';
import { ACCOUNTS, PASSWORD } from './accounts.mjs';
import { claimsOf } from './keys.mjs';

const PORTAL = 'connect.useparagon.com';

export async function checkSignInBrowser(demo, checks, fleet, { apps }) {
  const { oidc, auth0, firebase, app } = fleet;
  const browser = await Browser.open();
  const visit = new Visit(browser, app.origin, demo.env.HALLPASS_URL, apps);
  const oidcApp = { authorize: `${oidc.issuer}/auth`, token: `${oidc.issuer}/token`, clientId: oidc.clientId() };
  const auth0App = ({ web: { url } }) => ({
    authorize: `${url}/authorize`,
    token: `${url}/oauth/token`,
    clientId: auth0.clientId,
  });
  try {
    for (const [name, provider, login, sub] of [
      ['oidc-provider', oidcApp, 'ada', 'ada'],
      ['Auth0', auth0App(auth0.own), 'ada', auth0.userId('ada')],
      ["Auth0's custom domain", auth0App(auth0.custom), 'reader', auth0.userId('reader')],
    ]) {
      await checks.that(`browser: sign in at ${name}, authenticate, and getUser knows the user`, async () => {
        const token = await visit.signIn(provider, login);
        assert.equal(await visit.authenticate(token), null);
        await visit.assertUser(sub);
      });
    }
    await checks.that('browser: sign in with Firebase, authenticate, and getUser knows the user', async () => {
      await visit.open();
      const url = `${firebase.web.url}/v1/accounts:signInWithPassword?key=${firebase.apiKey}`;
      const token = await visit.page.evaluate(
        ([address, email, password]) => window.signInWithPassword(address, email, password),
        [url, ACCOUNTS.ada.email, PASSWORD],
      );
      assert.equal(await visit.authenticate(token), null);
      await visit.assertUser(firebase.userId('ada'));
    });
    await checks.that('browser: what a token may not do is refused, and the user stays signed in', async () => {
      const token = await visit.signIn(oidcApp, 'reader');
      assert.equal(await visit.authenticate(token), null);
      const rejection = await visit.page.evaluate(() =>
        window.paragon.setUserMetadata({ plan: 'pro' }).then(() => null, (error) => error.message),
      );
      assert.match(String(rejection), /"7210"/);
      await visit.assertUser('reader');
    });
    await checks.that('browser: with all of these sign-ins no vendor host was contacted', () => {
      const hosts = browser.foreignHosts().filter((host) => host !== PORTAL);
      assert.deepEqual(hosts, []);
      const answered = browser.calls.filter((call) => call.host === PORTAL && call.status);
      assert.deepEqual(answered, []);
    });
  } finally {
    await browser.close();
  }
}

class Visit {
  constructor(browser, origin, hallpass, environment) {
    Object.assign(this, { browser, origin, hallpass, environment, page: browser.page });
  }

  /** The app as a new user finds it. */
  async open() {
    await this.page.goto(this.origin);
    await this.page.evaluate(() => localStorage.clear());
    await this.browser.context.clearCookies();
    await this.#configure();
  }

  /** From the app to the provider's login page and back; answers the ID token that the page got. */
  async signIn(provider, login) {
    await this.open();
    await this.page.evaluate((settings) => void window.beginSignIn(settings), provider);
    await this.page.fill('input[name=login]', login);
    await this.page.fill('input[name=password]', PASSWORD);
    await this.page.click('button');
    await this.page.waitForURL((url) => url.origin === this.origin);
    const token = await this.page.evaluate(() => window.finishSignIn());
    assert.equal(claimsOf(token).aud, provider.clientId);
    await this.#configure();
    return token;
  }

  authenticate(token) {
    return this.page.evaluate(
      ([environment, jwt]) => window.paragon.authenticate(environment, jwt).then(() => null, (error) => error.message),
      [this.environment, token],
    );
  }

  async assertUser(sub) {
    const user = await this.page.evaluate(() => JSON.parse(JSON.stringify(window.paragon.getUser())));
    assert.equal(user.authenticated, true);
    assert.equal(user.userId, sub);
  }

  async #configure() {
    await this.page.evaluate((url) => window.useHallpass(url), this.hallpass);
  }
}
