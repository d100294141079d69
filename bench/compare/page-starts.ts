/** What a visitor waits for: the prompt, the first and the later starts of programs, and all of it on a second visit. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from '@playwright/test';
import { CHROMIUM_FLAGS, runInPage } from './chromium-session.ts';
import { type Row, type Samples } from './figures.ts';
import { guestCommand } from './machine-session.ts';

const HELLO = guestCommand(['/usr/bin/bench-hello']);
const PYTHON = guestCommand(['/usr/bin/python3.11', '-c', 'print(1)']);
/** Chromium loads panels of its own window first; a visitor's browser is open already. */
const UNTIL_OPEN_MS = 3_000;
/** The machine prepares itself when it has nothing to do (Kernel.makeReady); nobody types sooner than that. */
const UNTIL_READY_MS = 1_500;
/** The page writes what it compiled a while after it was compiled. */
const UNTIL_KEPT_MS = 4_000;

export async function runStarts(samples: Samples, url: string, engine: string): Promise<void> {
  const profile = mkdtempSync(join(tmpdir(), 'osv-bench-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: CHROMIUM_FLAGS,
  });
  const add = (name: string, value: number, unit: Row['unit'] = 'ms'): void =>
    samples.add({ name, group: 'page', unit }, 'chromium', value);
  try {
    const page = await context.newPage();
    await page.waitForTimeout(UNTIL_OPEN_MS);
    const address = `${url}?image=bench&engine=${engine}`;
    add('page load to prompt, first visit', await toPrompt(page, address));
    await page.waitForTimeout(UNTIL_READY_MS);
    add('memory of the renderer at the prompt (PSS)', await rendererPss(context, page), 'KiB');
    add('hello, first start', await wall(page, HELLO));
    for (let i = 0; i < 5; i++) add('hello, later starts', await wall(page, HELLO));
    add('python print, first start', await wall(page, PYTHON));
    for (let i = 0; i < 2; i++) add('python print, later starts', await wall(page, PYTHON));
    await page.waitForTimeout(UNTIL_KEPT_MS);
    add('page load to prompt, second visit', await toPrompt(page, address));
    await page.waitForTimeout(UNTIL_READY_MS);
    add('hello, first start of the second visit', await wall(page, HELLO));
    add('python print, first start of the second visit', await wall(page, PYTHON));
    await toPrompt(page, address);
    add('hello, at the very moment of the prompt, third visit', await wall(page, HELLO));
    add('longest task of the page', await longestTask(page));
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

async function toPrompt(page: Page, address: string): Promise<number> {
  const startMs = performance.now();
  await page.goto(address, { waitUntil: 'commit' });
  await page.waitForFunction(() => /\/# ?$/.test(window.machine?.console.text() ?? ''), undefined, { polling: 5 });
  return performance.now() - startMs;
}

async function wall(page: Page, command: string): Promise<number> {
  return (await runInPage(page, command)).wallMs;
}

/** Of the main thread since the page began to load; 0: none was longer than 50 ms. */
async function longestTask(page: Page): Promise<number> {
  return await page.evaluate(
    async () =>
      await new Promise<number>((resolve) => {
        let longest = 0;
        const observer = new PerformanceObserver((list) => {
          for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
        });
        observer.observe({ type: 'longtask', buffered: true });
        setTimeout(() => resolve(longest), 100);
      }),
  );
}

/** PSS in KiB of the largest renderer: that of the page and its worker. */
async function rendererPss(context: BrowserContext, page: Page): Promise<number> {
  const browser = context.browser();
  const session = browser === null ? await context.newCDPSession(page) : await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  return Math.max(...processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => pssOf(id)));
}

function pssOf(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
}
