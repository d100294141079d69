/** The three timers of setitimer(2) of a program, which send a signal once or again and again. */
import { ExpiringTimer, type TimerClock, type TimerSetting } from './expiring-timer.ts';

export class IntervalTimers {
  readonly #clockOf: (which: number) => TimerClock;
  readonly #timers = new Map<number, ExpiringTimer>();

  /** `clockOf`: real time for ITIMER_REAL, the program's processor time for the others. */
  constructor(clockOf: (which: number) => TimerClock) {
    this.#clockOf = clockOf;
  }

  get(which: number): TimerSetting {
    return this.#timers.get(which)?.get() ?? { valueNs: 0, intervalNs: 0 };
  }

  set(which: number, { valueNs, intervalNs }: TimerSetting, expire: () => void): void {
    this.#timers.get(which)?.set(undefined, 0);
    this.#timers.delete(which);
    if (valueNs <= 0) return;
    const clock = this.#clockOf(which);
    const timer = new ExpiringTimer(clock, () => {
      timer.take(); // a late timer sends one signal, not one for each interval missed
      expire();
    });
    timer.set(clock.nowNs() + valueNs, intervalNs);
    this.#timers.set(which, timer);
  }

  cancelAll(): void {
    for (const timer of this.#timers.values()) timer.set(undefined, 0);
    this.#timers.clear();
  }
}
