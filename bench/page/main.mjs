/**
 * What a visitor waits for, in a real Chromium: page load to prompt cold and warm, bytes on the wire until the prompt,
 * memory of the renderer there, and hello (PIE, dynamic) through PUT /app. `npm run bench:page [-- ROUNDS]`.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { serve } from '../../scripts/serve.mjs';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run', '--disable-quic'];
const HELLO = '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n';
/** Chromium loads panels of its own window first; a visitor's browser is open already. */
const UNTIL_OPEN_MS = 3_000;
const rounds = Number(process.argv[2] ?? 5);

const { server, url } = await serve({ folder: 'dist', host: '127.0.0.1', port: 0 });
let wireBytes = 0;
server.on('connection', (socket) => socket.on('close', () => (wireBytes += socket.bytesWritten)));
const figures = { cold: [], warm: [], wire: [], pss: [], helloFirst: [], helloWarm: [] };
for (let round = 0; round < rounds; round++) await measure();
server.close();
console.log(`medians of ${rounds} rounds; times in ms
page load to prompt, cold          ${median(figures.cold)}
page load to prompt, warm          ${median(figures.warm)}
bytes on the wire to the prompt    ${median(figures.wire)}
PSS of the renderer at the prompt  ${median(figures.pss)} KiB
hello PIE, PUT /app to exit, first ${median(figures.helloFirst)}
hello PIE, PUT /app to exit, then  ${median(figures.helloWarm)}`);

/** One visitor: a first visit with an empty profile, then a second one. */
async function measure() {
  const profile = mkdtempSync(join(tmpdir(), 'osv-bench-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: FLAGS,
  });
  const page = await context.newPage();
  await page.waitForTimeout(UNTIL_OPEN_MS);
  figures.cold.push(await toPrompt(page));
  figures.pss.push(await rendererPss(context, page));
  server.closeAllConnections();
  await new Promise((resolve) => setTimeout(resolve, 100));
  figures.wire.push(wireBytes);
  wireBytes = 0;
  const hello = [...compileHello(profile)];
  await page.evaluate((bytes) => window.machine.files.write('/hello', new Uint8Array(bytes)), hello);
  figures.helloFirst.push(await runHello(page));
  for (let i = 0; i < 5; i++) figures.helloWarm.push(await runHello(page));
  figures.warm.push(await toPrompt(page));
  await context.close();
  wireBytes = 0;
}

async function toPrompt(page) {
  const startMs = performance.now();
  await page.goto(url, { waitUntil: 'commit' });
  await page.waitForFunction(() => /\/# ?$/.test(window.machine?.console.text() ?? ''), undefined, { polling: 5 });
  return performance.now() - startMs;
}

async function runHello(page) {
  return await page.evaluate(async () => {
    const startMs = performance.now();
    const [tid] = await window.machine.run('/hello');
    await window.machine.finished(tid);
    return performance.now() - startMs;
  });
}

/** PSS in KiB of the largest renderer: that of the page and its worker. */
async function rendererPss(context, page) {
  const session = await context.newCDPSession(page);
  const browser = await session.send('Browser.getVersion').then(() => context.browser()?.newBrowserCDPSession());
  const { processInfo } = await (browser ?? session).send('SystemInfo.getProcessInfo');
  const renderers = processInfo.filter(({ type }) => type === 'renderer');
  return Math.max(...renderers.map(({ id }) => pssOf(id)));
}

function pssOf(pid) {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
}

function compileHello(folder) {
  writeFileSync(join(folder, 'hello.c'), HELLO);
  execFileSync('gcc', ['-O2', '-o', join(folder, 'hello'), join(folder, 'hello.c')]);
  return readFileSync(join(folder, 'hello'));
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length / 2)]);
}
