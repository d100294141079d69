import { describe, expect, it } from 'vitest';
import type { Op } from '../ir/block.ts';
import { type OpName, specOf } from '../ir/ops.ts';
import { Random } from '../testing/random.ts';
import { highHalf, joinHalves, lowHalf } from './halves.ts';
import { INTEGER_STEPS } from './reference-integers.ts';
import type { OpContext } from './reference-machine.ts';

const EDGES = [0, 1, -1, 2, 0x7fff_ffff, -0x8000_0000, 0xffff, 0x1_0000, 31, 32, 33, 63, 64, -0x1_0000];
const NAMES = Object.keys(INTEGER_STEPS) as OpName[];

function half(random: Random): number {
  return random.oneIn(2) ? random.pick(EDGES) : random.u32() | 0;
}

/** Runs the step on argument slots 0 to 2 and gives slot 3. */
function runStep(name: OpName, low: Int32Array, high: Int32Array): void {
  const op: Op = { name, type: 'i64', args: [], imm: 0, imm2: 0, tag: '', id: 0 };
  const context = { op, low, high, boxed: [], origin: 0, at: 3, a: 0, b: 1, c: 2, d: -1 } as unknown as OpContext;
  INTEGER_STEPS[name]?.(context)();
}

describe('steps in halves give what the op table means', () => {
  it.each(NAMES)('%s', (name) => {
    const { args, result, meaning } = specOf(name);
    const random = new Random(5);
    for (let i = 0; i < 3000; i++) {
      const low = Int32Array.from({ length: 4 }, () => half(random));
      const high = Int32Array.from({ length: 4 }, () => half(random));
      if (random.oneIn(4)) [low[1], high[1]] = [low[0], high[0]];
      const values = args.map((type, slot) => (type === 'i32' ? low[slot] : joinHalves(low[slot], high[slot])));
      const expected = (meaning as unknown as (...values: unknown[]) => number | bigint)(...values);
      runStep(name, low, high);
      const found = result === 'i32' ? low[3] : joinHalves(low[3], high[3]);
      expect({ values, found }).toEqual({ values, found: expected });
    }
  });

  it('splits and joins', () => {
    const value = 0x8123_4567_89ab_cdefn;
    expect(joinHalves(lowHalf(value), highHalf(value))).toBe(value);
  });
});
