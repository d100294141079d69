import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CpuStatistics, MachineStatistics } from '../workers/protocol/machine.ts';
import { ratesBetween, StatisticsFeed, type StatisticsSource } from './statistics-feed.ts';

const NO_TIME = { idle: 0, kernel: 0, translating: 0, reference: 0, cold: 0, regions: 0 };

function cpu(change: Partial<CpuStatistics>): CpuStatistics {
  return { retired: 0, tierMs: NO_TIME, ...change } as CpuStatistics;
}

/** A machine that retires a million instructions in 10 ms of regions between two readings. */
class FakeSource implements StatisticsSource {
  readonly calls: boolean[] = [];
  #readings = 0;

  watchStatistics(isWatched: boolean): void {
    this.calls.push(isWatched);
  }

  statistics(): Promise<MachineStatistics> {
    const n = this.#readings++;
    const tierMs = { ...NO_TIME, regions: 10 * n, idle: 990 * n };
    return Promise.resolve({ cpu: cpu({ retired: 1e6 * n, tierMs }) } as MachineStatistics);
  }
}

describe('rates', () => {
  it('Mips count time on guest code alone, shares all time', () => {
    const before = cpu({ retired: 1_000_000, tierMs: { ...NO_TIME, kernel: 5 } });
    const after = cpu({ retired: 31_000_000, tierMs: { ...NO_TIME, kernel: 35, regions: 50, cold: 10, idle: 10 } });
    const { mips, shares } = ratesBetween(before, after);
    expect(mips).toBe(500);
    expect(shares).toMatchObject({ kernel: 0.3, regions: 0.5, cold: 0.1, idle: 0.1, reference: 0 });
  });

  it('a machine that did nothing has no Mips', () => {
    expect(ratesBetween(cpu({}), cpu({ tierMs: { ...NO_TIME, idle: 1_000 } })).mips).toBeNull();
  });
});

describe('feed', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('samples come each second while somebody watches, and the machine takes time only then', async () => {
    const source = new FakeSource();
    const feed = new StatisticsFeed(() => source);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(source.calls).toEqual([]);
    const stop = feed.subscribe(() => {});
    await vi.advanceTimersByTimeAsync(3_500);
    expect(feed.snapshot().map(({ mips }) => mips)).toEqual([100, 100, 100]);
    stop();
    expect(source.calls).toEqual([true, false]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(feed.snapshot()).toHaveLength(3);
  });

  it('another machine begins anew, and no more than two minutes are kept', async () => {
    let source = new FakeSource();
    const feed = new StatisticsFeed(() => source);
    feed.subscribe(() => {});
    await vi.advanceTimersByTimeAsync(200_000);
    expect(feed.snapshot()).toHaveLength(120);
    source = new FakeSource();
    await vi.advanceTimersByTimeAsync(2_100);
    expect(feed.snapshot().length).toBeLessThan(3);
  });
});
