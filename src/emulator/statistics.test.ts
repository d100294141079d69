import { describe, expect, it } from 'vitest';
import { CpuCounters, TIERS } from './statistics.ts';

describe('counters', () => {
  it('time is taken only while watched, and that of all tiers adds up to the time watched', () => {
    let nowMs = 100;
    const now = (): number => nowMs;
    const counters = new CpuCounters();
    counters.enter('kernel');
    nowMs = 150;
    counters.watch(now);
    nowMs = 153; // 3 in the kernel
    counters.enter('regions');
    nowMs = 160; // 7 in regions
    counters.enter('cold');
    nowMs = 161;
    const { tierMs } = counters.snapshot();
    expect(tierMs).toEqual({ idle: 0, kernel: 3, translating: 0, reference: 0, cold: 1, regions: 7 });
    nowMs = 165;
    counters.watch(null);
    nowMs = 1_000;
    counters.enter('regions');
    const after = counters.snapshot().tierMs;
    expect(after.cold).toBe(5);
    expect(TIERS.reduce((sum, tier) => sum + after[tier], 0)).toBe(15);
  });

  it('a snapshot does not change any more', () => {
    const counters = new CpuCounters();
    counters.retired = 5;
    counters.liveModules = 2;
    counters.exits.syscall = 1;
    const before = counters.snapshot();
    counters.retired++;
    counters.liveModules = 0;
    counters.exits.syscall++;
    expect(before).toMatchObject({ retired: 5, live: { modules: 2 }, exits: { syscall: 1 } });
  });
});
