/** Story: what is written in the guest stays, whatever happens to the tab; a reset brings the image back. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from '@playwright/test';
import { CHROMIUM_ARGS } from '../playwright.config.ts';
import { expect, MachineDriver, test } from './fixture.ts';
import { MachinePage } from './pages/machine-page.ts';

const TEXT = 'kept across the end of the tab\n';

/** Opens the page with its disk kept. */
async function openKept(page: Page): Promise<MachineDriver> {
  await new MachinePage(page).open();
  return new MachineDriver(page);
}

test('a file written from the console is there after a reload', async ({ page }) => {
  const machine = await openKept(page);
  await new MachinePage(page).command('mkdir /notes', /\/# ?$/);
  await machine.writeFile('/notes/today', TEXT);
  await machine.sync();
  await page.reload();
  await machine.ready();
  expect((await machine.readFile('/notes/today')).toString()).toBe(TEXT);
});

test('a write is durable two seconds later without sync', async ({ page }) => {
  const machine = await openKept(page);
  await machine.writeFile('/later', TEXT);
  await page.waitForTimeout(2_000);
  await page.goto('about:blank');
  await openKept(page);
  expect((await machine.readFile('/later')).toString()).toBe(TEXT);
});

test('a second tab works on a copy in memory and says so', async ({ page, context }) => {
  await openKept(page);
  const other = await context.newPage();
  await openKept(other);
  await expect(other.getByRole('contentinfo')).toContainText('Another tab uses the disk');
});

test('a reset asks first, then brings the image back', async ({ page }) => {
  const machine = await openKept(page);
  await machine.writeFile('/to-be-lost', TEXT);
  await machine.sync();
  await new MachinePage(page).openPanel('Machine');
  await page.getByRole('button', { name: 'Reset disk…' }).click();
  await page.getByRole('button', { name: 'Keep the disk' }).click();
  expect((await machine.readFile('/to-be-lost')).toString()).toBe(TEXT);
  await page.getByRole('button', { name: 'Reset disk…' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Reset disk' }).click();
  await expect(page.getByRole('banner')).toContainText('Starting');
  await machine.ready();
  await expect(machine.readFile('/to-be-lost')).rejects.toThrow(/Not found|Page not found/);
});

test('a file larger than what is free is refused with a sentence', async ({ page }) => {
  const machine = await openKept(page);
  const machinePage = new MachinePage(page);
  const free = JSON.parse((await machine.fetch(8000, '/fs/df/')).body) as { bfree: number; blocksize: number }[];
  const sizeBytes = (free[0]?.bfree ?? 0) * (free[0]?.blocksize ?? 0) + 1;
  await page.evaluate((size) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(size)], 'huge.bin'));
    window.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }, sizeBytes);
  await expect(machinePage.card('huge.bin')).toContainText('are free on the disk of the machine');
});

test('a full quota is said on the page, and the machine goes on', async ({ page }) => {
  const machinePage = new MachinePage(page);
  await machinePage.open('?quota=65536');
  const machine = new MachineDriver(page);
  await machine.writeFile('/big', Buffer.alloc(1_000_000, 7));
  await expect(machinePage.status.getByRole('alert')).toBeVisible({ timeout: 10_000 });
  expect((await machine.readFile('/big')).length).toBe(1_000_000);
});

test.describe('killed', () => {
  let folder: string;
  let context: BrowserContext | undefined;

  test.beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'osv-profile-'));
  });
  test.afterEach(async () => {
    await context?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A browser on the profile of this test. */
  async function start(baseURL: string): Promise<Page> {
    const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
    context = await chromium.launchPersistentContext(folder, { executablePath, args: CHROMIUM_ARGS, baseURL });
    return context.pages()[0] ?? (await context.newPage());
  }

  /** Processes of this test's browser, by the profile in their command line. */
  function processes(kind: RegExp): number[] {
    const lines = execFileSync('ps', ['-ww', '-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
    return lines.filter((line) => line.includes(folder) && kind.test(line)).map((line) => Number.parseInt(line, 10));
  }

  test('the renderer one second after sync: the file is there', async ({ baseURL }) => {
    const page = await start(baseURL ?? '');
    const machine = await openKept(page);
    await machine.writeFile('/survivor', TEXT);
    await machine.sync();
    await page.waitForTimeout(1_000);
    const crashed = page.waitForEvent('crash');
    for (const pid of processes(/--type=renderer/)) process.kill(pid, 'SIGKILL');
    await crashed;
    const again = await openKept((await context?.newPage()) as Page);
    expect((await again.readFile('/survivor')).toString()).toBe(TEXT);
  });

  test('the whole browser two seconds after a write: the file is there', async ({ baseURL }) => {
    const page = await start(baseURL ?? '');
    const machine = await openKept(page);
    await machine.writeFile('/survivor', TEXT);
    await page.waitForTimeout(2_000);
    for (const pid of processes(/./)) process.kill(pid, 'SIGKILL');
    await context?.close().catch(() => undefined);
    const again = await openKept(await start(baseURL ?? ''));
    expect((await again.readFile('/survivor')).toString()).toBe(TEXT);
  });
});
