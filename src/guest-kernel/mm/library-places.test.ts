import { describe, expect, it } from 'vitest';
import { LIBRARIES_BASE, LIBRARIES_END, LibraryPlaces } from './library-places.ts';

const MIB = 1 << 20;
const file = (inodeNumber: number, sizeBytes = 2 * MIB) => ({ deviceNumber: 1, inodeNumber, sizeBytes });

describe('LibraryPlaces', () => {
  it('gives a file the same address whatever came before it', () => {
    const [one, other] = [new LibraryPlaces(), new LibraryPlaces()];
    const first = one.addressOf(file(300));
    expect(one.addressOf(file(300))).toBe(first);
    other.addressOf(file(301));
    other.addressOf(file(302));
    expect(other.addressOf(file(300))).toBe(first);
  });

  it('never lets two files overlap, and keeps to its zone until that is full', () => {
    const places = new LibraryPlaces();
    const starts: number[] = [];
    for (let number = 1; ; number++) {
      const address = places.addressOf(file(number));
      if (address === 0) break;
      starts.push(address);
    }
    starts.sort((a, b) => a - b);
    expect(starts.length).toBeGreaterThan(60);
    expect(starts[0]).toBeGreaterThanOrEqual(LIBRARIES_BASE);
    expect(starts.at(-1)).toBeLessThanOrEqual(LIBRARIES_END - 2 * MIB);
    for (const [i, start] of starts.slice(1).entries())
      expect(start - (starts[i] ?? 0)).toBeGreaterThanOrEqual(2 * MIB);
  });

  it('finds another place for a larger file with the number of a former one', () => {
    const places = new LibraryPlaces();
    places.addressOf(file(5, MIB));
    const larger = places.addressOf(file(5, 8 * MIB));
    expect(larger).toBeGreaterThanOrEqual(LIBRARIES_BASE);
    expect(larger + 8 * MIB).toBeLessThanOrEqual(LIBRARIES_END);
    expect(places.addressOf(file(5, MIB))).toBe(larger);
  });

  it('gives nothing to a file that has become too large for any place, and its former place to others', () => {
    const places = new LibraryPlaces();
    places.addressOf(file(5, MIB));
    expect(places.addressOf(file(5, LIBRARIES_END - LIBRARIES_BASE + 1))).toBe(0);
    const all = places.addressOf(file(6, LIBRARIES_END - LIBRARIES_BASE));
    expect(all).toBe(LIBRARIES_BASE);
    expect(places.addressOf(file(5, MIB))).toBe(0);
  });

  it('has no place for what is larger than all of it', () => {
    expect(new LibraryPlaces().addressOf(file(9, LIBRARIES_END - LIBRARIES_BASE + 1))).toBe(0);
  });
});
