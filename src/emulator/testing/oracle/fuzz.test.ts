/**
 * `npm run fuzz`: for FUZZ_SECONDS (60), from FUZZ_SEED (the clock's) on, forms and sequences against the host, and random
 * bytes on all engines against each other. FUZZ_ONLY is a pattern of mnemonics; FUZZ_KIND one of forms, bytes. A mismatch
 * ends the run with its seed and the shrunk case. Skipped in the unit tests.
 */
import { describe, expect, it } from 'vitest';
import { INSTRUCTIONS } from '../../x86/instructions/index.ts';
import { EXECUTOR_NAMES } from '../executors.ts';
import { Random } from '../random.ts';
import { RandomBytes } from '../random-bytes.ts';
import { describeMismatch, Differential, subjectsOf } from './differential.ts';
import { whyNoOracle } from './native.ts';

const seconds = Number(process.env['FUZZ_SECONDS'] ?? 0);
const firstSeed = Number(process.env['FUZZ_SEED'] ?? (performance.timeOrigin % 2 ** 31) | 0);
const kind = process.env['FUZZ_KIND'] ?? 'all';
const only = new RegExp(process.env['FUZZ_ONLY'] ?? '');

/** About as long as a turn of the forms. */
const BYTES_A_SEED = 300;

describe.skipIf(seconds === 0 || whyNoOracle() !== '')(`fuzzing for ${seconds} s from seed ${firstSeed}`, () => {
  it('finds no difference to the host', { timeout: (seconds + 120) * 1000 }, () => {
    const subjects = subjectsOf(INSTRUCTIONS.filter(({ name }) => only.test(name)));
    const executors = EXECUTOR_NAMES.map((executor) => new Differential(executor));
    const bytes = new RandomBytes(EXECUTOR_NAMES);
    const counted = { forms: 0, sequences: 0, bytes: 0 };
    const endMs = performance.now() + seconds * 1000;
    for (let seed = firstSeed; performance.now() < endMs; seed++) {
      for (const differential of kind === 'bytes' ? [] : executors) {
        const forms = differential.compare(subjects, seed, 5).map((mismatch) => differential.shrink(mismatch));
        const sequence = only.source === '(?:)' ? differential.compareSequences(subjects, seed, 300) : null;
        const reports = [...forms, ...(sequence === null ? [] : [sequence])].map((one) => describeMismatch(one, seed));
        expect(reports.join('\n')).toBe('');
        counted.forms += 5 * subjects.length;
        counted.sequences += 300;
      }
      for (let i = 0; i < (kind === 'forms' ? 0 : BYTES_A_SEED); i++) {
        const seedOfBytes = seed * BYTES_A_SEED + i;
        expect(bytes.round(new Random(seedOfBytes)), `FUZZ_KIND=bytes, Random(${seedOfBytes})`).toBe('');
        counted.bytes++;
      }
    }
    // oxlint-disable-next-line no-console -- the figures of a long run
    console.log(JSON.stringify({ seed: firstSeed, ...counted, exits: Object.fromEntries(bytes.report.exits) }));
  });
});
