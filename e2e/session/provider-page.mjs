// A person at a provider's login page, without a browser: redirects, cookies, one form.

import assert from 'node:assert/strict';
import { PASSWORD } from '../providers/accounts.mjs';
import { CookieJar, FORM_ACTION } from '../providers/sign-in.mjs';

const MOST_HOPS = 12;

const HIDDEN = /<input type="hidden" name="([^"]+)" value="([^"]*)">/g;

/**
 * Opens the address, agrees to every form on the way, with the person's login where one asks for it, and goes on to the
 * end; answers every address on the way.
 */
export async function signInThere(start, login) {
  const jar = new CookieJar();
  const visited = [];
  let [url, form] = [start, null];
  while (visited.length < MOST_HOPS) {
    visited.push(url);
    const answer = await jar.fetch(url, form ? { method: 'POST', body: form } : {});
    const location = answer.headers.get('location');
    if (location) {
      [url, form] = [new URL(location, url).href, null];
      continue;
    }
    const page = await answer.text();
    assert.ok(answer.ok, `${url} answered ${answer.status}: ${page}`);
    const action = FORM_ACTION.exec(page)?.[1];
    if (!action) return visited;
    url = new URL(action.replaceAll('&amp;', '&'), url).href;
    form = new URLSearchParams(Array.from(page.matchAll(HIDDEN), ([, name, value]) => [name, value]));
    if (page.includes('name="login"')) form = new URLSearchParams({ login, password: PASSWORD });
  }
  throw new Error(`the sign-in goes round in circles: ${visited.join('\n')}`);
}
