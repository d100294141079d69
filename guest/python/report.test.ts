import { expect, test } from 'vitest';
import { readCommitted } from './records.ts';
import { pythonReport } from './report.ts';

const outcome = (verdict: 'passed' | 'failed', failed: readonly string[] = []) =>
  ({ verdict, tests: 10, skipped: 0, failed, seconds: 1 }) as const;

test('docs/compat/python.md tells what the records say', async () => {
  const text = pythonReport(readCommitted('native'), readCommitted('machine'));
  await expect(text).toMatchFileSnapshot('../../docs/compat/python.md');
});

test('the measure is what passes natively; a miss has its reason', () => {
  const native = {
    test_a: outcome('passed'),
    test_b: outcome('passed'),
    test_c: outcome('failed'),
    test_mmap: outcome('passed'),
  };
  const machine = {
    test_a: { ...outcome('passed'), skipped: 4 },
    test_c: outcome('passed'),
    test_mmap: outcome('failed', ['test.test_mmap.LargeMmapTests.test_around_4GB', 'test.test_mmap.Other']),
  };
  const text = pythonReport(native, machine);
  expect(text).toContain('Of the 3, 2 ran in the machine: **1 passed (50.0 %)**; 1 have not run there yet.');
  expect(text).toContain('20 natively; 2 miss in the machine');
  expect(text).toContain('| test_mmap.LargeMmapTests.test_around_4GB | maps a file of 4 GiB');
  expect(text).toContain('| test_a | 0 | 4 | not looked into yet |');
  expect(text).toContain('| test_mmap.Other | not looked into yet |');
});
