/** Bits of block and inode bitmaps: bit n is bit n % 8 of byte n / 8. */

export function testBit(bits: Uint8Array, at: number): boolean {
  return ((bits[at >> 3] ?? 0) & (1 << (at & 7))) !== 0;
}

export function setBits(bits: Uint8Array, from: number, count: number): void {
  for (let at = from; at < from + count;) {
    if ((at & 7) === 0 && from + count - at >= 8) {
      const whole = (from + count - at) >> 3;
      bits.fill(0xff, at >> 3, (at >> 3) + whole);
      at += whole * 8;
    } else {
      bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7));
      at++;
    }
  }
}

export function clearBits(bits: Uint8Array, from: number, count: number): void {
  for (let at = from; at < from + count; at++) bits[at >> 3] = (bits[at >> 3] ?? 0) & ~(1 << (at & 7));
}

/** The first clear bit of [from, end), or -1. */
export function findClearBit(bits: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end) {
    if ((at & 7) === 0 && bits[at >> 3] === 0xff) at += 8;
    else if (testBit(bits, at)) at++;
    else return at;
  }
  return -1;
}

/** How many bits from `from` on are clear, up to `end`. */
export function countRun(bits: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && !testBit(bits, at)) at++;
  return at - from;
}
