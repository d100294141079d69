import { describe, expect, test } from 'vitest';
import type { MachineLook } from './batch.ts';
import { formatBytes, formatCpuTime, formatDuration, formatPercent } from './format.ts';
import { sampleOf } from './machine-feed.ts';
import { assignColors } from './program-colors.ts';

function look(timeMs: number, idleMs: number, busyMs: number): MachineLook {
  const thread = { status: 'waiting', switches: 0, stack_size: 0 };
  return {
    hostname: 'osv',
    version: 'v0',
    hypervisor: 'browser',
    processors: 1,
    uptimeSeconds: timeMs / 1000,
    memoryTotal: 100,
    memoryFree: 40,
    threads: {
      list: [
        { ...thread, id: 1, name: 'idle0', cpu_ms: idleMs },
        { ...thread, id: 7, name: 'fib', cpu_ms: busyMs },
      ],
      time_ms: timeMs,
    },
    disks: [],
    programs: [{ tid: 7, command: '/fib', state: 'running', started_ms: 0, cpu_ms: busyMs, threads: 1 }],
  };
}

describe('a sample', () => {
  test('shares the time between two looks', () => {
    const sample = sampleOf(look(1000, 900, 100), look(2000, 1150, 850));
    expect(sample).toMatchObject({ timeMs: 2000, cpuPercent: 75, memoryUsed: 60 });
    expect([sample.programPercent.get(7), sample.threadPercent.get(1)]).toEqual([75, 25]);
  });

  test('stays within bounds when the clocks disagree', () => {
    const sample = sampleOf(look(1000, 900, 0), look(1000, 800, 5000));
    expect([sample.cpuPercent, sample.programPercent.get(7)]).toEqual([100, 100]);
  });
});

const shares = (list: [number, number][]): ReadonlyMap<number, number> => new Map(list);

test('a program keeps its colour while others come and go', () => {
  const first = assignColors(
    [
      shares([
        [1, 50],
        [2, 40],
        [3, 0],
      ]),
    ],
    new Map(),
  );
  expect([...first.keys()]).toEqual([1, 2]);
  const many = [1, 2, 3, 4, 5, 6, 7].map((tid): [number, number] => [tid, tid * 10]);
  const second = assignColors([shares(many)], first);
  expect(second.size).toBe(5);
  expect(new Set(second.values()).size).toBe(5);
  const third = assignColors(
    [
      shares([
        [2, 90],
        [8, 10],
      ]),
    ],
    first,
  );
  expect(third.get(2)).toBe(first.get(2));
});

test('numbers read well', () => {
  expect([0, 1023, 1536, 2 ** 31, 150 * 2 ** 20].map(formatBytes)).toEqual([
    '0 B',
    '1023 B',
    '1.5 KiB',
    '2.0 GiB',
    '150 MiB',
  ]);
  expect([0, 61, 90_061].map(formatDuration)).toEqual(['0 s', '1 min 1 s', '1 d 1 h 1 min 1 s']);
  expect([0, 0.44, 99.6].map(formatPercent)).toEqual(['0 %', '0.4 %', '100 %']);
  expect([1234, 61_000].map(formatCpuTime)).toEqual(['1.23 s', '1 min 1 s']);
});
