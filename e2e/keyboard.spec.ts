/** Story: the keyboard alone is enough. */
import { expect, test } from './fixture.ts';

test('from the console to a program run in the launcher and back', async ({ machinePage, machinePage: { page } }) => {
  await page.keyboard.press('Alt+2');
  await expect(page.getByRole('tab', { name: 'Launcher' })).toBeFocused();
  const command = page.getByLabel('Command');
  await expect(command).toBeVisible();
  await page.keyboard.press('Tab');
  // A panel without controls takes the focus itself, as it may while this one was loading.
  if (!(await command.evaluate((element) => element === document.activeElement))) await page.keyboard.press('Tab');
  await expect(command).toBeFocused();
  await page.keyboard.type('/bin/busybox echo by keyboard');
  await page.keyboard.press('Enter');
  await expect(machinePage.launches.first()).toContainText('Exit status 0');
  await page.keyboard.press('Alt+1');
  await page.keyboard.type('echo typed');
  await page.keyboard.press('Enter');
  await expect.poll(async () => await machinePage.consoleText()).toMatch(/echo typed\s+typed/);
});

test('F6 leads round the parts of the page', async ({ machinePage: { page } }) => {
  await page.keyboard.press('Alt+1');
  await page.keyboard.press('F6');
  await expect(page.getByRole('tab', { name: 'Launcher' })).toBeFocused();
  await page.keyboard.press('F6');
  await expect(page.getByRole('button', { name: 'Reboot' })).toBeFocused();
  await page.keyboard.press('F6');
  await expect(page.locator('.xterm-helper-textarea')).toBeFocused();
});

test('a dialog takes the focus, Escape gives it back', async ({ machinePage: { page } }) => {
  await page.keyboard.press('Alt+5');
  await expect(page.getByRole('tab', { name: 'Machine' })).toBeFocused();
  const reset = page.getByRole('button', { name: 'Reset disk…' });
  await reset.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Keep the disk' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('alertdialog')).toHaveCount(0);
  await expect(reset).toBeFocused();
});

test('the console is searched from the keyboard', async ({ machinePage, machinePage: { page } }) => {
  await machinePage.command('echo needle', /needle\s+needle/);
  await page.keyboard.press('Control+Shift+F');
  await expect(page.getByLabel('Search the console')).toBeFocused();
  await page.keyboard.type('needle');
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Search the console')).not.toHaveAttribute('aria-invalid', 'true');
  await page.keyboard.type('-and-thread');
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Search the console')).toHaveAttribute('aria-invalid', 'true');
  await page.keyboard.press('Escape');
  await expect(page.locator('.xterm-helper-textarea')).toBeFocused();
});
