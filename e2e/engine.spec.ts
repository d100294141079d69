/** Story: guest code runs on whatever the page's policy allows, and the page says what that is and what is lost. */
import type { BrowserContext, Page } from '@playwright/test';
import { expect, fetchFromServer, MachineDriver, test } from './fixture.ts';
import { MachinePage } from './pages/machine-page.ts';

/** Serves the machine's worker under another policy than scripts/serve.mjs does. */
async function underPolicy(context: BrowserContext, scripts: string): Promise<void> {
  await context.route(/vm\.worker/, async (route) => {
    const response = await fetchFromServer(route);
    const policy = `default-src 'none'; script-src 'self' ${scripts}; connect-src 'self'`;
    await route.fulfill({ response, headers: { ...response.headers(), 'content-security-policy': policy } });
  });
}

async function usedEngine(page: Page): Promise<string | undefined> {
  return await page.evaluate(() => window.machine?.engine()?.used);
}

/** A machine at its prompt that has run a program. */
async function start(page: Page, query = ''): Promise<MachinePage> {
  const machinePage = new MachinePage(page);
  await machinePage.open(`?disk=memory${query}`);
  const { exitCode, output } = await new MachineDriver(page).run('/bin/busybox echo it runs');
  expect([exitCode, output]).toEqual([0, 'it runs\n']);
  return machinePage;
}

test('where code from text is forbidden, programs run without it', async ({ page, context }) => {
  await underPolicy(context, "'wasm-unsafe-eval'");
  await start(page);
  expect(await usedEngine(page)).toBe('wasm');
});

test('an engine that is forbidden is replaced, and a notice says so', async ({ page, context }) => {
  await underPolicy(context, "'wasm-unsafe-eval'");
  const machinePage = await start(page, '&engine=js');
  await expect(machinePage.status).toContainText('Code from text is not allowed here');
  await expect(machinePage.status).toContainText('instead of JavaScript');
});

test('where WebAssembly cannot be compiled, programs run as JavaScript and a notice says so', async ({
  page,
  context,
}) => {
  // 'unsafe-eval' alone allows both, so a worker that is without it stands for an old or locked browser.
  await context.route(/vm\.worker/, async (route) => {
    const response = await fetchFromServer(route);
    const body = `WebAssembly.Module = class { constructor() { throw new WebAssembly.CompileError('blocked'); } };\n`;
    await route.fulfill({ response, body: body + (await response.text()) });
  });
  const machinePage = await start(page, '&engine=wasm');
  expect(await usedEngine(page)).toBe('js');
  await expect(machinePage.status).toContainText('WebAssembly is not allowed here');
});

test('where both are forbidden, programs run on the reference interpreter and a notice says so', async ({
  page,
  context,
}) => {
  await underPolicy(context, '');
  const machinePage = await start(page);
  expect(await usedEngine(page)).toBe('reference');
  await expect(machinePage.status).toContainText('Neither code from text nor WebAssembly is allowed here');
});

test('the engine chosen in the machine panel is used after a reload, and the boot log names it', async ({ page }) => {
  const machinePage = await start(page);
  await machinePage.openPanel('Machine');
  await page.getByRole('combobox', { name: 'Engine' }).selectOption('reference');
  await page.reload();
  await machinePage.waitUntilRunning();
  expect(await usedEngine(page)).toBe('reference');
  expect(await machinePage.consoleText()).toContain('Engine: reference interpreter (as asked)');
  await machinePage.openPanel('Machine');
  await expect(page.getByRole('note', { name: 'Engine in use' })).toContainText('reference interpreter (as asked)');
});

test('a script starts the machine on an engine for one time', async ({ page }) => {
  const machinePage = await start(page);
  await page.evaluate(async () => await window.machine?.powerOn({ engine: 'reference' }));
  await machinePage.waitUntilRunning();
  expect(await usedEngine(page)).toBe('reference');
  await page.reload();
  await machinePage.waitUntilRunning();
  expect(await usedEngine(page)).not.toBe('reference');
});
