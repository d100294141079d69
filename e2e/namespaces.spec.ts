/** Story: programs of one namespace share what OSv's share; a new program shares nothing; no end takes others along. */
import { expect, test } from './fixture.ts';
import { ALLOCATES, compile, COUNTER, ENVIRONMENT, EXITS } from './guest-programs.ts';

const SHARED = ['-shared', '-fPIC'];

test('a change to the environment is not seen by new programs', async ({ machine }) => {
  await machine.writeFile('/environment.so', compile('environment.so', ENVIRONMENT, SHARED).content);
  for (let i = 0; i < 2; i++) {
    const run = await machine.run('/environment.so', { newProgram: true });
    expect(run.output).toBe('MARK is not set\n');
  }
});

test('a change to the environment is seen by the next plain run', async ({ machine }) => {
  await machine.writeFile('/environment.so', compile('environment.so', ENVIRONMENT, SHARED).content);
  expect((await machine.run('/environment.so')).output).toBe('MARK is not set\n');
  expect((await machine.run('/environment.so')).output).toBe('MARK is changed\n');
  expect((await machine.fetch(8000, '/env/MARK')).body).toBe('"changed"');
});

test('exit() ends the program, not the machine, and the next plain run works', async ({ machine }) => {
  await machine.writeFile('/exits.so', compile('exits.so', EXITS, SHARED).content);
  await machine.writeFile('/counter.so', compile('counter.so', COUNTER, SHARED).content);
  expect(await machine.run('/exits.so')).toMatchObject({ exitCode: 7, output: 'leaving\n' });
  expect(await machine.run('/counter.so')).toMatchObject({ exitCode: 0, output: 'count 1:\n' });
});

test('a program killed inside malloc leaves the next plain run a working libc', async ({ machine }) => {
  await machine.writeFile('/allocates.so', compile('allocates.so', ALLOCATES, SHARED).content);
  await machine.writeFile('/counter.so', compile('counter.so', COUNTER, SHARED).content);
  const [tid = 0] = await machine.start('/allocates.so');
  await expect
    .poll(async () => (JSON.parse((await machine.fetch(8000, `/app/${tid}`)).body) as { cpu_ms: number }).cpu_ms)
    .toBeGreaterThan(200);
  await machine.fetch(8000, `/app/${tid}/signal?signal=KILL`, { method: 'POST' });
  expect(await machine.run('/counter.so')).toMatchObject({ exitCode: 0, output: 'count 1:\n' });
});
