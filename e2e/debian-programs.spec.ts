/** Story: unmodified Debian binaries run at the prompt, and own the terminal while they do. */
import { expect, test } from './fixture.ts';

test('busybox lists the root', async ({ machinePage }) => {
  const listing = await machinePage.command('run /bin/busybox ls -l /', /usr[^]*\/# ?$/);
  expect(listing).toMatch(/drwxr-xr-x .* usr/);
});

test('lua runs a script of the image', async ({ machinePage }) => {
  await machinePage.command('run /usr/bin/lua5.4 /examples/fib.lua', /\d+[^]*\/# ?$/);
});

test('lua -i is typed at, and ^C brings the prompt back', async ({ machinePage }) => {
  await machinePage.command('run /usr/bin/lua5.4 -i', /> ?$/);
  await machinePage.command('print(6 * 7)', /42\s+> ?$/);
  await machinePage.command('while true do end', /end/);
  await machinePage.page.keyboard.press('Control+c');
  await expect.poll(async () => await machinePage.consoleText()).toMatch(/interrupted![^]*> ?$/);
});

test('a flood of output leaves the page alive, and ^C ends it at once', async ({
  machinePage,
  machinePage: { page },
}) => {
  await page.evaluate(() => {
    const counts = { long: 0 };
    new PerformanceObserver((list) => (counts.long += list.getEntries().length)).observe({ entryTypes: ['longtask'] });
    Object.assign(window, { longTasks: counts });
  });
  await machinePage.command('run /bin/busybox yes', /y\ny\ny\n/);
  await page.waitForTimeout(2_000);
  await machinePage.openPanel('Machine');
  await expect(page.getByRole('button', { name: 'Reset disk…' })).toBeVisible({ timeout: 1_000 });
  await page.locator('.xterm-helper-textarea').focus();
  const pressed = Date.now();
  await page.keyboard.press('Control+c');
  await expect.poll(async () => await machinePage.consoleText(), { intervals: [50] }).toMatch(/\/# ?$/);
  expect(Date.now() - pressed).toBeLessThan(2_000);
});
