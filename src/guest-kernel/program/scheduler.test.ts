import { expect, test } from 'vitest';
import { Scheduler, type Schedulable, type SliceOutcome } from './scheduler.ts';

class Clock {
  nowNs = 0;
  monotonicNs = (): number => this.nowNs;
  realtimeNs = (): bigint => BigInt(this.nowNs);
}

class Task implements Schedulable {
  nice = 0;
  group = 1;
  effectivePriority = 0;
  keepsTurn = false;
  isIdlePolicy = false;
  virtualNs = 0;
  cpuNs = 0;
  switches = 0;
  sleeps = 0;
  preemptions = 0;
  readonly runSlice: (sliceNs: number) => SliceOutcome;

  constructor(
    runSlice: (sliceNs: number) => SliceOutcome,
    options: Partial<Pick<Task, 'nice' | 'effectivePriority'>> = {},
  ) {
    this.runSlice = runSlice;
    Object.assign(this, options);
  }
}

/** A thread runs for a while, and wakes another after `wakeAtNs` of its first slice. */
function wakes(options: {
  readonly sleptNs: number;
  readonly wakeAtNs: number;
  readonly waker?: Partial<Pick<Task, 'nice' | 'effectivePriority'>>;
  readonly woken?: Partial<Pick<Task, 'nice' | 'effectivePriority'>>;
}): boolean {
  const clock = new Clock();
  const scheduler = new Scheduler(clock);
  let mustYield = false;
  const woken = new Task((ns) => {
    clock.nowNs += ns / 10;
    return 'waiting';
  }, options.woken);
  let slept = 0;
  const waker = new Task((ns) => {
    if (slept < options.sleptNs) {
      slept += ns;
      clock.nowNs += ns;
      return 'ready';
    }
    clock.nowNs += options.wakeAtNs;
    scheduler.enqueue(woken);
    mustYield = scheduler.mustYield(waker);
    return 'over';
  }, options.waker);
  scheduler.enqueue(woken);
  scheduler.run(1);
  scheduler.enqueue(waker);
  scheduler.run(clock.nowNs + 1e9);
  return mustYield;
}

test.for([
  ['who slept long goes before the thread that woke it', { sleptNs: 20e6, wakeAtNs: 10_000 }, true],
  ['who slept for a moment waits for the end of the slice', { sleptNs: 0, wakeAtNs: 100_000 }, false],
  [
    'who is nicer than the waker still goes first after a long sleep',
    { sleptNs: 20e6, wakeAtNs: 10_000, woken: { nice: 5 } },
    true,
  ],
  ['a real-time thread is left alone', { sleptNs: 20e6, wakeAtNs: 10_000, waker: { effectivePriority: 1 } }, false],
  ['a real-time thread goes at once', { sleptNs: 0, wakeAtNs: 0, woken: { effectivePriority: 1 } }, true],
] as const)('%s', ([, options, expected]) => {
  expect(wakes(options)).toBe(expected);
});

test('two threads that wake each other all the time go on in turns that are worth a switch', () => {
  const clock = new Clock();
  const scheduler = new Scheduler(clock);
  const tasks: Task[] = [];
  for (const other of [1, 0]) {
    const task: Task = new Task((sliceNs) => {
      const endNs = clock.nowNs + sliceNs;
      while (clock.nowNs < endNs) {
        clock.nowNs += 5000;
        const peer = tasks[other];
        if (peer !== undefined && sleeping.delete(peer)) scheduler.enqueue(peer);
        if (scheduler.mustYield(task)) return 'ready';
      }
      sleeping.add(task);
      return 'waiting';
    });
    tasks.push(task);
  }
  const sleeping = new Set<Task>();
  for (const task of tasks) scheduler.enqueue(task);
  scheduler.run(100e6);
  expect(scheduler.switches).toBeLessThan(200);
});

test.for([
  ['of its own session', 1],
  ['of another session', 2],
] as const)('a thread that has run long and a new one %s get the same from then on', ([, group]) => {
  const clock = new Clock();
  const scheduler = new Scheduler(clock);
  const busy = (sliceNs: number): SliceOutcome => {
    clock.nowNs += sliceNs;
    if (clock.nowNs >= 5e9 && young.cpuNs === 0 && !isJoined) {
      isJoined = true;
      scheduler.enqueue(young);
    }
    return 'ready';
  };
  let isJoined = false;
  const old = new Task(busy);
  const young = new Task(busy);
  young.group = group;
  scheduler.enqueue(old);
  scheduler.run(5e9);
  const before = old.cpuNs;
  scheduler.run(clock.nowNs + 100e6);
  const [ofOld, ofYoung] = [old.cpuNs - before, young.cpuNs];
  expect(ofOld + ofYoung).toBeGreaterThanOrEqual(100e6);
  expect(Math.abs(ofOld - ofYoung)).toBeLessThan(20e6);
});
