// The dashboard in a real browser.

import assert from 'node:assert/strict';
import { checkConformance } from './conformance.mjs';
import { Keyboard, Mouse } from './hands.mjs';
import { checkSnippets } from './check-snippets.mjs';
import { OperatorInBrowser } from './operator.mjs';
import { tour } from './tour.mjs';
import { checkPages } from './pages.mjs';
import { checkPasskey } from './passkey.mjs';
import { takePictures } from './pictures.mjs';
import { signInOperator } from './without-browser.mjs';

export async function checkDashboard(demo, checks) {
  const engine = demo.engine.name;
  await checkSnippets(demo, checks, await signInOperator(demo));
  for (const Hands of [Mouse, Keyboard]) {
    const operator = await OperatorInBrowser.open(demo, Hands);
    try {
      await tour(operator, checks, engine);
      await checkPasskey(operator, checks, engine);
      // How pages look and what the evaluator says is the same on every database.
      if (Hands === Mouse && engine === 'SQLite') {
        await checkPages(operator, checks, engine);
        await takePictures(operator, checks, engine);
        await checkConformance(operator, checks, engine);
      }
      await checks.that(`${engine}: dashboard by ${operator.hands.name}: nothing from elsewhere, no complaint in the console`, () => {
        assert.deepEqual(operator.browser.foreignHosts(), []);
        assert.deepEqual(operator.complaints, []);
      });
    } catch (error) {
      checks.fail(`${engine}: dashboard by ${operator.hands.name}`, error);
    } finally {
      await operator.close();
    }
  }
}
