/** Random bytes as code end in the same architectural exit on every engine. `npm run fuzz` does it for long. */
import { describe, expect, it } from 'vitest';
import { EXECUTOR_NAMES } from './testing/executors.ts';
import { Random } from './testing/random.ts';
import { RandomBytes } from './testing/random-bytes.ts';

const ROUNDS = Number(process.env['FUZZ_ROUNDS'] ?? 100);
const SEED = Number(process.env['FUZZ_SEED'] ?? 3);

describe('random bytes', () => {
  it(`end alike on all engines (seed ${SEED}, ${ROUNDS} rounds)`, { timeout: 600_000 }, () => {
    const machines = new RandomBytes(EXECUTOR_NAMES);
    for (let seed = SEED; seed < SEED + ROUNDS; seed++)
      expect(machines.round(new Random(seed)), `seed ${seed}`).toBe('');
    const { exits, retired } = machines.report;
    expect([...exits.keys()]).toEqual(expect.arrayContaining(['budget', 'fault 14', 'fault 6', 'fault 13']));
    expect(retired).toBeGreaterThan(5 * ROUNDS);
  });
});
