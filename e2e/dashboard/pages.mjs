// Every page of an environment that has seen something: nothing for axe to say, light enough, and no wider than a phone.

import assert from 'node:assert/strict';

export async function checkPages(operator, checks, engine) {
  const sandbox = `/dashboard/environments/${operator.demo.env.HALLPASS_SANDBOX_ID}`;
  for (const path of await pagesFrom(operator, [sandbox, '/dashboard/sessions'])) {
    await checks.that(`${engine}: dashboard page ${shown(path)}`, async () => {
      const bytes = await operator.weigh(path);
      await operator.look(path);
      await operator.onPhone(path);
      return `${Math.round(bytes / 1024)} KB`;
    });
  }
}

/** Everything that the first pages link to, each kind of page once. */
async function pagesFrom(operator, starts) {
  const kinds = new Map();
  const waiting = [...starts];
  while (waiting.length > 0) {
    const path = waiting.shift();
    const kind = shown(path);
    if (kinds.has(kind)) continue;
    kinds.set(kind, path);
    const answer = await operator.goto(path);
    if (!answer.headers()['content-type']?.startsWith('text/html')) {
      kinds.delete(kind);
      continue;
    }
    const links = await operator.page.locator('main a[href^="/dashboard"], nav a').evaluateAll((all) => all.map((link) => link.getAttribute('href')));
    const sandbox = starts[0];
    for (const link of links) {
      const target = link.split('#')[0].split('?')[0];
      const elsewhere = target.startsWith('/dashboard/environments/') && !target.startsWith(sandbox);
      if (!elsewhere && !target.endsWith('.jsonl')) waiting.push(target);
    }
  }
  return [...kinds.values()];
}

/** The address with what is particular left out. */
function shown(path) {
  return path
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '{id}')
    .replace(/\/(users|keys)\/[^/]+/, '/$1/{one}');
}
