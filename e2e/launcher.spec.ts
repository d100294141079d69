/** Story: a program compiled elsewhere is dropped onto the page, looked at, and run. */
import { expect, test } from './fixture.ts';
import { compile, COUNTER, CPP, HELLO } from './guest-programs.ts';

const counter = compile('counter.so', COUNTER, ['-shared', '-fPIC']);

test('a dropped shared object is described, copied, and run by one click', async ({ machinePage, machine }) => {
  await machinePage.dropFiles([counter]);
  const card = machinePage.card('counter.so');
  await expect(card).toContainText('shared object');
  await expect(card).toContainText('libc.so.6');
  await card.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(machinePage.launches.first()).toContainText('Exit status 0');
  expect(await machine.consoleText()).toContain('count 1:');
  expect((await machine.readFile('/counter.so')).equals(counter.content)).toBe(true);
});

test('a second plain run goes on counting, a new program starts afresh', async ({ machinePage, machine }) => {
  await machinePage.dropFiles([counter]);
  const card = machinePage.card('counter.so');
  await card.getByRole('button', { name: 'Run', exact: true }).click();
  await machine.waitForText(/count 1:/);
  await card.getByRole('button', { name: 'Run', exact: true }).click();
  await machine.waitForText(/count 2:/);
  await card.getByRole('button', { name: 'Run as new program' }).click();
  await machine.waitForText(/count 1:/);
  await expect(machinePage.launches.first()).toContainText('new program');
});

test('several new programs at once are all pristine', async ({ machine }) => {
  await machine.writeFile('/counter.so', counter.content);
  const runs = await Promise.all(
    ['a', 'b', 'c'].map((each) => machine.run(`/counter.so ${each}`, { newProgram: true })),
  );
  expect(runs.map((run) => run.output)).toEqual(['count 1: a\n', 'count 1: b\n', 'count 1: c\n']);
});

test('the command field runs what is typed, and says what the guest refused', async ({
  machinePage: { page },
  machinePage,
}) => {
  await page.getByRole('tab', { name: 'Launcher' }).click();
  await page.getByLabel('Command').fill('/no/such/program');
  await page.keyboard.press('Enter');
  await expect(machinePage.launches.first()).toContainText('Failed to load object: /no/such/program');
});

const executables: readonly (readonly [kind: string, flags: readonly string[]])[] = [
  ['a PIE', []],
  ['a static executable', ['-static']],
  ['an executable at a fixed address', ['-no-pie']],
  ['a static PIE', ['-static-pie']],
];
for (const [kind, flags] of executables) {
  test(`${kind} runs, and its exit status is told`, async ({ machine }) => {
    const hello = compile('hello', HELLO, flags);
    await machine.writeFile('/hello', hello.content);
    const run = await machine.run('/hello');
    expect(run.output).toBe('hello from a 64-bit program\n');
    expect(run).toMatchObject({ state: 'exited', exitCode: 3 });
  });
}

test('a C++ program with iostream, an exception and a thread runs', async ({ machine }) => {
  const program = compile('cpp', CPP, ['-O1'], 'c++');
  await machine.writeFile('/cpp', program.content);
  const run = await machine.run('/cpp');
  expect(run.output).toBe('a thread and an exception\n');
});

test('the launcher says which programs the switch is for', async ({ machinePage: { page } }) => {
  await page.getByRole('tab', { name: 'Launcher' }).click();
  await expect(page.getByText('Executables always get a namespace of their own')).toBeVisible();
});

test('a program that needs a newer glibc is told so before it runs', async ({ machinePage }) => {
  // The version's name is all that tells them apart; '2.2.5' has room for '2.38' and its end.
  const content = Buffer.from(counter.content.toString('latin1').replace('GLIBC_2.2.5', 'GLIBC_2.38\0'), 'latin1');
  await machinePage.dropFiles([{ name: 'newer.so', content }]);
  await expect(machinePage.card('newer.so')).toContainText('This needs GLIBC_2.38, this image has 2.36');
});
