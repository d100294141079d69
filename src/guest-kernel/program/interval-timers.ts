/** The three timers of setitimer(2) of a program, which send a signal once or again and again. */
import type { Scheduler } from './scheduler.ts';
import type { ClockPort } from '../ports.ts';

export interface TimerSetting {
  /** Until the next expiry; 0: off. */
  readonly valueNs: number;
  /** What it starts with anew at each expiry; 0: once. */
  readonly intervalNs: number;
}

interface RunningTimer {
  readonly atNs: number;
  readonly intervalNs: number;
  readonly cancel: () => void;
}

export class IntervalTimers {
  readonly #clock: ClockPort;
  readonly #scheduler: Scheduler;
  readonly #timers = new Map<number, RunningTimer>();

  constructor(clock: ClockPort, scheduler: Scheduler) {
    this.#clock = clock;
    this.#scheduler = scheduler;
  }

  get(which: number): TimerSetting {
    const timer = this.#timers.get(which);
    if (timer === undefined) return { valueNs: 0, intervalNs: 0 };
    return { valueNs: Math.max(1_000, timer.atNs - this.#clock.monotonicNs()), intervalNs: timer.intervalNs };
  }

  set(which: number, { valueNs, intervalNs }: TimerSetting, expire: () => void): void {
    this.#timers.get(which)?.cancel();
    this.#timers.delete(which);
    if (valueNs > 0) this.#arm(which, this.#clock.monotonicNs() + valueNs, intervalNs, expire);
  }

  cancelAll(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #arm(which: number, atNs: number, intervalNs: number, expire: () => void): void {
    const cancel = this.#scheduler.timers.add(atNs, () => {
      this.#timers.delete(which);
      // A late timer fires once, not once for each interval missed.
      const nextNs = Math.max(atNs, this.#clock.monotonicNs() - intervalNs) + intervalNs;
      if (intervalNs > 0) this.#arm(which, nextNs, intervalNs, expire);
      expire();
    });
    this.#timers.set(which, { atNs, intervalNs, cancel });
  }
}
