// Pictures of the main pages, for the eyes of whoever works on them and for docs/DASHBOARD.md. They are taken every time, so that
// a page that cannot be pictured fails; they are written into docs/ only when HALLPASS_BLESS is set.

import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../docs/dashboard/', import.meta.url));
const CLAIM = `{
  "integration:slack": ["metadata:read", "proxy-api", "events"],
  "integration:salesforce": {
    "credential:ext:acme": true,
    "credential:*": ["metadata:read"]
  },
  "integration:*": false
}`;

export async function takePictures(operator, checks, engine) {
  const sandbox = `/dashboard/environments/${operator.demo.env.HALLPASS_SANDBOX_ID}`;
  const { page } = operator;
  await furnish(operator);
  const pictures = {
    overview: { path: sandbox },
    setup: { path: `${sandbox}/setup` },
    code: { path: `${sandbox}/setup/code` },
    generator: { path: `${sandbox}/generator`, before: () => page.fill('#claim', CLAIM) },
    explorer: { path: `${sandbox}/explorer`, before: () => explore(page), part: '#answer', height: 1480 },
    'explorer-dark': { path: `${sandbox}/explorer`, before: () => explore(page), part: '#answer', height: 1480, colorScheme: 'dark' },
    inspector: { path: `${sandbox}/inspector`, before: () => inspect(page, operator.demo.env.HALLPASS_USER_TOKEN), height: 1250 },
    user: { path: `${sandbox}/users/user-1` },
    'issuer-keys': { path: `${sandbox}/issuer-keys` },
    audit: { path: `${sandbox}/audit` },
    'overview-phone': { path: sandbox, width: 390 },
    'explorer-phone': { path: `${sandbox}/explorer`, before: () => explore(page), part: '#answer', width: 390 },
  };
  for (const [name, picture] of Object.entries(pictures)) {
    await checks.that(`${engine}: a picture of ${name}`, async () => {
      await page.emulateMedia({ colorScheme: picture.colorScheme ?? 'light', reducedMotion: 'reduce' });
      await page.setViewportSize({ width: picture.width ?? 1200, height: picture.height ?? (picture.width ? 844 : 900) });
      await operator.goto(picture.path);
      await picture.before?.();
      await operator.browser.settle();
      await page.evaluate((part) => (part ? document.querySelector(part).scrollIntoView() : scrollTo(0, 0)), picture.part ?? null);
      const image = await page.screenshot({ animations: 'disabled' });
      if (!process.env.HALLPASS_BLESS) return;
      mkdirSync(FOLDER, { recursive: true });
      writeFileSync(`${FOLDER}${name}.png`, image);
    });
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 720 });
}

/** Something for every page to show. */
async function furnish({ demo }) {
  const { HALLPASS_URL, HALLPASS_OPERATOR_KEY, HALLPASS_SANDBOX_ID, HALLPASS_USER_TOKEN } = demo.env;
  const admin = (method, path, body) =>
    fetch(`${HALLPASS_URL}/admin/v1/environments/${HALLPASS_SANDBOX_ID}${path}`, {
      method,
      headers: { authorization: `Bearer ${HALLPASS_OPERATOR_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify(body ?? {}),
    });
  const me = (token) =>
    fetch(`${HALLPASS_URL}/projects/${HALLPASS_SANDBOX_ID}/sdk/me`, { headers: { authorization: `Bearer ${token}` } });
  for (let calls = 0; calls < 40; calls += 1) await me(HALLPASS_USER_TOKEN);
  for (let calls = 0; calls < 6; calls += 1) await me(`${HALLPASS_USER_TOKEN}x`);
  for (let calls = 0; calls < 3; calls += 1) await me('no.token.atall');
  await admin('PUT', '/users/user-1/metadata', { metadata: { plan: 'pro', seats: 12, region: 'eu' } });
  for (let rotations = 0; rotations < 2; rotations += 1) await admin('POST', '/issuer-keys/rotate');
}

async function explore(page) {
  await page.fill('#claim', CLAIM);
  await page.click('#show');
  // The proxy of Salesforce, on an account that is not named.
  await page.locator('table.matrix tbody tr').nth(4).locator('button').nth(6).click();
}

async function inspect(page, token) {
  await page.fill('#token', token);
  await page.click('#inspect');
  await page.locator('#verdict').waitFor();
}
