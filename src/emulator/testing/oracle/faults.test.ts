/**
 * Memory operands where they fault: exact RIP, registers, vector, address, access and Linux' si_code, against the host.
 * The unit tests take every form on the reference executor and on the others a part of them, another one each day;
 * `npm run test:faults` takes all forms on all (FAULT_ROUNDS=3: three encodings of each).
 */
import { describe, expect, it } from 'vitest';
import { INSTRUCTIONS } from '../../x86/instructions/index.ts';
import { EXECUTOR_NAMES } from '../executors.ts';
import { describeMismatch, Differential } from './differential.ts';
import { subjectsOf } from './subject.ts';
import { whyNoOracle } from './native.ts';

const reason = whyNoOracle();
// The day, which the name of the test tells.
const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(performance.timeOrigin / 86_400_000));
const only = new RegExp(process.env['FUZZ_ONLY'] ?? '');
const rounds = Number(process.env['FAULT_ROUNDS'] ?? 0);
const PART = 5;

describe.skipIf(reason !== '')(`every memory operand faults as on the host CPU, FUZZ_SEED=${seed} ${reason}`, () => {
  it.each(EXECUTOR_NAMES)('on the %s executor', { timeout: 600_000 }, (executor) => {
    const differential = new Differential(executor);
    const isWhole = rounds > 0 || executor === 'reference';
    const all = subjectsOf(INSTRUCTIONS.filter(({ name }) => only.test(name)));
    const subjects = isWhole ? all : all.filter((_, i) => i % PART === seed % PART);
    const { checked, mismatches } = differential.compareFaults(subjects, seed, Math.max(1, rounds));
    const reports = mismatches.slice(0, 20).map((mismatch) => describeMismatch(differential.shrink(mismatch), seed));
    expect(reports.join('\n'), `${mismatches.length} forms differ`).toBe('');
    expect(checked).toBeGreaterThanOrEqual(only.source === '(?:)' ? (isWhole ? 8_000 : 1_000) : 1);
  });
});
