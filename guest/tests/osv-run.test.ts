/** The command `osv run` as a user of the shell sees it. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { build, osv, prepareVm } from './testing/vm.ts';

const folder = mkdtempSync(join(tmpdir(), 'osv-run-'));
// Compiling and a busy machine take their time; what must be quick is measured in bench/.
vi.setConfig({ testTimeout: 120_000 });
beforeAll(prepareVm, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

const onImage = (command: string, input?: string): ReturnType<typeof osv> => osv(['run', '-e', command], input);

describe('osv run', () => {
  it.each(['reference', 'js', 'auto'])('prints nothing but the program’s output, engine %s', async (engine) => {
    const outcome = await osv(['run', '--engine', engine, build('hello.c', ['-static'], 'hello-static'), 'there']);
    expect(outcome).toEqual({ stdout: 'Hello, world there\n', stderr: '', code: 2 });
  });

  it('hands input through, of a size that no buffer holds', async () => {
    const input = 'a line of input\n'.repeat(20_000);
    expect(await onImage('/bin/busybox cat', input)).toEqual({ stdout: input, stderr: '', code: 0 });
  });

  it('runs programs of the image, with quoted words', async () => {
    const { stdout } = await onImage(`/bin/busybox echo 'two words' "and three more" end`);
    expect(stdout).toBe('two words and three more end\n');
    expect((await onImage('/usr/bin/lua5.4 /examples/fib.lua 12')).stdout).toBe('fib(12) = 144\n');
  });

  it.each([
    ['default', '/bin/sh'],
    ['dev', '/bin/bash'],
  ])('image %s: a C program is compiled, linked and run at the prompt of %s', async (image, shell) => {
    const script = 'cd /tmp && cp /examples/hello.c . && tcc hello.c && ./a.out one && tcc -run hello.c | cat';
    const outcome = await osv(['run', '-i', image, '-e', `${shell} -c "${script}"`]);
    const stdout = 'Hello from ./a.out\n  argument 1: one\nHello from hello.c\n';
    expect(outcome).toEqual({ stdout, stderr: '', code: 0 });
  });

  it('runs a shared object with a main, as OSv does', async () => {
    const outcome = await onImage('/examples/counter.so one');
    expect(outcome).toEqual({
      stdout: 'run 1 of this copy of /examples/counter.so\n  argument 1: one\n',
      stderr: '',
      code: 0,
    });
  });

  it('a program that dies of a signal answers 128 + its number and a report', async () => {
    const { stdout, stderr, code } = await onImage('/examples/crash.so');
    expect({ stdout, code }).toEqual({ stdout: 'writing to address 16 ...\n', code: 128 + 11 });
    expect(stderr).toMatch(/^Segmentation fault: \/examples\/crash\.so .*writing 0x10 at .*crash\.so\+0x/);
  });

  it.each([
    ['v1', 'sse2 sse3'],
    ['v2', 'sse2 sse3 ssse3 sse4.1 sse4.2 popcnt aes pclmul'],
  ])('--cpu %s is what programs learn of the processor', async (level, features) => {
    const { stdout } = await osv(['run', '--cpu', level, build('cpu.c', ['-static'])]);
    expect(stdout).toBe(`OSv virtual CPU in a browser tab, x86-64-${level}; OSv; ${features}\n`);
  });

  it('an instruction that the CPU lacks is named, with its bytes and address', async () => {
    const { stderr, code } = await osv(['run', build('cpu.c', ['-static']), 'more']);
    expect(code).toBe(128 + 4);
    expect(stderr).toMatch(
      /^\/cpu: vpaddd needs AVX, which this CPU lacks: c5 fd fe c1 at 0x[0-9a-f]+ \(cpu\+0x[0-9a-f]+\)$/m,
    );
    expect(stderr).toMatch(/=> [0-9a-f]+: \(vpaddd\)$/m);
  });

  it('a signal for the command is one for the program', async () => {
    const child = spawn('node', ['scripts/osv.mjs', 'run', '-e', '/bin/busybox sh -c "echo ready; read x"']);
    const codePromise = new Promise<number | null>((resolve) => child.on('close', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill('SIGTERM');
    expect(await codePromise).toBe(128 + 15);
  });

  it('a reader that leaves is SIGPIPE for the program', async () => {
    const child = spawn('node', ['scripts/osv.mjs', 'run', '-e', '/bin/busybox yes']);
    const codePromise = new Promise<number | null>((resolve) => child.on('close', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdout.destroy();
    expect(await codePromise).toBe(128 + 13);
  });

  it('shows a directory of the host, and writes there', async () => {
    writeFileSync(join(folder, 'from-host'), 'hello guest\n');
    const outcome = await osv([
      'run',
      '--mount',
      `${folder}:/host`,
      '-e',
      '/bin/busybox cp /host/from-host /host/from-guest',
    ]);
    expect(outcome).toEqual({ stdout: '', stderr: '', code: 0 });
    expect(readFileSync(join(folder, 'from-guest'), 'utf8')).toBe('hello guest\n');
  });

  it.each([
    ['return', 'return goodbye\n', 4],
    ['exit', 'exit goodbye\n', 5],
    ['thread', 'thread goodbye\n', 6],
    ['lingering', 'lingering goodbye\n', 5],
    ['_exit', '', 7],
  ])('a shared object that ends by %s: output flushed, handlers run, its code', async (how, stdout, code) => {
    const object = build('exits.c', ['-shared', '-fPIC'], 'exits.so');
    expect(await osv(['run', object, how])).toMatchObject({ stdout, code });
  });

  it('a C++ shared object runs with its library', async () => {
    const outcome = await osv(['run', build('cxx.cc', ['-shared', '-fPIC'], 'cxx.so')]);
    expect(outcome.stdout).toContain('rethrown 42\n');
    expect(outcome.code).toBe(0);
  });

  it('a file whose name the image has for a directory has no place there', async () => {
    const outcome = await osv(['run', build('hello.c', [], 'usr')]);
    expect(outcome).toEqual({ stdout: '', stderr: '/usr cannot be put on the image: Is a directory\n', code: 127 });
  });

  it('what ld.so misses in a shared object, it says', async () => {
    const outcome = await osv(['run', build('missing-symbol.c', ['-shared', '-fPIC'], 'missing-symbol.so')]);
    expect(outcome).toEqual({
      stdout: '',
      stderr:
        '/missing-symbol.so: error while loading shared libraries: /missing-symbol.so: ' +
        'undefined symbol: a_function_that_nobody_has\n',
      code: 127,
    });
  });

  it.each([
    ['no such file of the host', ['run', '/no/such/file'], 125, /^osv: \/no\/such\/file cannot be read: ENOENT/],
    ['no such file on the image', ['run', '-e', '/no/such'], 127, /^Failed to load object: \/no\/such\n$/],
    ['not an ELF file', ['run', 'package.json'], 127, /^bad elf header\n$/],
    ['no such image', ['run', '-i', 'nothing', '-e', '/bin/busybox'], 125, /^osv: The disk image .* cannot be opened/],
    ['a folder that is not there', ['run', '--mount', '/no/such:/x', '-e', 'x'], 125, /^osv: .*cannot be mounted/],
    ['neither file nor command', ['run'], 125, /^osv: Give either/],
  ])('says what is wrong: %s', async (_what, args, code, words) => {
    const outcome = await osv(args);
    expect(outcome.stdout).toBe('');
    expect(outcome.stderr).toMatch(words);
    expect(outcome.code).toBe(code);
  });
});
