import { exec, fork, spawn, spawnSync } from 'node:child_process';
import { createHash, createHmac, generateKeyPairSync, pbkdf2Sync, scryptSync, webcrypto } from 'node:crypto';
import dgram from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import { watch, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { pipeline } from 'node:stream/promises';
import { Readable, Transform } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import vm from 'node:vm';
import zlib from 'node:zlib';
import { Worker, MessageChannel } from 'node:worker_threads';

const folder = mkdtempSync('/tmp/proof-');

// Hot loops of every kind, so that each of V8's compilers has its turn.
function hot() {
  let h = 0;
  for (let i = 0; i < 3e6; i++) h = (Math.imul(h, 31) + (i ^ (h >>> 7))) | 0;
  let x = 0.5;
  for (let i = 0; i < 1e6; i++) x = 3.7 * x * (1 - x);
  class Vec {
    constructor(a, b) {
      this.a = a;
      this.b = b;
    }
    add(o) {
      return new Vec(this.a + o.a, this.b - o.b);
    }
  }
  let v = new Vec(1, 2);
  for (let i = 0; i < 5e5; i++) v = v.add({ a: i & 3, b: i % 5 });
  const map = new Map();
  for (let i = 0; i < 1e5; i++) map.set(`k${i % 977}`, (map.get(`k${i % 977}`) ?? 0) + i);
  const typed = Float64Array.from({ length: 5000 }, (_, i) => Math.sin(i)).sort();
  const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
  const changing = (o) => o.x; // a shape for every call, then numbers: deoptimises
  let sum = 0;
  for (let i = 0; i < 20000; i++)
    sum += changing(i % 7 === 0 ? { y: 1, x: i } : i % 11 === 0 ? { x: i, z: 0.5 } : { x: i / 2 });
  return [h, x, v.a, v.b, map.get('k5'), typed[100], fib(24), sum];
}
console.log(hot());
console.log(
  [...'the quick brown fox'.matchAll(/(?<first>\w)\w*/gu)].map((m) => m.groups.first),
  'ǅ'.normalize('NFD').length,
  new Intl.NumberFormat('de-DE').format(1234567.89),
  new Date(0).toISOString(),
  new Date(0).toLocaleDateString('en-GB', { timeZone: 'UTC', dateStyle: 'full' }),
);
console.log(
  structuredClone({ a: new Map([[1, new Set([2])]]), b: 5n, c: new Uint8Array(3) }),
  JSON.stringify({ x: [1, , undefined], d: new Date(0) }),
  123456789n ** 9n % 97n,
  Number.MAX_SAFE_INTEGER + 2,
);

console.log(
  createHash('sha256').update('x'.repeat(1e6)).digest('hex'),
  createHmac('sha1', 'k').update('v').digest('base64'),
  pbkdf2Sync('p', 's', 1000, 16, 'sha512').toString('hex'),
  scryptSync('p', 's', 16, { N: 256 }).toString('hex'),
);
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
console.log(
  publicKey.asymmetricKeyType,
  privateKey.type,
  Buffer.from(await webcrypto.subtle.digest('SHA-384', Buffer.from('y')))
    .toString('hex')
    .slice(0, 20),
);
for (const [to, from] of [
  [zlib.gzipSync, zlib.gunzipSync],
  [zlib.deflateRawSync, zlib.inflateRawSync],
  [zlib.brotliCompressSync, zlib.brotliDecompressSync],
]) {
  const packed = to(Buffer.from('compressible '.repeat(500)));
  console.log(packed.length, from(packed).length);
}

// Worker threads: messages, shared memory with Atomics, many at a time.
const shared = new Int32Array(new SharedArrayBuffer(8));
const code = `const { parentPort, workerData } = require('node:worker_threads'); const a = workerData.shared; for (let i = 0; i < 2000; i++) Atomics.add(a, 0, 1); let s = 0; for (let i = 0; i < 3e5; i++) s += i % workerData.n; Atomics.add(a, 1, 1); Atomics.notify(a, 1); parentPort.postMessage({ n: workerData.n, s }); parentPort.once('message', (port) => { port.postMessage('by the port'); port.close(); });`;
const workers = [1, 2, 3, 4].map((n) => new Worker(code, { eval: true, workerData: { shared, n } }));
const exits = workers.map(async (w) => (await once(w, 'exit'))[0]);
const answers = await Promise.all(workers.map(async (w) => (await once(w, 'message'))[0]));
console.log(
  answers.sort((a, b) => a.n - b.n),
  shared,
);
for (const w of workers) {
  const { port1, port2 } = new MessageChannel();
  w.postMessage(port2, [port2]);
  console.log(await once(port1, 'message'));
}
console.log(await Promise.all(exits));
const failing = new Worker('throw new RangeError("in a worker")', { eval: true });
console.log((await once(failing, 'error'))[0].message);
const endless = new Worker('for (;;);', { eval: true });
await once(endless, 'online');
console.log('terminated', await endless.terminate());

// Servers and clients.
const server = http
  .createServer(async (request, response) => {
    let size = 0;
    for await (const chunk of request) size += chunk.length;
    response.writeHead(request.url === '/none' ? 404 : 200, { 'content-type': 'text/plain', date: 'never' });
    if (request.url === '/stream')
      await pipeline(Readable.from(Array.from({ length: 50 }, (_, i) => `${i},`)), response);
    else response.end(`${request.method} ${request.url} ${size}`);
  })
  .listen(0, '127.0.0.1');
await once(server, 'listening');
const base = `http://127.0.0.1:${server.address().port}`;
for (const [path, options] of [
  ['/', {}],
  ['/none', {}],
  ['/stream', {}],
  ['/post', { method: 'POST', body: 'x'.repeat(100000) }],
]) {
  const r = await fetch(base + path, options);
  console.log(r.status, r.headers.get('content-type'), (await r.text()).slice(0, 60));
}
console.log(
  (await Promise.all(Array.from({ length: 60 }, (_, i) => fetch(`${base}/${i}`).then((r) => r.text())))).join(' ')
    .length,
);
server.closeAllConnections();
server.close();
const h2 = http2
  .createServer()
  .on('stream', (stream) => {
    stream.respond({ ':status': 200 });
    stream.end('second');
  })
  .listen(0, '127.0.0.1');
await once(h2, 'listening');
const session = http2.connect(`http://127.0.0.1:${h2.address().port}`);
const asked = session.request({ ':path': '/' });
asked.setEncoding('utf8');
let text = '';
for await (const part of asked) text += part;
console.log(text);
session.close();
h2.close();
const unix = net
  .createServer((s) =>
    s
      .pipe(
        new Transform({
          transform(c, _, done) {
            done(null, c.toString().toUpperCase());
          },
        }),
      )
      .pipe(s),
  )
  .listen(`${folder}/socket`);
await once(unix, 'listening');
const socket = net.connect(`${folder}/socket`);
socket.end('through a unix socket');
console.log((await once(socket.setEncoding('utf8'), 'data'))[0]);
unix.close();
const udp = dgram.createSocket('udp4');
udp.bind(0, '127.0.0.1');
await once(udp, 'listening');
udp.send('datagram', udp.address().port, '127.0.0.1');
console.log(String((await once(udp, 'message'))[0]));
udp.close();

// Processes and files.
console.log(
  await promisify(exec)('echo out; echo err >&2; exit 0'),
  spawnSync('cat', { input: 'sync' }).stdout.toString(),
  await once(spawn('sh', ['-c', 'kill -9 $$']), 'exit'),
);
writeFileSync(
  `${folder}/child.cjs`,
  `process.on('message', (m) => { process.send({ got: m }); process.disconnect(); })`,
);
const child = fork(`${folder}/child.cjs`);
child.send({ to: 'child' });
console.log(...(await Promise.all([once(child, 'message'), once(child, 'exit')])));
await fs.writeFile(`${folder}/file`, 'line\n'.repeat(2000));
await fs.appendFile(`${folder}/file`, 'end');
let lines = 0;
for await (const _ of (await fs.open(`${folder}/file`)).readLines()) lines++;
console.log(
  lines,
  (await fs.stat(`${folder}/file`)).size,
  (await fs.readdir(folder)).sort(),
  await fs.readFile('/nonexistent').catch((e) => e.code),
);
const watcher = watch(folder);
setTimeout(() => writeFileSync(`${folder}/new`, ''), 50);
console.log((await once(watcher, 'change'))[1]);
watcher.close();
const order = [];
setImmediate(() => order.push('immediate'));
process.nextTick(() => order.push('tick'));
queueMicrotask(() => order.push('microtask'));
setTimeout(() => order.push('timeout'), 30);
await sleep(80);
console.log(order);
console.log(
  vm.runInNewContext('x + y', { x: 1, y: 2 }),
  new Function('a', 'return a * 2')(21),
  await WebAssembly.instantiate(
    Uint8Array.from([
      0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 7, 5, 1, 1, 97, 0, 0, 10, 9, 1, 7, 0,
      32, 0, 32, 1, 106, 11,
    ]),
  ).then(({ instance }) => instance.exports.a(40, 2)),
);
let made = 0;
for (let i = 0; i < 200; i++) {
  const garbage = Array.from({ length: 2000 }, (_, j) => ({ i, j, s: `${i}.${j}` }));
  made += garbage.length;
}
console.log(made, process.memoryUsage().heapUsed > 0);
process.once('SIGUSR2', () => console.log('signal'));
process.kill(process.pid, 'SIGUSR2');
await sleep(50);
rmSync(folder, { recursive: true });
