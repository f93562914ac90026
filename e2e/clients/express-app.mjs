// A customer's backend as many are: Express, a login, and a route behind it that signs a user token with `jsonwebtoken`.

import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import express from 'express';
import jwt from 'jsonwebtoken';

export function expressApp(keyFile) {
  const privateKey = readFileSync(keyFile, 'utf8');
  const sessions = new Map();
  const app = express();
  app.use(express.json());

  app.post('/login', (request, response) => {
    const session = randomUUID();
    sessions.set(session, { id: request.body.user });
    response.cookie('session', session, { httpOnly: true }).sendStatus(204);
  });

  function requireLogin(request, response, next) {
    const session = /session=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1];
    request.user = sessions.get(session);
    if (!request.user) return response.status(401).json({ message: 'log in first' });
    next();
  }

  app.get('/hallpass-token', requireLogin, (request, response) => {
    const now = Math.floor(Date.now() / 1000);
    const token = jwt.sign({ sub: request.user.id, iat: now, exp: now + 60 * 60 }, privateKey, { algorithm: 'RS256' });
    response.json({ token });
  });

  return app;
}

/** Starts the app, logs in as its browser would, and answers the token. */
export async function tokenFromExpress(keyFile, user) {
  const server = expressApp(keyFile).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    const base = `http://127.0.0.1:${server.address().port}`;
    const login = await fetch(`${base}/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user }),
    });
    const cookie = login.headers.get('set-cookie').split(';')[0];
    const stranger = await fetch(`${base}/hallpass-token`);
    if (stranger.status !== 401) throw new Error('the Express app signs for people who did not log in');
    const answer = await fetch(`${base}/hallpass-token`, { headers: { cookie } });
    return (await answer.json()).token;
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
