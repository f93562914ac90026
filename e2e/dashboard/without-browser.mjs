// An operator of the demo, signed in to the dashboard without a browser.

import assert from 'node:assert/strict';

/** Answers `{ get(path) }`, with which pages are read. */
export async function signInOperator(demo) {
  const { HALLPASS_URL: url, HALLPASS_OPERATOR_KEY: key } = demo.env;
  const answer = await fetch(`${url}/dashboard/sign-in`, {
    method: 'POST',
    headers: { origin: url },
    body: new URLSearchParams({ key }),
    redirect: 'manual',
  });
  assert.equal(answer.status, 303, await answer.text());
  const cookie = answer.headers.get('set-cookie').split(';')[0];
  return { get: (path) => fetch(`${url}${path}`, { headers: { cookie }, redirect: 'manual' }) };
}
