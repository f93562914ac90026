// One environment with its keys, and the ways in which an app without an SDK speaks to the session surface.

import { randomUUID } from 'node:crypto';
import Client from '@getpara/user-management-client';

/** What devices and backends were given to keep to themselves, of every app. */
export const secrets = new Set();

export class App {
  constructor({ url, environment, publishableKey, secretKey }) {
    Object.assign(this, { url, environment, publishableKey, secretKey });
    secrets.add(secretKey);
  }

  /** The unmodified client; `device.session` is what it keeps between calls. `options` override those of its constructor. */
  device(options = {}) {
    const device = { session: undefined };
    device.client = new Client({
      userManagementHost: this.url,
      apiKey: this.publishableKey,
      retrieveSessionCookie: () => device.session,
      persistSessionCookie: (value) => {
        device.session = value;
        const token = tokenOf(value);
        if (token) secrets.add(token);
      },
      ...options,
    });
    return device;
  }

  /** A call of one's own: `{status, headers, session, text, body}`, the body parsed if it is JSON. */
  async call(method, path, { session, body, key = this.publishableKey, structured = true, headers = {} } = {}) {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(key && { 'x-external-api-key': key }),
        ...(session && { 'x-capsule-sid': session }),
        ...(structured && { 'x-para-structured-errors': '1' }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    const isJson = /^application\/(problem\+)?json/.test(answer.headers.get('content-type') ?? '');
    const parsed = isJson ? JSON.parse(text) : undefined;
    return { status: answer.status, headers: answer.headers, session: answer.headers.get('x-capsule-sid'), text, body: parsed };
  }
}

/** An address at which nobody has signed in before. */
export function newEmail() {
  return `person-${randomUUID().slice(0, 13)}@mail.e2e.example`;
}

let lastLine = Math.floor(Math.random() * 9000);

/** A valid number of the United States at which nobody has signed in before. */
export function newPhone() {
  lastLine += 1;
  return `+1213373${String(1000 + (lastLine % 9000))}`;
}

/** The secret in a session value. */
export function tokenOf(session) {
  return /^capsule\.sid=([^;]+)/.exec(session ?? '')?.[1];
}

/** The date after which the session value says that it is worth nothing. */
export function expiryOf(session) {
  const date = /Expires=([^;]+)/.exec(session ?? '')?.[1];
  if (!date) throw new Error(`no Expires in ${session}`);
  return Date.parse(date);
}

/** Signs in with a code by mail; answers the user's id. */
export async function signInByMail(device, mailbox, email = newEmail()) {
  const { userId } = await device.client.signUpOrLogIn({ email });
  const state = await device.client.verifyAccount(userId, { verificationCode: await mailbox.nextCode(email) });
  return state.userId;
}

/** The message, status and code of what the client throws; fails if it does not. */
export async function rejectionOf(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it was accepted');
}
