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
const FIRST_SEED = Number(
  process.env['FUZZ_SEED'] ?? (SECONDS > 0 ? Math.floor(performance.timeOrigin) % 1_000_000 : 1),
);
const ENGINE = (process.env['FUZZ_ENGINE'] ?? 'auto') as Engine;
const BATCHES = SECONDS > 0 ? 20 : 4;

const fuzzer = compile(FUZZER, ['-static', '-lutil']).bytes;
const hello = compile(HELLO, ['-static']).bytes;

const WELL = { output: 'well', state: { kind: 'exited', code: 0 } };

/** Runs the fuzzer once; a panic of the kernel is an error that names the seed. */
function fuzz(seed: number): ReturnType<TestMachine['run']> {
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
    return machine.run('/hello');
  } catch (error) {
    throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
  }
}

describe('hostile programs', () => {
  it(
    `random system calls leave the machine alive (from seed ${FIRST_SEED})`,
    () => {
      const start = performance.now();
      let seed = FIRST_SEED;
      let told = start;
      do {
        expect(fuzz(seed++)).toEqual(WELL);
        const now = performance.now();
        if (now - told < 60_000) continue;
        told = now;
        const minutes = ((now - start) / 60_000).toFixed(1);
        process.stderr.write(
          `fuzz:syscalls: ${minutes} min, seeds ${FIRST_SEED} to ${seed - 1} left the machine alive\n`,
        );
      } while (performance.now() < start + SECONDS * 1000);
    },
    120_000 + SECONDS * 1000,
  );

  it.each([
    [
      'a fork bomb',
      `#include <unistd.h>
      int main(void) { for (int i = 0; i < 7; i++) fork(); sleep(1000); return 0; }`,
    ],
    [
      'a memory bomb',
      `#include <stdlib.h>
      #include <string.h>
      int main(void) { for (;;) { char *p = malloc(1 << 20); if (p) memset(p, 1, 1 << 20); } }`,
    ],
    [
      'a thread bomb',
      `#include <pthread.h>
      #include <unistd.h>
      static void *stay(void *p) { pause(); return p; }
      int main(void) {
        pthread_attr_t a; pthread_t t;
        pthread_attr_init(&a); pthread_attr_setstacksize(&a, 16384);
        while (pthread_create(&t, &a, stay, 0) == 0);
        pause(); return 0; }`,
    ],
    [
      'descriptors without end',
      `#include <unistd.h>
      int main(void) { int p[2]; while (pipe(p) == 0); while (dup(1) >= 0); pause(); return 0; }`,
    ],
    [
      'a flood of output',
      `#include <unistd.h>
      int main(void) { static char text[4096]; for (;;) write(1, text, sizeof text); }`,
    ],
    [
      'a signal storm',
      `#include <signal.h>
      #include <unistd.h>
      static void again(int s) { kill(getpid(), s); }
      int main(void) { signal(SIGUSR1, again); again(SIGUSR1); for (;;) pause(); }`,
    ],
  ])(
    '%s leaves the machine usable',
    (_what, source) => {
      const machine = new TestMachine({ '/bomb': compile(source, ['-static', '-lpthread']).bytes, '/hello': hello });
      const tid = machine.start('/bomb');
      const end = performance.now() + 3_000;
      try {
        machine.until(() => performance.now() > end || machine.programs.find(tid)?.state.kind !== 'running', 10_000);
      } catch (error) {
        if (!String(error).includes('nothing to do')) throw error;
      }
      expect(machine.run('/hello', {}, 60_000)).toEqual(WELL);
      machine.programs.signalGroup(tid, 9);
      machine.settle();
      expect(machine.programs.list().filter(({ state, isNative }) => state.kind === 'running' && !isNative)).toEqual(
        [],
      );
    },
    120_000,
  );
});
