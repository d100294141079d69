/**
 * The machine's statistics as a film: one sample a second while somebody watches, and what happened between two.
 * Nobody watching costs the machine nothing.
 */
import type { CpuStatistics, MachineStatistics, Tier } from '../workers/protocol/machine.ts';

export interface StatisticsSource {
  statistics(): Promise<MachineStatistics>;
  watchStatistics(isWatched: boolean): void;
}

/** One moment, and the rates since the one before. */
export interface Sample {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly statistics: MachineStatistics;
  /** Million guest instructions per second of host time spent on guest code; null where none was. */
  readonly mips: number | null;
  /** Shares of host time by tier, 0 to 1; together 1. */
  readonly shares: Readonly<Record<Tier, number>>;
}

const PERIOD_MS = 1_000;
const KEPT = 120; // two minutes

export class StatisticsFeed {
  readonly #source: () => StatisticsSource | undefined;
  readonly #listeners = new Set<() => void>();
  #samples: readonly Sample[] = [];
  /** Whose samples these are: another machine begins anew. */
  #watched: StatisticsSource | undefined;
  #last: MachineStatistics | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(source: () => StatisticsSource | undefined) {
    this.#source = source;
  }

  readonly snapshot = (): readonly Sample[] => this.#samples;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) void this.#turn();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  };

  async #turn(): Promise<void> {
    await this.#take();
    clearTimeout(this.#timer);
    if (this.#listeners.size > 0) this.#timer = setTimeout(() => void this.#turn(), PERIOD_MS);
  }

  async #take(): Promise<void> {
    const source = this.#source();
    if (source !== this.#watched) this.#begin(source);
    if (source === undefined) return;
    const statistics = await source.statistics();
    if (source !== this.#watched) return;
    const before = this.#last;
    this.#last = statistics;
    if (before?.cpu === undefined || statistics.cpu === undefined) return;
    const sample = { timeMs: Date.now(), statistics, ...ratesBetween(before.cpu, statistics.cpu) };
    this.#set([...this.#samples.slice(1 - KEPT), sample]);
  }

  #begin(source: StatisticsSource | undefined): void {
    this.#watched = source;
    this.#last = undefined;
    source?.watchStatistics(true);
    this.#set([]);
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#watched?.watchStatistics(false);
    this.#watched = undefined;
  }

  #set(samples: readonly Sample[]): void {
    this.#samples = samples;
    for (const listener of this.#listeners) listener();
  }
}

/** What happened between two readings of the counters. */
export function ratesBetween(before: CpuStatistics, after: CpuStatistics): Pick<Sample, 'mips' | 'shares'> {
  const tiers = Object.keys(after.tierMs) as Tier[];
  const spent = Object.fromEntries(tiers.map((tier) => [tier, after.tierMs[tier] - before.tierMs[tier]])) as Record<
    Tier,
    number
  >;
  const totalMs = tiers.reduce((sum, tier) => sum + spent[tier], 0);
  const guestMs = spent.regions + spent.cold + spent.reference;
  const shares = Object.fromEntries(tiers.map((tier) => [tier, totalMs > 0 ? spent[tier] / totalMs : 0]));
  return {
    // Below a millisecond the browser's clock is too coarse to divide by.
    mips: guestMs >= 1 ? (after.retired - before.retired) / guestMs / 1_000 : null,
    shares: shares as Record<Tier, number>,
  };
}
