import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { REG } from './cpu.ts';
import { EXECUTOR_NAMES } from './testing/executors.ts';
import { compileFlat } from './testing/compile.ts';
import { CODE, createGuest } from './testing/guest.ts';
import { whyNoOracle } from './testing/oracle/native.ts';

const SOURCE = path.join(import.meta.dirname, 'testing/float-programs.c');
const NAMES = ['sums', 'decay', 'roots', 'packed'];
// All masked, with and without PE; denormals as zeros; flush to zero; both; the directed roundings.
const MXCSR = ['1f80', '1fa0', '1fc0', '9fa0', '9fe0', '3f80', '5fa0', '7f80'];
const OPTIONS = ['-O2', '-fwrapv', '-fno-strict-aliasing', '-ffp-contract=off', '-w'];

function nativeResults(): string[] {
  const program = path.resolve('.cache/test-code/float-programs-native');
  mkdirSync(path.dirname(program), { recursive: true });
  execFileSync('gcc', [...OPTIONS, '-o', program, SOURCE]);
  return execFileSync(program, MXCSR, { encoding: 'utf8' }).trim().split('\n');
}

const reason = whyNoOracle();

describe.skipIf(reason !== '')(`Floating-point programs give the bits and flags they give natively ${reason}`, () => {
  const expected = reason === '' ? nativeResults() : [];
  it.each(EXECUTOR_NAMES)('on the %s executor', { timeout: 120_000 }, (engine) => {
    const guest = createGuest(compileFlat(readFileSync(SOURCE, 'utf8'), CODE, [...OPTIONS, '-DFLAT']), engine);
    guest.space.protect(CODE, 0x2_0000, 7);
    const found = MXCSR.flatMap((mxcsr) =>
      NAMES.map((name, which) => {
        guest.state.rip = BigInt(CODE);
        guest.state.setNumber(REG.RDI, which);
        guest.state.setNumber(REG.RSI, parseInt(mxcsr, 16));
        const exit = guest.run(50_000_000);
        return `${name} ${mxcsr} ${exit.kind === 'syscall' ? guest.state.get64(REG.RDI).toString(16) : exit.kind}`;
      }),
    );
    const names = MXCSR.flatMap((mxcsr) => NAMES.map((name) => `${name} ${mxcsr}`));
    expect(found).toEqual(names.map((name, i) => `${name} ${expected[i]}`));
  });
});
