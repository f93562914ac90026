// A receiver of webhooks, which believes only what the public Standard Webhooks package believes.

import { Webhook } from 'standardwebhooks';
import { Loopback, readText } from '../providers/loopback.mjs';
import { Inbox } from './inbox.mjs';

export class Hooks extends Inbox {
  /** By path, so that several webhooks may point here. */
  secrets = new Map();
  /** How many further deliveries are answered with 500. */
  refusals = 0;

  static async start() {
    const hooks = new Hooks();
    hooks.web = await Loopback.listen(async (request, response, { pathname }) => {
      const body = await readText(request);
      const id = request.headers['webhook-id'];
      if (hooks.refusals > 0) {
        hooks.refusals -= 1;
        hooks.put(pathname, { refused: id });
        return response.writeHead(500).end();
      }
      const event = new Webhook(hooks.secrets.get(pathname)).verify(body, request.headers);
      hooks.put(pathname, { id, event });
      return response.writeHead(204).end();
    });
    return hooks;
  }

  close() {
    return this.web.down();
  }
}
