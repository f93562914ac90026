// Serves the bundled app from an origin that is not Hallpass's.

import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const PAGE = '<!doctype html><meta charset="utf-8"><title>app</title><body><script src="/app.js"></script>';

/** `entry`: the module that the page loads, as seen from this directory. `origin` is by number, `named` by name. */
export async function serveApp(entry = 'app.mjs') {
  const bundle = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    bundle: true,
    format: 'iife',
    write: false,
    logLevel: 'silent',
    // What bundlers of web apps put in the place of Node's.
    define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
    // What SDKs load on demand for those who have it.
    external: ['@farcaster/*', '@getpara/aa-*', '@getpara/*-wallet-connectors'],
  });
  const script = bundle.outputFiles[0].contents;
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://app');
    if (pathname === '/app.js') {
      response.writeHead(200, { 'content-type': 'text/javascript; charset=utf-8' }).end(script);
    } else if (pathname === '/') {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(PAGE);
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  return { origin: `http://127.0.0.1:${port}`, named: `http://localhost:${port}`, close: () => server.close() };
}
