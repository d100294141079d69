import { describe, expect, it } from 'vitest';
import { INSTRUCTIONS } from '../../x86/instructions/index.ts';
import { EXECUTOR_NAMES } from '../executors.ts';
import { describeMismatch, Differential, subjectsOf } from './differential.ts';
import { whyNoOracle } from './native.ts';

const reason = whyNoOracle();
const seed = Number(process.env['FUZZ_SEED'] ?? 1);
const only = new RegExp(process.env['FUZZ_ONLY'] ?? '');
const rounds = Number(process.env['FAULT_ROUNDS'] ?? 1);

describe.skipIf(reason !== '')(`every memory operand faults as on the host CPU ${reason}`, () => {
  it.each(EXECUTOR_NAMES)('on the %s executor', { timeout: 300_000 }, (executor) => {
    const differential = new Differential(executor);
    const subjects = subjectsOf(INSTRUCTIONS.filter(({ name }) => only.test(name)));
    const { checked, mismatches } = differential.compareFaults(subjects, seed, rounds);
    const reports = mismatches.slice(0, 20).map((mismatch) => describeMismatch(differential.shrink(mismatch), seed));
    expect(reports.join('\n'), `${mismatches.length} forms differ`).toBe('');
    if (only.source === '(?:)') expect(checked).toBeGreaterThan(8_000);
  });
});
