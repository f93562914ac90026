// The token inspector. The token stays in the page: it is sent in the body of the check and of questions about its
// permissions, is in no address, and is not stored.

import { byId, part, say } from './element.mjs';
import { withoutBearer } from './jwt.mjs';
import { showToken } from './report.mjs';

const field = byId('token', HTMLTextAreaElement);
const report = part('report');
const status = part('status');

byId('inspect', HTMLButtonElement).addEventListener('click', inspect);
byId('forget', HTMLButtonElement).addEventListener('click', () => {
  field.value = '';
  report.replaceChildren();
  say(status, '');
  field.focus();
});
// A token has no lines, so Enter has nothing else to do.
field.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey) return;
  event.preventDefault();
  inspect();
});

async function inspect() {
  const token = withoutBearer(field.value);
  if (token === '') {
    say(status, 'Paste a token first.');
    field.focus();
    return;
  }
  say(status, '');
  await showToken(report, token);
  report.focus();
}
