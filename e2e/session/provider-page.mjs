// A person at a provider's login page, without a browser: redirects, cookies, one form.

import assert from 'node:assert/strict';
import { PASSWORD } from '../providers/accounts.mjs';
import { CookieJar, FORM_ACTION } from '../providers/sign-in.mjs';

const MOST_HOPS = 12;

/** How our page asks whether to go on when the session was begun in another browser, or in none. */
const GO_ON = /<a [^>]*\bid="leave" href="([^"]+)"/;

/**
 * Opens the address, agrees to go on, fills in the login where a form asks for one, and follows to the end; answers every
 * address on the way.
 */
export async function signInThere(start, login) {
  const jar = new CookieJar();
  const visited = [];
  let [url, form] = [start, null];
  while (visited.length < MOST_HOPS) {
    visited.push(url);
    const answer = await jar.fetch(url, form ? { method: 'POST', body: form } : {});
    const page = await answer.text();
    const isForm = page.includes('name="login"');
    const next = answer.headers.get('location') ?? unescaped((isForm ? FORM_ACTION : GO_ON).exec(page)?.[1]);
    assert.ok(answer.status < 400, `${url} answered ${answer.status}: ${page}`);
    if (!next) return visited;
    url = new URL(next, url).href;
    form = isForm ? new URLSearchParams({ login, password: PASSWORD }) : null;
  }
  throw new Error(`the sign-in goes round in circles: ${visited.join('\n')}`);
}

function unescaped(text) {
  return text?.replaceAll(/&(amp|#38);/g, '&');
}
