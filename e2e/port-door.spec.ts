/** Story: a guest port opens at its own origin, in a panel and in a tab, and stays apart from the page. */
import type { Page } from '@playwright/test';
import { expect, test } from './fixture.ts';

async function openDashboardTab(page: Page): Promise<Page> {
  await page.getByRole('tab', { name: 'Dashboard' }).click();
  const [tab] = await Promise.all([
    page.context().waitForEvent('page'),
    page.getByRole('button', { name: 'Open in a tab' }).click(),
  ]);
  await tab.waitForFunction(() => document.title !== 'Opening a port of the machine' && document.title !== '');
  return tab;
}

test('the dashboard shows in a panel, from the origin of its port', async ({ machinePage: { page } }) => {
  await page.getByRole('tab', { name: 'Dashboard' }).click();
  const frame = page.frameLocator('iframe[title="Dashboard of the machine"]');
  await expect(frame.getByRole('heading').first()).toBeVisible();
  const guestFrame = page.frames().find((each) => each.url().includes('8000.localhost'));
  expect(await guestFrame?.evaluate(() => location.origin)).toMatch(/^http:\/\/8000\.localhost:\d+$/);
});

test('the dashboard opens in a tab at http://8000.localhost', async ({ machinePage: { page } }) => {
  const tab = await openDashboardTab(page);
  expect(new URL(tab.url()).host).toMatch(/^8000\.localhost:\d+$/);
  expect(new URL(tab.url()).pathname).toBe('/dashboard/');
  const reply = await tab.evaluate(async () => await (await fetch('/fs/df/')).json());
  expect(reply).toMatchObject([{ mount: '/' }]);
});

test('a tab goes on after the machine was rebooted', async ({ machinePage, machinePage: { page } }) => {
  const tab = await openDashboardTab(page);
  await page.getByRole('button', { name: 'Reboot' }).click();
  await expect(machinePage.header).not.toContainText('Shutting down');
  await machinePage.waitUntilRunning();
  await expect
    .poll(async () => await tab.evaluate(async () => (await fetch('/fs/df/')).status), { timeout: 20_000 })
    .toBe(200);
  await tab.reload();
  await expect(tab).not.toHaveTitle('Opening a port of the machine');
});

test('a tab reloaded while its machine is off comes back when it runs', async ({
  machinePage,
  machinePage: { page },
}) => {
  const tab = await openDashboardTab(page);
  await page.getByRole('button', { name: 'Power off' }).click();
  await expect(machinePage.header).toContainText('Off');
  await tab.reload({ waitUntil: 'commit' });
  await expect(tab.locator('#status')).toContainText('Open it from there');
  await page.getByRole('button', { name: 'Start' }).click();
  await expect(tab).not.toHaveTitle('Opening a port of the machine', { timeout: 15_000 });
});

test('what the guest serves can not reach the page of the machine', async ({ machinePage: { page } }) => {
  const tab = await openDashboardTab(page);
  expect(await tab.evaluate(() => window.opener)).toBeNull();
  expect(await tab.evaluate(() => location.origin)).not.toBe(await page.evaluate(() => location.origin));
  const frame = page.frames().find((each) => each.url().includes('8000.localhost'));
  const reach = await frame?.evaluate(() => {
    try {
      return window.parent.document.title;
    } catch (error) {
      return (error as Error).name;
    }
  });
  expect(reach).toBe('SecurityError');
});

test('an origin asks in vain for the door of another port', async ({ machinePage: { page } }) => {
  const tab = await openDashboardTab(page);
  const isGiven = await page.evaluate(async () => {
    const frame = document.querySelector<HTMLIFrameElement>('iframe[title="Dashboard of the machine"]');
    const before = window.machine?.ports().length;
    frame?.contentWindow?.postMessage({ osvDoor: 'wanted', port: 22 }, '*');
    return before;
  });
  expect(isGiven).toBe(1);
  const frame = page.frames().find((each) => each.url().includes('8000.localhost'));
  const got = await frame?.evaluate(
    async () =>
      await new Promise<string>((resolve) => {
        window.addEventListener('message', (event) => resolve(`door ${event.ports.length}`), { capture: true });
        window.parent.postMessage({ osvDoor: 'wanted', port: 22 }, '*');
        setTimeout(() => resolve('nothing'), 500);
      }),
  );
  expect(got).toBe('nothing');
  await tab.close();
});
