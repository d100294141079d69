/** Programs that mean no good: whatever they call, the machine goes on. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Engine } from '../emulator/index.ts';
import { compile } from './testing/compile.ts';
import { TestMachine } from './testing/test-machine.ts';

const FUZZER = readFileSync(join(import.meta.dirname, 'testing/syscall-fuzzer.c'), 'utf8');
const HELLO = '#include <unistd.h>\nint main(void) { return write(1, "well", 4) == 4 ? 0 : 1; }';
/** Two runs a test run; `npm run fuzz:syscalls` sets more time, and FUZZ_SEED repeats one run. */
const SECONDS = Number(process.env['FUZZ_SECONDS'] ?? 0);
const FIRST_SEED = Number(process.env['FUZZ_SEED'] ?? (SECONDS > 0 ? Date.now() % 1_000_000 : 1));
const ENGINE = (process.env['FUZZ_ENGINE'] ?? 'auto') as Engine;
const BATCHES = SECONDS > 0 ? 20 : 4;

const fuzzer = compile(FUZZER, ['-static', '-lutil']).bytes;
const hello = compile(HELLO, ['-static']).bytes;

/** Runs the fuzzer once; a panic of the kernel is an error that names the seed. */
function fuzz(seed: number): void {
  const machine = new TestMachine({ '/fuzzer': fuzzer, '/hello': hello }, ENGINE);
  try {
    const tid = machine.start(`/fuzzer ${seed} ${BATCHES}`);
    try {
      machine.until(() => machine.programs.find(tid)?.state.kind !== 'running', 60_000);
    } catch (error) {
      // It may wait for ever; a panic may not be.
      if (!String(error).includes('gave up') && !String(error).includes('nothing to do')) throw error;
      machine.programs.signal(tid, 9);
    }
    machine.ports.console.type('\x11');
    expect(machine.run('/hello')).toEqual({ output: 'well', state: { kind: 'exited', code: 0 } });
  } catch (error) {
    throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
  }
}

describe('hostile programs', () => {
  it(
    `random system calls leave the machine alive (from seed ${FIRST_SEED})`,
    () => {
      const end = performance.now() + SECONDS * 1000;
      let seed = FIRST_SEED;
      do fuzz(seed++);
      while (performance.now() < end);
    },
    120_000 + SECONDS * 1000,
  );
});
