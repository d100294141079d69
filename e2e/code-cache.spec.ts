/** Story: a page that comes back does not translate again what it ran before, and is none the worse without storage. */
import type { Page } from '@playwright/test';
import { expect, fetchFromServer, MachineDriver, test } from './fixture.ts';
import { MachinePage } from './pages/machine-page.ts';

interface Counts {
  readonly compiled: number;
  readonly reused: number;
}

/** Lua counts to a million on a machine that has just started. */
async function runOnce(page: Page): Promise<Counts> {
  await new MachinePage(page).open('?disk=memory&engine=wasm');
  const run = await new MachineDriver(page).run(`/usr/bin/lua5.4 -e "local s=0 for i=1,1000000 do s=s+i end print(s)"`);
  expect(run).toMatchObject({ exitCode: 0, output: '500000500000\n' });
  const cpu = (await page.evaluate(async () => await window.machine?.statistics()))?.cpu;
  return { compiled: cpu?.modulesCompiled ?? 0, reused: cpu?.modulesReused ?? 0 };
}

async function keptModules(page: Page): Promise<number> {
  return await page.evaluate(
    async () =>
      await new Promise<number>((resolve, reject) => {
        const opening = indexedDB.open('osv-code');
        opening.addEventListener('error', () => reject(new Error('no database')));
        opening.addEventListener('success', () => {
          const counting = opening.result.transaction('modules').objectStore('modules').count();
          counting.addEventListener('success', () => resolve(counting.result));
        });
      }),
  );
}

test('the second visit takes compiled code from storage', async ({ page }) => {
  const first = await runOnce(page);
  expect(first.compiled).toBeGreaterThan(0);
  await expect.poll(async () => await keptModules(page)).toBeGreaterThanOrEqual(first.compiled);
  const second = await runOnce(page);
  expect(second.reused).toBeGreaterThan(0);
  expect(second.compiled).toBeLessThan(first.compiled);
});

test('damaged code in storage is dropped, and the program runs', async ({ page }) => {
  const first = await runOnce(page);
  await expect.poll(async () => await keptModules(page)).toBeGreaterThanOrEqual(first.compiled);
  await page.evaluate(
    async () =>
      await new Promise<void>((resolve) => {
        const opening = indexedDB.open('osv-code');
        opening.addEventListener('success', () => {
          const transaction = opening.result.transaction('modules', 'readwrite');
          const walking = transaction.objectStore('modules').openCursor();
          walking.addEventListener('success', () => {
            const cursor = walking.result;
            if (cursor === null) return;
            const kept = cursor.value as { bytes: Uint8Array };
            kept.bytes[kept.bytes.length >> 1] ^= 0x55;
            cursor.update(kept);
            cursor.continue();
          });
          transaction.addEventListener('complete', () => resolve());
        });
      }),
  );
  const second = await runOnce(page);
  expect(second).toMatchObject({ reused: 0 });
  expect(second.compiled).toBeGreaterThan(0);
});

test('a browser without storage translates as ever', async ({ page, context }) => {
  await context.route(/vm\.worker/, async (route) => {
    const response = await fetchFromServer(route);
    const body = `Object.defineProperty(self, 'indexedDB', { value: undefined });\n${await response.text()}`;
    await route.fulfill({ response, body });
  });
  expect(await runOnce(page)).toMatchObject({ reused: 0 });
});
