/**
 * Page load to prompt, cold (fresh profile) and warm (page opened again), bytes over the wire, and memory of the
 * renderer at the prompt. Medians; needs a build in dist/.
 *
 *   node bench/page-load.mjs [ROUNDS]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { serve } from '../scripts/serve.mjs';

const ROUNDS = Number(process.argv[2] ?? 5);
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run', '--disable-sync'];

const { server, url } = await serve({ folder: 'dist', host: '127.0.0.1', port: 0 });
let wireBytes = 0;
server.on('connection', (socket) => socket.on('close', () => (wireBytes += socket.bytesWritten)));

const cold = [];
const warm = [];
for (let round = 0; round < ROUNDS; round++) await measure();
server.closeAllConnections();
server.close();

const rows = [
  ['page load to prompt, cold', `${median(cold.map((each) => each.promptMs))} ms`],
  ['page load to prompt, warm', `${median(warm.map((each) => each.promptMs))} ms`],
  ['bytes over the wire to the prompt, cold', `${(median(cold.map((each) => each.wireBytes)) / 1e6).toFixed(2)} MB`],
  ['main thread busy until the prompt, warm', `${median(warm.map((each) => each.busyMs))} ms`],
  ['renderer memory (PSS) at the prompt', `${(median(warm.map((each) => each.pssBytes)) / 1e6).toFixed(0)} MB`],
];
for (const [name, value] of rows) console.log(`| ${name} | ${value} |`);

async function measure() {
  const profile = mkdtempSync(join(tmpdir(), 'osv-bench-'));
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  const context = await chromium.launchPersistentContext(profile, { executablePath, args: ARGS });
  try {
    cold.push(await load(context, profile));
    warm.push(await load(context, profile));
  } finally {
    await context.close().catch(() => undefined);
    rmSync(profile, { recursive: true, force: true });
  }
}

async function load(context, profile) {
  server.closeAllConnections();
  wireBytes = 0;
  const page = await context.newPage();
  await page.goto(url, { waitUntil: 'commit' });
  const promptMs = await page.evaluate(async () => {
    while (!/\/# ?$/.test(window.machine?.console.text() ?? '')) await new Promise((resolve) => setTimeout(resolve, 2));
    return Math.round(performance.now());
  });
  const session = await context.newCDPSession(page);
  await session.send('Performance.enable');
  const { metrics } = await session.send('Performance.getMetrics');
  const busyMs = Math.round(1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0));
  const pssBytes = Math.max(...rendererPids(profile).map(pss));
  await page.close();
  server.closeAllConnections();
  await new Promise((resolve) => setTimeout(resolve, 100));
  return { promptMs, busyMs, pssBytes, wireBytes };
}

function rendererPids(profile) {
  const lines = execFileSync('ps', ['-ww', '-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
  return lines
    .filter((line) => line.includes(profile) && line.includes('--type=renderer'))
    .map((line) => Number.parseInt(line, 10));
}

function pss(pid) {
  try {
    return 1024 * Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0; // it ended meanwhile
  }
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
