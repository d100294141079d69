/**
 * Programs print in the machine what the same files print on the host's processor, byte for byte. `npm test` runs the
 * quick rows, `npm run proof` (scripts/proof.mjs) every one or those that are named.
 */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { osv, prepareVm, type Outcome } from '../tests/testing/vm.ts';
import { inputsOf, isShown, note, table } from './journal.ts';
import { differencesOfLibm } from './libm.ts';
import { prepareNative, runNatively } from './native.ts';
import { selectRows, type ProofImage } from './rows.ts';

const SCRIPTS = 'guest/proof/programs';
const wish = process.env['PROOF'];
const isResumed = process.env['PROOF_RESUME'] === '1';
const isLong = wish !== undefined && wish !== '';
const rows = selectRows(wish);
const hasLibm = !isLong || wish === 'all' || wish.split(',').includes('libm');

vi.setConfig({ testTimeout: isLong ? 1_800_000 : 180_000 });

beforeAll(async () => {
  const images = [...new Set([...rows.map((row) => row.image), ...(hasLibm ? ['proof' as const] : [])])];
  const { status, stderr } = spawnSync('node', ['scripts/image.mjs', ...images]);
  if (status !== 0) throw new Error(stderr.toString());
  for (const image of images) prepareNative(image, SCRIPTS);
  await prepareVm();
}, 1_200_000);

afterAll(() => {
  if (isLong) process.stdout.write(`${table(rows.map((row) => row.name))}\n`);
});

interface Side extends Outcome {
  readonly seconds: number;
}

async function timed(outcome: Promise<Outcome>): Promise<Side> {
  const startMs = performance.now();
  return { ...(await outcome), seconds: (performance.now() - startMs) / 1000 };
}

interface Sides {
  readonly native: Side;
  readonly machine: Side;
}

async function both(image: ProofImage, name: string, args: readonly string[]): Promise<Sides> {
  const command = ['/bin/sh', `/mnt/${name}.sh`, ...args];
  const options = ['--image', image, '--mount', `${SCRIPTS}:/mnt`, '--env', 'PYTHONDONTWRITEBYTECODE=1'];
  const native = await timed(runNatively(image, command));
  return { native, machine: await timed(osv(['run', ...options, '--execute', command.join(' ')])) };
}

const said = ({ stdout, stderr, code }: Outcome): Outcome => ({ stdout, stderr, code });

describe('a program prints what it prints on the host', () => {
  it.for(rows)('$name', async (row, { skip }) => {
    const inputs = inputsOf(row, SCRIPTS);
    if (isResumed && isShown(row.name, inputs)) skip('was equal before');
    const { native, machine } = await both(row.image, row.name, row.args ?? []);
    const isEqual = JSON.stringify(said(native)) === JSON.stringify(said(machine));
    if (isLong) note(row.name, { isEqual, nativeSeconds: native.seconds, machineSeconds: machine.seconds, inputs });
    expect(native.stdout).not.toBe('');
    expect(said(machine)).toEqual(said(native));
  });
});

describe.runIf(hasLibm)('libm', () => {
  const count = isLong ? '400' : '5';
  it(`gives the host's bits for ${count} operand sets of each function in each rounding mode`, async () => {
    const { native, machine } = await both('proof', 'libm', [count]);
    expect(native.stdout.split('\n').length).toBeGreaterThan(900);
    expect(said({ ...machine, stdout: '' })).toEqual(said({ ...native, stdout: '' }));
    expect(differencesOfLibm(native.stdout, machine.stdout)).toEqual([]);
  });
});
