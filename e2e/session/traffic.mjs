// What the SDKs in this process send to the server, seen from beside: they themselves stay as they are.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';

const FINISHED = 'http.client.response.finish';
const STARTED = 'http.client.request.start';

export class Traffic {
  #started = ({ request }) => this.#note(request, 'calls');
  #finished = ({ request, response }) => this.#note(request, 'answers', response.statusCode);

  /** Of one app: everything that carries its key. */
  constructor(app) {
    this.key = app.publishableKey;
    this.forget();
    subscribe(STARTED, this.#started);
    subscribe(FINISHED, this.#finished);
  }

  forget() {
    this.calls = [];
    this.answers = [];
  }

  stop() {
    unsubscribe(STARTED, this.#started);
    unsubscribe(FINISHED, this.#finished);
  }

  #note(request, list, status) {
    if (request.getHeader('x-external-api-key') !== this.key) return;
    const call = `${request.method} ${request.path}`;
    this[list].push(status === undefined ? call : { call, status });
  }
}
