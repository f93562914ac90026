// What the explorer shows is what the conformance cases say, for each of them: the page asks the server, and has no mind of
// its own.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { readJson } from '../../crates/hallpass-http/assets/dashboard/json-text.mjs';

const CASES = new URL('../../conformance/permissions/', import.meta.url);

export async function checkConformance(operator, checks, engine) {
  const { page } = operator;
  await checks.that(`${engine}: the explorer answers every conformance case as it says`, async () => {
    await operator.goto(`/dashboard/environments/${operator.demo.env.HALLPASS_SANDBOX_ID}/explorer`);
    const wrong = [];
    let count = 0;
    for (const one of allCases()) {
      count += 1;
      const shown = await ask(page, one);
      if (!agrees(shown, one.expect)) wrong.push({ file: one.file, name: one.name, shown, expected: one.expect });
    }
    assert.deepEqual(wrong.slice(0, 5), [], `${wrong.length} of ${count} differ`);
    assert.ok(count > 2000, `${count} cases`);
    return `${count} cases`;
  });
}

/** The cases with their claims letter by letter: what JSON.parse forgets, such as repeated members, is part of some. */
function* allCases() {
  for (const file of readdirSync(CASES)) {
    const text = readFileSync(new URL(file, CASES), 'utf8');
    const { items } = readJson(text);
    for (const [index, one] of JSON.parse(text).entries()) {
      const claim = items[index].members.find((member) => member.name === 'claim')?.value;
      yield { ...one, file, claim: claim ? text.slice(claim.start, claim.end) : '' };
    }
  }
}

/** Works the page's own form. */
async function ask(page, { claim, permission, target }) {
  await page.evaluate(
    (fields) => {
      for (const [id, value] of Object.entries(fields)) document.getElementById(id).value = value;
      delete document.getElementById('answer').dataset.effect;
      document.getElementById('ask').click();
    },
    { claim, permission, target: JSON.stringify(target) },
  );
  await page.waitForFunction(() => document.getElementById('answer').dataset.effect, null, { polling: 'raf' });
  return page.evaluate(() => ({ ...document.getElementById('answer').dataset }));
}

function agrees(shown, expect) {
  if (expect.decision === 'malformed') {
    return shown.effect === 'refused' && shown.reason === 'permission_claim_malformed';
  }
  const pointers = JSON.parse(shown.pointers ?? '[]');
  const named = expect.pointer === undefined || pointers.includes(expect.pointer) || (expect.pointer === '' && pointers.length === 0);
  return shown.effect === expect.decision && (!expect.reason || shown.reason === expect.reason) && named;
}
