import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { REG } from './cpu.ts';
import { EXECUTOR_NAMES } from './testing/executors.ts';
import { compileFlat } from './testing/compile.ts';
import { CODE, createGuest } from './testing/guest.ts';
import { whyNoOracle } from './testing/oracle/native.ts';

const SOURCE = path.join(import.meta.dirname, 'testing/programs.c');
const NAMES = ['sha256', 'divisions', 'quicksort', 'fib', 'bits', 'interpreter', 'bytes'];
// Vectors and floats are the business of the SSE tests; -O0 and -Os use other instructions than -O2.
const LEVELS = ['-O0', '-O1', '-O2', '-O3', '-Os'];

/** Results of all programs on the host, in one process: they share their random numbers. */
function nativeResults(): string[] {
  const program = path.resolve('.cache/test-code/programs-native');
  mkdirSync(path.dirname(program), { recursive: true });
  execFileSync('gcc', ['-O2', '-fwrapv', '-fno-strict-aliasing', '-w', '-o', program, SOURCE]);
  return execFileSync(program, { encoding: 'utf8' }).trim().split('\n');
}

const reason = whyNoOracle();

describe.skipIf(reason !== '')(`C programs give the numbers they give natively ${reason}`, () => {
  const expected = reason === '' ? nativeResults() : [];
  describe.each(LEVELS)('compiled with %s', (level) => {
    it.each(EXECUTOR_NAMES)('on the %s executor', (engine) => {
      const options = [level, '-DFLAT', '-fwrapv', '-fno-strict-aliasing', '-w'];
      const code = compileFlat(readFileSync(SOURCE, 'utf8'), CODE, options);
      const guest = createGuest(code, engine);
      guest.space.protect(CODE, 0x2_0000, 7);
      // One memory for all, in order: the programs share their random numbers.
      const found = NAMES.map((_name, which) => {
        guest.state.rip = BigInt(CODE);
        guest.state.setNumber(REG.RDI, which);
        const exit = guest.run(50_000_000);
        return exit.kind === 'syscall' ? guest.state.get64(REG.RDI).toString(16) : JSON.stringify(exit.kind);
      });
      expect(Object.fromEntries(NAMES.map((name, i) => [name, found[i]]))).toEqual(
        Object.fromEntries(NAMES.map((name, i) => [name, expected[i]])),
      );
    });
  });
});
