import { describe, expect, it } from 'vitest';
import { IntMap } from './int-map.ts';

describe('a map of 32-bit numbers', () => {
  it('answers as a Map while keys come, change and go', () => {
    const map = new IntMap();
    const expected = new Map<number, number>();
    let random = 1;
    const below = (limit: number): number => (random = (Math.imul(random, 0x343fd) + 0x269ec3) >>> 0) % limit;
    for (let i = 0; i < 60_000; i++) {
      // Clusters, so that places are contested, on both sides of 2^31.
      const key = below(2) * 0x8000_0000 + below(50) * 0x1_0000 + below(400);
      if (below(3) === 0) {
        map.delete(key);
        expected.delete(key);
      } else {
        map.set(key, i + 1);
        expected.set(key, i + 1);
      }
      expect(map.get(key)).toBe(expected.get(key) ?? 0);
    }
    expect(map.size).toBe(expected.size);
    for (const [key, value] of expected) expect(map.get(key)).toBe(value);
    map.clear();
    expect([map.size, map.get(0x8000_0000)]).toEqual([0, 0]);
  });

  it('takes an address as it is and as int32 for the same key, and 0 for a key', () => {
    const map = new IntMap();
    map.set(0xffff_fff0, 7);
    map.set(0, -1);
    expect([map.get(-16), map.get(0), map.get(1)]).toEqual([7, -1, 0]);
  });
});
