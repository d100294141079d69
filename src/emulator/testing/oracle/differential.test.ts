import { describe, expect, it } from 'vitest';
import { INSTRUCTIONS } from '../../x86/instructions/index.ts';
import { EXECUTOR_NAMES } from '../executors.ts';
import { describeMismatch, Differential } from './differential.ts';
import { subjectsOf } from './subject.ts';
import { whyNoOracle } from './native.ts';

const reason = whyNoOracle();
// FUZZ_SEED=… repeats a run of `npm run fuzz`; FUZZ_ONLY=… looks at the rows whose name matches.
const seed = Number(process.env['FUZZ_SEED'] ?? 1);
const only = new RegExp(process.env['FUZZ_ONLY'] ?? '');
const TIMEOUT_MS = 180_000; // some 10 s on an idle machine
const rounds = Number(process.env['FUZZ_ROUNDS'] ?? 5);

describe.skipIf(reason !== '')(`every instruction form does what the host CPU does ${reason}`, () => {
  it.each(EXECUTOR_NAMES)('on the %s executor', { timeout: TIMEOUT_MS }, (executor) => {
    const differential = new Differential(executor);
    const subjects = subjectsOf(INSTRUCTIONS.filter(({ name }) => only.test(name)));
    const mismatches = differential.compare(subjects, seed, rounds);
    const reports = mismatches.slice(0, 20).map((mismatch) => describeMismatch(differential.shrink(mismatch), seed));
    expect(reports.join('\n'), `${mismatches.length} of ${subjects.length} forms differ`).toBe('');
  });

  it.each(EXECUTOR_NAMES)(
    'in sequences of 2 to 30 instructions on the %s executor',
    { timeout: TIMEOUT_MS },
    (executor) => {
      const differential = new Differential(executor);
      const mismatch = differential.compareSequences(subjectsOf(INSTRUCTIONS), seed, 50 * rounds);
      expect(mismatch === null ? '' : describeMismatch(mismatch, seed)).toBe('');
    },
  );
});
