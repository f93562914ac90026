// npm install express jsonwebtoken
import { readFileSync } from 'node:fs';
import express from 'express';
import jwt from 'jsonwebtoken';

const privateKey = readFileSync(process.env.HALLPASS_SIGNING_KEY_FILE, 'utf8');
const app = express();

// Your own sign-in belongs here. Never sign an id that the browser merely sends.
function signedInUser(request) {
  return { id: 'user-1' };
}

function userToken(userId) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: userId, aud: '{{audience}}', iat: now, exp: now + 3600 };
  return jwt.sign(claims, privateKey, { algorithm: 'RS256' });
}

app.get('/hallpass-token', (request, response) => {
  const user = signedInUser(request);
  if (!user) return response.status(401).json({ message: 'Sign in first.' });
  response.set('Cache-Control', 'no-store').json({ token: userToken(user.id) });
});

app.listen(process.env.PORT ?? 3000);
