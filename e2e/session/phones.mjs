// Where text messages go: the operator's own webhook, which would hand them to a carrier.

import { Loopback, readText, sendJson } from '../providers/loopback.mjs';
import { Inbox } from './inbox.mjs';

export class Phones extends Inbox {
  static async start() {
    const phones = new Phones();
    phones.web = await Loopback.listen(async (request, response) => {
      const { to, text } = JSON.parse(await readText(request));
      phones.put(to, { text, headers: request.headers });
      sendJson(response, 200, {});
    });
    return phones;
  }

  close() {
    return this.web.down();
  }
}
