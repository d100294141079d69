/**
 * Programs print in the machine what the same files print on the host's processor, byte for byte. `npm test` runs the
 * quick rows, `npm run proof` (PROOF=all) every one.
 */
import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { osv, prepareVm } from '../tests/testing/vm.ts';
import { differencesOfLibm } from './libm.ts';
import { prepareNative, runNatively } from './native.ts';

const SCRIPTS = 'guest/proof/programs';
const isWhole = process.env['PROOF'] === 'all';

vi.setConfig({ testTimeout: isWhole ? 1_800_000 : 180_000 });

type Image = 'proof' | 'programs';
const images: readonly Image[] = isWhole ? ['proof', 'programs'] : ['proof'];

beforeAll(async () => {
  const { status, stderr } = spawnSync('node', ['scripts/image.mjs', ...images]);
  if (status !== 0) throw new Error(stderr.toString());
  for (const image of images) prepareNative(image, SCRIPTS);
  await prepareVm();
}, 600_000);

async function both(
  image: Image,
  script: string,
  args: readonly string[],
): Promise<Record<'native' | 'machine', string>> {
  const command = ['/bin/sh', `/mnt/${script}`, ...args];
  const options = ['--image', image, '--mount', `${SCRIPTS}:/mnt`, '--env', 'PYTHONDONTWRITEBYTECODE=1'];
  const native = await runNatively(image, command);
  const machine = await osv(['run', ...options, '--execute', command.join(' ')]);
  expect(machine.stderr).toBe(native.stderr);
  expect(machine.code).toBe(native.code);
  return { native: native.stdout, machine: machine.stdout };
}

interface Row {
  readonly script: string;
  readonly args?: readonly string[];
  /** Where it is not `proof`. */
  readonly image?: Image;
  /** Also in `npm test`. */
  readonly isQuick?: boolean;
}

const rows: readonly Row[] = [
  { script: 'openssl-digests.sh' },
  { script: 'openssl-ciphers.sh' },
  { script: 'openssl-signatures.sh' },
  { script: '7z.sh' },
  { script: '7z-benchmark.sh' },
  { script: 'bc.sh' },
  { script: 'lua.sh', isQuick: true },
  { script: 'perl.sh' },
  { script: 'python.sh' },
  { script: 'sqlite3.sh' },
  { script: 'cc1.sh', args: ['5000'] },
  { script: 'bash.sh', image: 'programs' },
  { script: 'coreutils.sh', image: 'programs' },
  { script: 'text-tools.sh', image: 'programs' },
  { script: 'archives.sh', image: 'programs' },
  { script: 'gcc.sh', image: 'programs' },
  { script: 'tcc.sh', image: 'programs' },
  { script: 'luajit.sh', image: 'programs' },
  { script: 'git.sh', image: 'programs' },
  { script: 'redis.sh', image: 'programs' },
  { script: 'nginx.sh', image: 'programs' },
  { script: 'memcached.sh', image: 'programs' },
];

describe('a program prints what it prints on the host', () => {
  it.each(rows.filter((row) => isWhole || row.isQuick))('$script', async ({ script, args = [], image = 'proof' }) => {
    const { native, machine } = await both(image, script, args);
    expect(native).not.toBe('');
    expect(machine).toBe(native);
  });
});

describe('libm', () => {
  const count = isWhole ? '400' : '5';
  it(`gives the host's bits for ${count} operand sets of each function in each rounding mode`, async () => {
    const { native, machine } = await both('proof', 'libm.sh', [count]);
    expect(native.split('\n').length).toBeGreaterThan(900);
    expect(differencesOfLibm(native, machine)).toEqual([]);
  });
});
