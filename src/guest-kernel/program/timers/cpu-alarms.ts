/**
 * What is to happen when a thread or program has used a given processor time: ITIMER_PROF, CPU-time clocks,
 * RLIMIT_CPU. Looked at after each slice, so it comes up to a slice late.
 */
import type { TimerClock } from './expiring-timer.ts';

interface Alarm {
  readonly atNs: number;
  readonly fire: () => void;
}

export class CpuAlarms implements TimerClock {
  readonly #alarms = new Set<Alarm>();
  readonly #cpuNs: () => number;

  constructor(cpuNs: () => number) {
    this.#cpuNs = cpuNs;
  }

  nowNs(): number {
    return this.#cpuNs();
  }

  at(atNs: number, fire: () => void): () => void {
    const alarm = { atNs, fire };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  /** Fires what is due. Cheap without alarms. */
  check(): void {
    if (this.#alarms.size === 0) return;
    const nowNs = this.#cpuNs();
    for (const alarm of this.#alarms) {
      if (alarm.atNs > nowNs) continue;
      this.#alarms.delete(alarm);
      alarm.fire();
    }
  }
}
