/** Story: the dashboard that the guest serves shows the machine while a program runs. */
import { expect, test } from './fixture.ts';

test('the dashboard names host, version, memory and disk', async ({ machinePage: { page } }) => {
  await page.getByRole('tab', { name: 'Dashboard' }).click();
  const frame = page.frameLocator('iframe[title="Dashboard of the machine"]');
  for (const text of [/host ?name/i, /v0\.\d+/, /up for|uptime/i, /memory/i, /disk/i]) {
    await expect(frame.getByText(text).first()).toBeVisible({ timeout: 10_000 });
  }
});

test('a running program shows with its processor time', async ({ machine, machinePage: { page } }) => {
  await machine.start('/usr/bin/lua5.4 -e "while true do end"');
  await page.getByRole('tab', { name: 'Programs' }).click();
  const row = page.getByRole('listitem').filter({ hasText: 'lua5.4' });
  await expect(row).toContainText('Running');
  await expect(row).toContainText(/[1-9]\d* ms|\d\.\d s/);
  await row.getByRole('button', { name: /^End/ }).click();
  await expect(row).toContainText('SIGKILL');
});

test('without a second origin the built-in dashboard shows', async ({ page, baseURL }) => {
  await page.goto(`${baseURL?.replace('localhost', '127.0.0.1')}/?disk=memory`);
  await page.evaluate(async () => await window.machine?.ready());
  await page.getByRole('tab', { name: 'Dashboard' }).click();
  const frame = page.frameLocator('iframe[title="Dashboard of the machine"]');
  await expect(frame.getByText(/v0\.\d+/)).toBeVisible({ timeout: 10_000 });
});
