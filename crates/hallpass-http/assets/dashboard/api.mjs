// @ts-check
// Asks the server what a page's script wants to know. The session's cookie counts only together with the form token.

/**
 * @typedef {{ status: number, body: any }} Answer
 */

/** The environment of this page. */
export const environment = document.body.dataset.environment ?? '';

/** JSON that is sent as it was written: read and written again, it would lose members that stand there twice. */
export class JsonText {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body] a value, or JSON as text
 * @returns {Promise<Answer>}
 */
export async function api(method, path, body) {
  /** @type {Record<string, string>} */
  const headers = { accept: 'application/json', 'x-hallpass-form': document.body.dataset.formToken ?? '' };
  /** @type {RequestInit} */
  const options = { method, headers };
  if (body !== undefined) {
    headers['content-type'] = 'application/json';
    options.body = body instanceof JsonText ? body.text : JSON.stringify(body);
  }
  try {
    const answer = await fetch(path, options);
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
  } catch {
    return { status: 0, body: { code: 'unreachable', detail: 'The server could not be reached. Try again.' } };
  }
}

/**
 * What a refusal says, for people.
 * @param {Answer} answer
 * @returns {string}
 */
export function words(answer) {
  if (answer.status === 401) return 'Your session has ended. Sign in again in another tab, then repeat this here.';
  const { detail, code } = answer.body ?? {};
  const said = typeof detail === 'string' ? detail : `The server answered ${answer.status}.`;
  return typeof code === 'string' ? `${said} (${code})` : said;
}
