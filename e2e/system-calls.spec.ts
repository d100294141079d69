/** Story: a program does not work, and somebody looks at what it asks of the kernel. */
import { expect, test } from './fixture.ts';

test('the panel records calls with arguments, results and times, filters, pauses and copies them', async ({
  machinePage,
  machine,
}) => {
  const { page } = machinePage;
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await machinePage.openPanel('Trace');
  await machine.run('/bin/busybox cat /nothing-yet');
  await page.getByRole('switch', { name: 'Record' }).click({ force: true });
  await expect(page.getByText('calls that the filter takes appear here')).toBeVisible();
  await machine.run('/bin/busybox cat /no-such-file');
  const calls = page.getByRole('list', { name: 'System calls' }).getByRole('listitem');
  const failed = calls.filter({ hasText: 'path: "/no-such-file"' });
  await expect(failed).toHaveText(
    /^\d+open(at)?\(.*path: "\/no-such-file", flags: O_RDONLY.*\) = -1 ENOENT\d.* (µs|ms)$/,
  );
  await expect(calls.filter({ hasText: 'exit_group(code: 1) = ?' })).toHaveCount(1);
  await expect(calls.filter({ hasText: '/nothing-yet' })).toHaveCount(0); // off: nothing was recorded

  await page.getByRole('switch', { name: 'Only failed' }).click({ force: true });
  await expect(calls.filter({ hasText: 'exit_group' })).toHaveCount(0);
  await expect(failed).toHaveCount(1);
  await page.getByRole('button', { name: 'Copy' }).click();
  expect(await page.evaluate(async () => await navigator.clipboard.readText())).toMatch(
    /^\[\d+\] open(at)?\(.*"\/no-such-file".*\) = -1 ENOENT <\d+ us>$/m,
  );
  await page.getByRole('switch', { name: 'Only failed' }).click({ force: true });

  await page.getByRole('button', { name: 'Pause' }).click();
  await machine.run('/bin/busybox cat /while-paused');
  await expect(calls.filter({ hasText: '/while-paused' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect(calls.filter({ hasText: 'path: "/while-paused"' })).toHaveCount(1);

  await page.getByLabel('Calls', { exact: true }).fill('exit_group');
  await page.keyboard.press('Enter');
  await expect(calls.first()).toContainText('exit_group');
  await expect(calls.filter({ hasNotText: 'exit_group' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Clear' }).click();
  await expect(calls).toHaveCount(0);
});

test('strace at the prompt tells the calls of a program and how it ended', async ({ machinePage }) => {
  const text = await machinePage.command('strace -Z /bin/busybox cat /no-such-file', /ended with exit code 1/);
  expect(text).toMatch(/\[\d+\] open(at)?\(.*"\/no-such-file".*\) = -1 ENOENT <\d+ us>/);
  expect(text).not.toContain('exit_group');
});
