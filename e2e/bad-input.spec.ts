/** Story: whatever is wrong with a program or the browser is said, and everything else goes on. */
import { expect, fetchFromServer, test } from './fixture.ts';
import { compile, HELLO, NULL_POINTER, SPIN_IN_CONSTRUCTOR } from './guest-programs.ts';

test('a null pointer ends only its program, with a report', async ({ machine }) => {
  const program = compile('null', NULL_POINTER, []);
  await machine.writeFile('/null', program.content);
  const run = await machine.run('/null');
  expect(run).toMatchObject({ state: 'killed', signal: 11 });
  expect(run.output).toContain('before');
  await machine.waitForText(/Segmentation fault/);
  expect((await machine.run('/bin/busybox true')).exitCode).toBe(0);
});

test('a constructor that never ends can be killed while the prompt answers', async ({ machine, machinePage }) => {
  const program = compile('spin.so', SPIN_IN_CONSTRUCTOR, ['-shared', '-fPIC']);
  await machine.writeFile('/spin.so', program.content);
  const [tid = 0] = await machine.start('/spin.so');
  await machinePage.command('echo still here', /still here\s+still here/);
  await machine.fetch(8000, `/app/${tid}/signal?signal=KILL`, { method: 'POST' });
  await expect
    .poll(async () => JSON.parse((await machine.fetch(8000, `/app/${tid}`)).body) as unknown)
    .toMatchObject({ state: 'killed' });
});

test('a file that is no program is described as such', async ({ machinePage }) => {
  await machinePage.dropFiles([{ name: 'notes.txt', content: Buffer.from('not a program') }]);
  await expect(machinePage.card('notes.txt')).toContainText('Copied');
  await expect(machinePage.card('notes.txt').getByRole('button', { name: 'Run' })).toHaveCount(0);
});

test('a truncated program is refused, the machine goes on', async ({ machine }) => {
  const { content } = compile('hello', HELLO, ['-static']);
  for (const length of [0, 3, 64, 1000]) {
    await machine.writeFile('/cut', content.subarray(0, length));
    const reply = await machine.fetch(8000, '/app/?command=/cut', { method: 'PUT' });
    expect(reply.status).toBe(500);
  }
  expect((await machine.run('/bin/busybox true')).exitCode).toBe(0);
});

test('a browser without WebAssembly gets a sentence', async ({ page }) => {
  await page.addInitScript(() => Reflect.deleteProperty(globalThis, 'WebAssembly'));
  await page.goto('/');
  await expect(page.getByText('This browser lacks WebAssembly')).toBeVisible();
});

test('a browser without IndexedDB runs the machine in memory and says so', async ({ page, context }) => {
  await context.route(/vm\.worker/, async (route) => {
    const response = await fetchFromServer(route);
    await route.fulfill({
      response,
      body: `Object.defineProperty(self, 'indexedDB', { value: undefined });\n${await response.text()}`,
    });
  });
  await page.goto('/');
  await page.evaluate(async () => await window.machine?.ready());
  await expect(page.getByRole('contentinfo')).toContainText('This browser gives no storage here');
});

test('a site without images says what is missing', async ({ page }) => {
  await page.route('**/images/index.json', async (route) => await route.fulfill({ status: 404 }));
  await page.goto('/');
  await expect(page.getByRole('contentinfo')).toContainText(
    'The disk image is not complete on this site (index.json: 404)',
  );
  await expect(page.getByRole('button', { name: 'Start again' })).toBeVisible();
});
