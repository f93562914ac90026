// Where text messages go: the operator's own webhook, which would hand them to a carrier. It believes only what the public
// Standard Webhooks package believes.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { Loopback, readText, sendJson } from '../providers/loopback.mjs';
import { Inbox } from './inbox.mjs';

export class Phones extends Inbox {
  static async start() {
    const phones = new Phones();
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    writeFileSync(phones.secretFile, secret, { mode: 0o600 });
    phones.web = await Loopback.listen(async (request, response) => {
      const { to, text, code } = new Webhook(secret).verify(await readText(request), request.headers);
      phones.put(to, { text, code });
      sendJson(response, 200, {});
    });
    return phones;
  }

  #home = mkdtempSync(join(tmpdir(), 'hallpass-phones-'));

  get secretFile() {
    return join(this.#home, 'secret');
  }

  close() {
    rmSync(this.#home, { recursive: true, force: true });
    return this.web?.down();
  }
}
