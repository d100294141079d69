/**
 * Which thread runs next. Every ready thread has a virtual time that grows with the processor time it used, scaled by
 * its nice value; the one furthest behind runs (the idea of Linux' CFS, kernel/sched/fair.c). A thread that slept joins
 * at the present, so a prompt answers at once beside endless loops, and nobody can save up time.
 */
import type { ClockPort } from '../ports.ts';
import { TimerHeap } from './timer-heap.ts';

/** What a slice left: to be queued again, asleep on its own account, or over. */
export type SliceOutcome = 'ready' | 'waiting' | 'over';

export interface Schedulable {
  /** -20 to 19. */
  readonly nice: number;
  virtualNs: number;
  cpuNs: number;
  switches: number;
  preemptions: number;
  /** Its cpuNs has grown by the slice that is over. */
  accounted?(): void;
  /** Runs for about `sliceNs`. */
  runSlice(sliceNs: number): SliceOutcome;
}

const SLICE_NS = 2_000_000; // half of the host's 4 ms turn: two busy threads share each turn
const WAKE_CREDIT_NS = 1_000_000; // a woken thread goes before those that ran through its sleep

export class Scheduler {
  readonly timers = new TimerHeap();
  readonly #clock: ClockPort;
  readonly #ready: Schedulable[] = [];
  #last: Schedulable | undefined;
  #virtualNs = 0;
  #sliceStartNs: number | undefined;
  #idleNs = 0;
  #idleSinceNs: number | undefined;
  /** Called when the first thread becomes ready. */
  onRunnable: () => void = () => {};

  constructor(clock: ClockPort) {
    this.#clock = clock;
  }

  /** Time in which nothing was ready, ns. */
  get idleNs(): number {
    return this.#idleNs + (this.#idleSinceNs === undefined ? 0 : this.#clock.monotonicNs() - this.#idleSinceNs);
  }

  get isIdle(): boolean {
    return this.#idleSinceNs !== undefined;
  }

  /** How long the slice under way has lasted, ns; not yet in its thread's cpuNs. */
  get currentSliceNs(): number {
    return this.#sliceStartNs === undefined ? 0 : this.#clock.monotonicNs() - this.#sliceStartNs;
  }

  /** A thread that was waiting, or is new, may run. */
  enqueue(task: Schedulable): void {
    task.virtualNs = Math.max(task.virtualNs, this.#virtualNs - WAKE_CREDIT_NS);
    this.#ready.push(task);
    if (this.#ready.length === 1) this.onRunnable();
  }

  /** Runs threads until `untilNs`. @returns whether some are still ready. */
  run(untilNs: number): boolean {
    let nowNs = this.#clock.monotonicNs();
    this.#endIdle(nowNs);
    do {
      this.timers.fireDue(nowNs);
      const task = this.#takeNext();
      if (task === undefined) {
        this.#idleSinceNs = nowNs;
        return false;
      }
      nowNs = this.#runTask(task, nowNs, Math.max(Math.min(SLICE_NS, untilNs - nowNs), SLICE_NS / 8));
    } while (nowNs < untilNs);
    return this.#ready.length > 0;
  }

  #runTask(task: Schedulable, startNs: number, sliceNs: number): number {
    if (task !== this.#last) task.switches++;
    this.#last = task;
    this.#sliceStartNs = startNs;
    const outcome = task.runSlice(sliceNs);
    this.#sliceStartNs = undefined;
    const nowNs = this.#clock.monotonicNs();
    task.cpuNs += nowNs - startNs;
    task.accounted?.();
    task.virtualNs += (nowNs - startNs) * 1.25 ** task.nice; // Linux: each step of nice is a factor of 1.25
    if (outcome === 'ready') {
      if (this.#ready.length > 0) task.preemptions++;
      this.#ready.push(task);
    }
    return nowNs;
  }

  #takeNext(): Schedulable | undefined {
    let best = 0;
    for (let i = 1; i < this.#ready.length; i++) {
      if ((this.#ready[i]?.virtualNs ?? 0) < (this.#ready[best]?.virtualNs ?? 0)) best = i;
    }
    const task = this.#ready[best];
    if (task === undefined) return undefined;
    this.#ready.splice(best, 1);
    this.#virtualNs = Math.max(this.#virtualNs, task.virtualNs);
    return task;
  }

  #endIdle(nowNs: number): void {
    if (this.#idleSinceNs === undefined) return;
    this.#idleNs += nowNs - this.#idleSinceNs;
    this.#idleSinceNs = undefined;
  }
}
