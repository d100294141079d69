/** Story: somebody wants to know how fast the machine is and what its time goes to, and sees it move. */
import { expect, test } from './fixture.ts';

test('the statistics panel shows speed, shares of time and counters of a running program', async ({
  machinePage,
  machine,
}) => {
  const { page } = machinePage;
  await machinePage.openPanel('Statistics');
  await machine.type("run /usr/bin/lua5.4 -e 'while true do end'\r");
  const speed = page.getByRole('region', { name: 'Speed' });
  await expect(speed.getByText(/^[\d,.]+$/)).toBeVisible();
  await expect(speed.locator('canvas')).toBeVisible();
  const counters = page.getByRole('region', { name: 'Counters' });
  const instructions = async (): Promise<number> =>
    Number(
      (await counters.getByRole('row', { name: 'Instructions' }).getByRole('cell').innerText()).replace(/\D/g, ''),
    );
  const before = await instructions();
  await expect.poll(instructions).toBeGreaterThan(before);
  await machine.type('\u0003');
  await expect(speed.getByText('idle')).toBeVisible();
});

test('time is taken only while somebody watches', async ({ machinePage: { page }, machine }) => {
  const guestMs = async (): Promise<number> => {
    const tierMs = (await page.evaluate(async () => await window.machine?.statistics()))?.cpu?.tierMs;
    return (tierMs?.regions ?? 0) + (tierMs?.cold ?? 0) + (tierMs?.reference ?? 0);
  };
  await machine.run('/bin/busybox seq 100');
  expect(await guestMs()).toBe(0);
  await page.evaluate(async () => await window.machine?.watchStatistics(true));
  await machine.run('/bin/busybox seq 100');
  expect(await guestMs()).toBeGreaterThan(0);
});
