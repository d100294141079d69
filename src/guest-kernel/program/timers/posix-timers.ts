/** The timers of timer_create(2) of a program: each sends a signal, and counts its overruns while that one waits. */
import { SI_TIMER } from '../../abi/signal.ts';
import type { SignalInfo } from '../signals.ts';
import { ExpiringTimer, type TimerClock, type TimerSetting } from './expiring-timer.ts';

/** Where the signal of a timer goes. @returns whether it waits there now; false: it is ignored */
export type SignalTarget = (info: SignalInfo) => boolean;

export class PosixTimer {
  readonly clockId: number;
  readonly clock: TimerClock;
  readonly #timer: ExpiringTimer;
  /** Expiries that the signal delivered last stood for, less one (timer_getoverrun(2)). */
  overrun = 0;

  constructor(
    clockId: number,
    clock: TimerClock,
    notice: { readonly id: number; readonly signal: number; readonly value: bigint } | undefined,
    target: SignalTarget,
  ) {
    this.clockId = clockId;
    this.clock = clock;
    this.#timer = new ExpiringTimer(clock, () => {
      if (notice === undefined) return;
      const { id, signal, value } = notice;
      const isWaiting = target({
        signal,
        code: SI_TIMER,
        value,
        onTaken: (info) => ({ ...info, timer: { id, overrun: this.#delivered() } }),
      });
      if (!isWaiting) this.#timer.take();
    });
  }

  get(): TimerSetting {
    return this.#timer.get();
  }

  /** `firstNs`: absolute time of its clock; undefined: off. */
  set(firstNs: number | undefined, intervalNs: number): void {
    this.overrun = 0;
    this.#timer.set(firstNs, intervalNs);
  }

  /** @returns the overruns, for siginfo */
  #delivered(): number {
    return (this.overrun = Math.max(0, this.#timer.take() - 1));
  }
}

export class PosixTimers {
  readonly #timers = new Map<number, PosixTimer>();
  #nextId = 0;

  get count(): number {
    return this.#timers.size;
  }

  add(make: (id: number) => PosixTimer): number {
    const id = this.#nextId++;
    this.#timers.set(id, make(id));
    return id;
  }

  get(id: number): PosixTimer | undefined {
    return this.#timers.get(id);
  }

  delete(id: number): boolean {
    this.#timers.get(id)?.set(undefined, 0);
    return this.#timers.delete(id);
  }

  deleteAll(): void {
    for (const id of this.#timers.keys()) this.delete(id);
  }
}
