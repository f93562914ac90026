// The two databases. PostgreSQL: a fresh database on the server that HALLPASS_TEST_POSTGRES_URL names.

import { execFileSync } from 'node:child_process';

export function sqlite() {
  return { name: 'SQLite', databaseUrl: null, another: sqlite, remove: () => {} };
}

let databases = 0;

/** `another` makes a second empty database. Null, and under CI a failed check, when there is no server. */
export function postgres(checks) {
  const server = process.env.HALLPASS_TEST_POSTGRES_URL;
  if (!server) {
    if (process.env.CI) checks.fail('PostgreSQL', new Error('HALLPASS_TEST_POSTGRES_URL is not set'));
    else console.log('HALLPASS_TEST_POSTGRES_URL is not set: SQLite only');
    return null;
  }
  const run = (statement) =>
    execFileSync(process.env.HALLPASS_E2E_PSQL ?? 'psql', ['--no-psqlrc', '--quiet', '--command', statement, server]);
  databases += 1;
  const database = `hallpass_e2e_${process.pid}_${databases}`;
  run(`CREATE DATABASE ${database}`);
  const url = new URL(server);
  url.pathname = `/${database}`;
  const remove = () => run(`DROP DATABASE ${database} WITH (FORCE)`);
  return { name: 'PostgreSQL', databaseUrl: url.href, another: () => postgres(checks), remove };
}
