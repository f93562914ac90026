// A real SMTP server (Python's aiosmtpd), and the mails that it has taken.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Inbox } from './inbox.mjs';

export class Mailbox extends Inbox {
  static async start() {
    const python = process.env.HALLPASS_E2E_PYTHON ?? 'python3';
    const script = fileURLToPath(new URL('mailbox.py', import.meta.url));
    const child = spawn(python, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    // Should this program break off, the server must not stay behind.
    const kill = () => child.kill();
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    const lines = createInterface({ input: child.stdout });
    const gone = once(child, 'exit').then(() => Promise.reject(new Error(`${script} ended`)));
    const [first] = await Promise.race([once(lines, 'line'), gone]);
    gone.catch(() => {});
    const mailbox = new Mailbox(child, JSON.parse(first).port);
    lines.on('line', (line) => {
      const mail = JSON.parse(line);
      for (const address of mail.to) mailbox.put(address, { ...mail, text: mail.plain ?? '' });
    });
    return mailbox;
  }

  #child;

  constructor(child, port) {
    super();
    this.#child = child;
    this.url = `smtp://127.0.0.1:${port}`;
  }

  close() {
    this.#child.kill();
  }
}
