/** The same binary runs on Linux and in the VM (through the command `osv run`); what it prints must be equal. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../images/build/toolchain.ts';

const CACHE = '.cache/images';
const BINARIES = '.cache/tests';
const VM = ['scripts/osv.mjs', 'run', '--env', 'TEST_VARIABLE=set'];

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

beforeAll(async () => {
  mkdirSync(BINARIES, { recursive: true });
  // Builds bundle and image now, so that no test's time pays for it.
  await execute('node', [...VM, '-e', '/bin/busybox true']);
}, 120_000);

/** Compiles guest/tests/SOURCE when it is newer than its binary. */
function build(source: string, flags: readonly string[] = [], name = source.replace(/\.\w+$/, '')): string {
  const binary = join(BINARIES, name);
  const from = join('guest/tests', source);
  if (!existsSync(binary) || statSync(binary).mtimeMs < statSync(from).mtimeMs) {
    compile(CACHE, binary, [from], ['-O2', ...flags]);
  }
  return binary;
}

function execute(command: string, args: readonly string[], input = ''): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { ...process.env, TEST_VARIABLE: 'set', LANG: 'C.UTF-8' } });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ stdout, stderr, code }));
    child.stdin.on('error', () => {}); // a program that does not read
    child.stdin.end(input);
  });
}

const inVm = (binary: string, args: readonly string[] = [], input = ''): Promise<Outcome> =>
  execute('node', [...VM, binary, ...args], input);

/** What Linux says of a program, and what the VM says. */
async function both(binary: string, args: readonly string[] = [], input = ''): Promise<[Outcome, Outcome]> {
  return Promise.all([execute(binary, args, input), inVm(binary, args, input)]);
}

describe('a program answers in the VM as on Linux', () => {
  it.each([
    ['PIE', ['-fPIE', '-pie']],
    ['at a fixed address', ['-no-pie']],
    ['static', ['-static']],
    ['static PIE', ['-static-pie']],
    ['without optimisation', ['-O0']],
  ])('hello, %s', async (kind, flags) => {
    const [native, guest] = await both(build('hello.c', flags, `hello-${kind.replaceAll(' ', '-')}`), [
      'one',
      'two words',
    ]);
    expect(guest).toEqual(native);
  });

  it.each(['memory.c', 'threads.c', 'signals.c', 'pipes.c', 'cxx.cc'])('%s', async (source) => {
    const [native, guest] = await both(build(source));
    expect(guest).toEqual(native);
  });

  // In the guest /tmp is kept in memory and /var/tmp lies on the disk.
  it.each(['/tmp', '/var/tmp'])('files.c in %s', async (parent) => {
    const folder = join(parent, 'osv-files-test');
    rmSync(folder, { recursive: true, force: true });
    const [native, guest] = await both(build('files.c'), [folder]);
    rmSync(folder, { recursive: true, force: true });
    expect(guest).toEqual(native);
  });

  it('process.c, which reads its stdin', async () => {
    const [native, guest] = await both(
      build('process.c', ['-lm']),
      ['one', 'two words', ''],
      'first line\nlast line without end',
    );
    expect(guest).toEqual(native);
  });
});
