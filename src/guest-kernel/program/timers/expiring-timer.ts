/**
 * A timer that expires once or again and again, and counts what nobody has fetched yet: the middle of timerfd,
 * timer_create(2) and setitimer(2).
 *
 *   set ──► armed ──at the time──► onExpire ──take──► armed again, or off
 *
 * Until `take` it is not armed anew: how often it expired meanwhile follows from the clock, so an interval of a
 * nanosecond costs no more than one of a second.
 */
export interface TimerClock {
  nowNs(): number;
  /** Calls `fire` once the clock has reached `atNs`. @returns a function that cancels it */
  at(atNs: number, fire: () => void): () => void;
}

export interface TimerSetting {
  /** Until the next expiry; 0: off. */
  readonly valueNs: number;
  /** What it starts with anew at each expiry; 0: once. */
  readonly intervalNs: number;
}

/** Linux' default timer slack: who wants less gets no more often a turn. */
const SLACK_NS = 50_000;

export class ExpiringTimer {
  readonly #clock: TimerClock;
  readonly #onExpire: () => void;
  #nextNs: number | undefined;
  #intervalNs = 0;
  #cancel: (() => void) | undefined;

  constructor(clock: TimerClock, onExpire: () => void) {
    this.#clock = clock;
    this.#onExpire = onExpire;
  }

  /** `firstNs`: absolute time of the clock; undefined: off. */
  set(firstNs: number | undefined, intervalNs: number): void {
    this.#cancel?.();
    this.#nextNs = firstNs;
    this.#intervalNs = intervalNs;
    if (firstNs !== undefined) this.#cancel = this.#clock.at(firstNs, this.#onExpire);
  }

  get(): TimerSetting {
    const intervalNs = this.#intervalNs;
    if (this.#nextNs === undefined) return { valueNs: 0, intervalNs };
    const leftNs = this.#nextNs - this.#clock.nowNs();
    if (leftNs > 0) return { valueNs: leftNs, intervalNs };
    return { valueNs: intervalNs === 0 ? 0 : intervalNs - (-leftNs % intervalNs), intervalNs };
  }

  get hasExpired(): boolean {
    return this.#nextNs !== undefined && this.#clock.nowNs() >= this.#nextNs;
  }

  /** How often it expired since the last take. */
  take(): number {
    const nowNs = this.#clock.nowNs();
    if (this.#nextNs === undefined || nowNs < this.#nextNs) return 0;
    this.#cancel?.();
    if (this.#intervalNs === 0) {
      this.#nextNs = undefined;
      return 1;
    }
    const count = 1 + Math.floor((nowNs - this.#nextNs) / this.#intervalNs);
    this.#nextNs += count * this.#intervalNs;
    this.#cancel = this.#clock.at(Math.max(this.#nextNs, nowNs + SLACK_NS), this.#onExpire);
    return count;
  }
}
