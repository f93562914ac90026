// From an empty environment to a token that is refused, and why: what an operator does on the first day.

import assert from 'node:assert/strict';

const USER = 'tour-user';

/** The same walk for every kind of hands; answers what it made. */
export async function tour(operator, checks, engine) {
  const { hands, page } = operator;
  const title = (step) => `${engine}: dashboard by ${hands.name}: ${step}`;
  const made = {};
  await checks.that(title('signs in with an operator key'), async () => {
    await operator.goto('/dashboard');
    await operator.look('sign-in');
    await operator.signIn();
    assert.equal(await operator.text('main h1'), 'Projects');
    await operator.look('projects');
  });
  await checks.that(title('makes an environment'), async () => {
    await hands.press('main section details > summary:text-is("New environment")');
    await hands.write('main section details input[name="name"]', `tour-${hands.name}`);
    await operator.press('main section details button[type="submit"]');
    assert.equal(await operator.text('main h1'), `tour-${hands.name}`);
    made.environment = await operator.text('#environment-id');
    await operator.look('overview, empty');
  });
  await checks.that(title('generates a signing key, shown once'), async () => {
    await operator.section('SDK setup');
    await operator.look('setup, empty');
    made.key = await generateKey(operator);
    await operator.look('a new key');
    await operator.goto(`/dashboard/environments/${made.environment}/setup`);
    assert.ok(!(await page.content()).includes('PRIVATE KEY-----'), 'the private half is not shown again');
  });
  await checks.that(title('makes a token in the browser; no request carries the key'), async () => {
    await operator.section('Token generator');
    await operator.look('generator');
    await hands.write('#user', USER);
    await hands.write('#claim', '{"integration:slack": ["metadata:read"]}');
    await hands.write('#key', made.key);
    await hands.press('#sign');
    await page.locator('#result').waitFor({ state: 'visible' });
    made.token = await readToken(page);
    await operator.look('a signed token');
    const secret = made.key.split('\n').slice(2, 6);
    for (const line of secret) {
      const needle = [line, encodeURIComponent(line)];
      const carried = operator.sent.filter((call) => needle.some((text) => JSON.stringify(call).includes(text)));
      assert.deepEqual(carried.map((call) => call.url), [], 'a request carried the private key');
    }
  });
  await checks.that(title('the token is accepted'), async () => {
    const answer = await me(operator.demo, made);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.equal(answer.body.userId, USER);
  });
  await checks.that(title('regenerates the key; the token is refused, and the inspector says why'), async () => {
    await operator.section('SDK setup');
    await generateKey(operator, true);
    const answer = await me(operator.demo, made);
    assert.equal(answer.status, 401);
    made.reason = answer.body.code;
    await operator.section('Token inspector');
    await operator.look('inspector, empty');
    await hands.write('#token', made.token);
    await hands.press('#inspect');
    await page.locator('#report').waitFor({ state: 'visible' });
    const report = await operator.text('#report');
    assert.ok(report.includes(made.reason), `${made.reason} in ${report}`);
    await operator.look('inspector');
    return made.reason;
  });
  await checks.that(title('asks the explorer what the claim allows'), async () => {
    await operator.section('Permission explorer');
    await operator.look('explorer, empty');
    await hands.write('#claim', '{"integration:slack": ["metadata:read"], "integration:*": false}');
    await hands.press('#show');
    await page.locator('table.matrix').waitFor();
    await operator.look('explorer');
  });
  return made;
}

/** Works the form of the setup page; answers the private key as PEM. */
async function generateKey(operator, stopOthers = false) {
  if (stopOthers) await operator.hands.pick('form[action$="/setup/keys"] input[name="old_keys"][value="stop"]');
  await operator.press('form[action$="/setup/keys"] button[type="submit"]');
  const page = await operator.page.locator('textarea, pre').allTextContents();
  const values = await operator.page.locator('textarea').evaluateAll((areas) => areas.map((area) => area.value));
  const pem = [...page, ...values].find((text) => text.includes('BEGIN PRIVATE KEY'));
  assert.ok(pem, 'the page shows a private key');
  return pem.trim();
}

async function readToken(page) {
  const texts = await page.locator('#result').evaluate((result) =>
    [...result.querySelectorAll('textarea, pre, code, output')].map((part) => part.value || part.textContent),
  );
  const token = texts.map((text) => text.trim()).find((text) => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text));
  assert.ok(token, 'the page shows the token');
  return token;
}

async function me(demo, { environment, token }) {
  const answer = await fetch(`${demo.env.HALLPASS_URL}/projects/${environment}/sdk/me`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return { status: answer.status, body: await answer.json() };
}
