/**
 * `npm run fuzz`: forms and sequences against the host for FUZZ_SECONDS (60), from FUZZ_SEED (the clock's) on; FUZZ_ONLY
 * is a pattern of mnemonics. A mismatch ends the run with its seed and the shrunk case. Skipped in the unit tests.
 */
import { describe, expect, it } from 'vitest';
import { INSTRUCTIONS } from '../../x86/instructions/index.ts';
import { EXECUTOR_NAMES } from '../executors.ts';
import { describeMismatch, Differential, subjectsOf } from './differential.ts';
import { whyNoOracle } from './native.ts';

const seconds = Number(process.env['FUZZ_SECONDS'] ?? 0);
const firstSeed = Number(process.env['FUZZ_SEED'] ?? (performance.timeOrigin % 2 ** 31) | 0);
const only = new RegExp(process.env['FUZZ_ONLY'] ?? '');

describe.skipIf(seconds === 0 || whyNoOracle() !== '')(`fuzzing for ${seconds} s from seed ${firstSeed}`, () => {
  it('finds no difference to the host', { timeout: (seconds + 120) * 1000 }, () => {
    const subjects = subjectsOf(INSTRUCTIONS.filter(({ name }) => only.test(name)));
    const executors = EXECUTOR_NAMES.map((executor) => new Differential(executor));
    const endMs = performance.now() + seconds * 1000;
    for (let seed = firstSeed; performance.now() < endMs; seed++) {
      for (const differential of executors) {
        const forms = differential.compare(subjects, seed, 5).map((mismatch) => differential.shrink(mismatch));
        const sequence = only.source === '(?:)' ? differential.compareSequences(subjects, seed, 300) : null;
        const reports = [...forms, ...(sequence === null ? [] : [sequence])].map((one) => describeMismatch(one, seed));
        expect(reports.join('\n')).toBe('');
      }
    }
  });
});
