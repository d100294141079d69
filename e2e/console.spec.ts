/** Story: the page boots by itself, and a person types at the prompt. */
import { expect, test } from './fixture.ts';

test('the machine boots by itself and shows its prompt', async ({ machinePage }) => {
  expect(await machinePage.consoleText()).toMatch(/OSv v0\./);
  await expect(machinePage.header).toContainText('Running');
  await expect(machinePage.status).toContainText(/Booted in \d+\.\d\d s/);
});

test('what is typed at the prompt is answered', async ({ machinePage }) => {
  const answer = await machinePage.command('echo from the keyboard', /echo from the keyboard[^]*from the keyboard/);
  expect(answer).not.toContain('not found');
});
