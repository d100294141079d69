/**
 * A static server for dist/, without dependencies. Any other static server does as well for the page itself; this one
 * also answers on every N.localhost with the bootstrap page of the port door (DESIGN decision 11): there the page gives
 * guest port N an origin of its own.
 */
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
  '.zst': 'application/octet-stream',
};
const ZIPPED = new Set(['.css', '.html', '.js', '.json', '.svg', '.wasm']);
/** By ETag: promises of what was compressed once. A page comes to a megabyte and a half. */
const zipped = new Map();

const TRIES = 20;

const GUEST_HOST = /^\d+\.localhost(:\d+)?$/;

/** The machine's worker compiles guest code: eval for the JavaScript backend, WebAssembly for the other. */
const WORKER_POLICY = "default-src 'none'; script-src 'self' 'unsafe-eval' 'wasm-unsafe-eval'; connect-src 'self'";

/** Serves `folder`; takes the next free port when `port` is in use (0: any). @returns the server and its URL */
export async function serve({ folder, host, port }) {
  const root = resolve(folder);
  const server = createServer((request, response) => answer(root, request, response));
  await listen(server, host, port);
  const shown = host === '127.0.0.1' || host === '0.0.0.0' ? 'localhost' : host;
  return { server, url: `http://${shown}:${server.address().port}/` };
}

async function listen(server, host, first) {
  for (let port = first; ; port++) {
    try {
      await new Promise((done, fail) => {
        server.once('error', fail);
        server.listen(port, host, () => {
          server.off('error', fail);
          done();
        });
      });
      return;
    } catch (error) {
      if (error.code !== 'EADDRINUSE' || port - first >= TRIES) throw error;
    }
  }
}

function answer(root, request, response) {
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405);
  const file = fileFor(root, request);
  if (!file) return refuse(response, 404);
  const fields = headers(root, file);
  if (request.headers['if-none-match'] === fields.ETag) return response.writeHead(304, fields).end();
  const isZipped = ZIPPED.has(extname(file)) && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  if (isZipped) return answerZipped(file, fields, request, response).catch(() => response.destroy());
  response.writeHead(200, { ...fields, 'Content-Length': statSync(file).size });
  if (request.method === 'HEAD') return response.end();
  return createReadStream(file)
    .on('error', () => response.destroy())
    .pipe(response);
}

async function answerZipped(file, fields, request, response) {
  const key = `${file} ${fields.ETag}`;
  if (!zipped.has(key)) zipped.set(key, promisify(gzip)(readFileSync(file)));
  const bytes = await zipped.get(key);
  response.writeHead(200, { ...fields, 'Content-Encoding': 'gzip', 'Content-Length': bytes.length });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

function fileFor(root, request) {
  let path;
  try {
    path = normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname));
  } catch {
    return undefined;
  }
  if (GUEST_HOST.test(request.headers.host ?? '')) path = doorPath(path);
  const file = join(root, path.endsWith('/') ? `${path}index.html` : path);
  return file.startsWith(root) && !path.includes('\0') && existsSync(file) && statSync(file).isFile()
    ? file
    : undefined;
}

/** At a guest port's origin: the files of the door, the picture by which the page knows of it, else the bootstrap page. */
function doorPath(path) {
  if (path === '/osv-door-here.svg') return '/icon.svg';
  return /^\/osv-door[-.]/.test(path) ? path : '/osv-door.html';
}

function headers(root, file) {
  // Names that hold a hash of the content never change their bytes.
  const isHashed = /^\/(assets\/|images\/[^/]+\/)/.test(file.slice(root.length));
  const { size, mtimeMs } = statSync(file);
  return {
    'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
    'Cache-Control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    ETag: `"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"`,
    'X-Content-Type-Options': 'nosniff',
    ...(/vm\.worker-[\w-]+\.js$/.test(file) ? { 'Content-Security-Policy': WORKER_POLICY } : {}),
  };
}

function refuse(response, status) {
  response.writeHead(status, { 'Content-Type': 'text/plain' });
  response.end(`${status}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await serve({
    folder: process.env.ROOT ?? 'dist',
    host: process.env.HOST ?? '127.0.0.1',
    port: Number(process.env.PORT ?? 8080),
  });
  console.log(url);
}
