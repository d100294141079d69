/** Load averages over 1, 5 and 15 minutes, as Linux kernel/sched/loadavg.c reckons them: every 5 s, exponentially. */

const PERIOD_NS = 5_000_000_000;
const MINUTES = [1, 5, 15] as const;
/** After an hour of nothing all are 0. */
const MOST_PERIODS = 720;

export class LoadAverage {
  #values: [number, number, number] = [0, 0, 0];
  /** When the next period is over. */
  dueNs = PERIOD_NS;

  get values(): readonly [number, number, number] {
    return this.#values;
  }

  /** Takes in the periods up to `nowNs`, in which `runnable` threads ran or could. */
  advance(nowNs: number, runnable: number): void {
    if (nowNs < this.dueNs) return;
    const periods = Math.floor((nowNs - this.dueNs) / PERIOD_NS) + 1;
    this.dueNs += periods * PERIOD_NS;
    const [one, five, fifteen] = MINUTES.map((minutes, i) => {
      const kept = Math.exp(-5 / (60 * minutes)) ** Math.min(periods, MOST_PERIODS);
      return (this.#values[i] ?? 0) * kept + runnable * (1 - kept);
    });
    this.#values = [one ?? 0, five ?? 0, fifteen ?? 0];
  }
}
