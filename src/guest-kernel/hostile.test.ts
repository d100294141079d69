/** Programs that mean no good: whatever they call, the machine goes on. */
import { describe, expect, it } from 'vitest';
import { compile } from './testing/compile.ts';
import { TestMachine } from './testing/test-machine.ts';

// Any call with arguments that are likely to hurt. Left out: what ends or replaces the program, and what would take
// away the timer that cuts waits short.
const RANDOM_CALLS = `#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>
static unsigned long state;
static unsigned long next(void) { state = state * 6364136223846793005UL + 1442695040888963407UL; return state >> 33; }
static char buffer[65536];
static void tick(int s) { (void)s; }
static const int left_out[] = {11, 12, 13, 14, 15, 34, 37, 38, 56, 57, 58, 59, 60, 62, 129, 131, 158, 200, 231, 234, 297, 435, 273, 218, 3, 33, 32, 292, 436, 10, 25, 28, 112};
static long argument(void) {
  static const long odd[] = {0, 1, 2, -1, -2, 4095, 4096, 4097, 0x7fffffff, 0x80000000L, 0xffffffffL, 0x100000000L, 0x7fffffffffffL, -4096, 1L << 62, (1L << 63)};
  switch (next() % 6) {
    case 0: return odd[next() % (sizeof odd / sizeof *odd)];
    case 1: return (long)buffer + next() % sizeof buffer;
    case 2: return next() % 64;
    case 3: return (long)"/dev/null";
    case 4: return (long)&argument;
    default: return next() << (next() % 32);
  }
}
int main(int argc, char **argv) {
  state = atol(argv[1]);
  for (unsigned i = 0; i < sizeof buffer; i++) buffer[i] = next() % 4 ? 0 : next();
  struct sigaction action = {.sa_handler = tick};
  sigaction(SIGALRM, &action, NULL);
  struct itimerval timer = {{0, 2000}, {0, 2000}};
  setitimer(ITIMER_REAL, &timer, NULL);
  for (int i = 0; i < 4000; i++) {
    int nr = next() % 450, skip = 0;
    for (unsigned j = 0; j < sizeof left_out / sizeof *left_out; j++) skip |= left_out[j] == nr;
    if (!skip) syscall(nr, argument(), argument(), argument(), argument(), argument(), argument());
  }
  return 0;
}`;

const HELLO = '#include <unistd.h>\nint main(void) { return write(1, "well", 4) == 4 ? 0 : 1; }';

describe('hostile programs', () => {
  it.each([1, 2, 3])('random system calls, seed %i, leave the machine alive', (seed) => {
    const machine = new TestMachine({
      '/random': compile(RANDOM_CALLS, ['-static']).bytes,
      '/hello': compile(HELLO, ['-static']).bytes,
    });
    const tid = machine.start(`/random ${seed}`);
    try {
      machine.until(() => machine.programs.find(tid)?.state.kind !== 'running', 4_000);
    } catch (error) {
      // It may wait for ever; a panic may not be.
      if (String(error).includes('panic')) throw error;
      machine.programs.signal(tid, 9);
      machine.settle();
    }
    machine.ports.console.type('\x11');
    expect(machine.run('/hello')).toEqual({ output: 'well', state: { kind: 'exited', code: 0 } });
  });
});
