import { describe, expect, it } from 'vitest';
import { Random } from '../../../testing/random.ts';
import { LIMITS, productRange, quotientRange, type Range, rootRange, sumRange } from './float-range.ts';

function randomRange(random: Random, format: 'f64' | 'f32'): Range {
  const most = format === 'f64' ? 500 : 60;
  const least = random.below(2 * most) - most;
  return { least, end: least + random.below(random.pick([1, 3, 60])), hasZero: random.oneIn(2) };
}

const ROUND = { f64: (value: number) => value, f32: Math.fround };
const LAST_BIT = { f64: 2 ** -52, f32: 2 ** -23 };

/** Both ends of a range and what lies next to them, zeros, and anything between. */
function randomValue(random: Random, format: 'f64' | 'f32', { least, end, hasZero }: Range): number {
  const sign = random.pick([1, -1]);
  if (hasZero && random.oneIn(4)) return sign > 0 ? 0 : -0;
  const above = (1 + random.below(3) * LAST_BIT[format]) * 2 ** least;
  if (end === least || random.oneIn(3)) return sign * Math.min(above, 2 ** end);
  if (random.oneIn(2)) return sign * (1 - random.below(3) * LAST_BIT[format]) * 2 ** end;
  return sign * ROUND[format]((1 + random.below(1 << 20) / (1 << 20)) * 2 ** (least + random.below(end - least)));
}

function isWithin(format: 'f64' | 'f32', value: number, { least, end, hasZero }: Range): boolean {
  if (least < LIMITS[format].least || end >= LIMITS[format].end) return true; // rounded otherwise
  return value === 0 ? hasZero : Math.abs(value) >= 2 ** least && Math.abs(value) <= 2 ** end;
}

describe('Ranges of magnitudes', () => {
  it.each(['f64', 'f32'] as const)('hold what operations on %s give', (format) => {
    const random = new Random(77);
    for (let i = 0; i < 20_000; i++) {
      const a = randomRange(random, format);
      // Often near one another, where differences cancel.
      const b = random.oneIn(2) ? a : randomRange(random, format);
      const [x, y] = [randomValue(random, format, a), randomValue(random, format, b)];
      const round = ROUND[format];
      const results: readonly (readonly [number, Range])[] = [
        [round(x + y), sumRange(format, a, b)],
        [round(x - y), sumRange(format, a, b)],
        [round(x * y), productRange(a, b)],
        ...(y === 0 ? [] : [[round(x / y), quotientRange(a, b)] as const]),
        [round(Math.sqrt(Math.abs(x))), rootRange(a)],
      ];
      const wrong = results.filter(([value, range]) => !isWithin(format, value, range));
      expect(wrong, `${x} in ${JSON.stringify(a)}, ${y} in ${JSON.stringify(b)}`).toEqual([]);
    }
  });
});
