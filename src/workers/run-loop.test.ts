import { afterEach, expect, test } from 'vitest';
import type { SliceResult } from '../guest-kernel/index.ts';
import { RunLoop, type RunLoopPorts } from './run-loop.ts';

let loop: RunLoop | undefined;

afterEach(() => loop?.stop());

/** A loop over a script of slice results; after its end slices are idle for ever. */
function start(script: SliceResult[], change: Partial<RunLoopPorts> = {}): { slices: () => number } {
  let slices = 0;
  const runSlice = (): SliceResult => {
    slices++;
    return script.shift() ?? { kind: 'idle', wakeAtNs: undefined };
  };
  const quiet = { mayRun: () => true, afterSlice: () => undefined, onCrash: () => undefined };
  loop = new RunLoop({ runSlice, monotonicNs: () => performance.now() * 1e6, ...quiet, ...change });
  loop.wake();
  return { slices: () => slices };
}

const busy: SliceResult = { kind: 'busy' };

test('a busy kernel runs slice after slice, with the event loop between them', async () => {
  const order: string[] = [];
  const { slices } = start([busy, busy, busy], { afterSlice: () => order.push('slice') });
  setImmediate(() => order.push('event'));
  await expect.poll(slices).toBe(4);
  expect(order.indexOf('event')).toBeLessThan(4);
});

test('an idle kernel is left alone until something wakes it', async () => {
  const { slices } = start([]);
  await expect.poll(slices).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(slices()).toBe(1);
  loop?.wake();
  await expect.poll(slices).toBe(2);
});

test('an idle kernel with a deadline runs again when it has come', async () => {
  const start0 = performance.now();
  const { slices } = start([{ kind: 'idle', wakeAtNs: (start0 + 30) * 1e6 }]);
  await expect.poll(slices).toBe(2);
  expect(performance.now() - start0).toBeGreaterThanOrEqual(29);
});

test('two wakes before a turn are one turn', async () => {
  const { slices } = start([]);
  loop?.wake();
  loop?.wake();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(slices()).toBe(1);
});

test('nothing runs while the console is full', async () => {
  let isFull = true;
  const { slices } = start([], { mayRun: () => !isFull });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(slices()).toBe(0);
  isFull = false;
  loop?.wake();
  await expect.poll(slices).toBe(1);
});

test('a kernel that throws stops the loop and is told of once', async () => {
  const crashes: unknown[] = [];
  const boom = new Error('invariant');
  start([], {
    runSlice: () => {
      throw boom;
    },
    onCrash: (error) => crashes.push(error),
  });
  await expect.poll(() => crashes).toEqual([boom]);
  loop?.wake();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(crashes).toHaveLength(1);
});

test('a halted kernel is never run again', async () => {
  const { slices } = start([{ kind: 'halted' }]);
  await expect.poll(slices).toBe(1);
  loop?.wake();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(slices()).toBe(1);
});
