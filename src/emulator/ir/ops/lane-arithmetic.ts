/**
 * Packed integer arithmetic inside one 32-bit word: four bytes or two 16-bit lanes at a time, by the carry tricks of
 * "Hacker's Delight" (Warren, 2nd edition, 2-18). A vector operation is the same function on each of its four words,
 * so JavaScript runs it without arrays and Wasm has one instruction for it.
 */

/** The bits of a where the mask is set, else those of b. */
const choose = (mask: number, a: number, b: number): number => (a & mask) | (b & ~mask);

/** On lanes of `bits` bits; `high` has the top bit of each lane set. */
function lanes(bits: 8 | 16, high: number): Record<LaneOperation, WordFunction> {
  const low = ~high;
  const ones = (high >>> (bits - 1)) | 0;
  /** All bits of the lanes whose top bit is set in `tops` (other bits of `tops` are clear). */
  const fill = (tops: number): number => ((tops << 1) - (tops >>> (bits - 1))) | 0;
  const add: WordFunction = (a, b) => ((a & low) + (b & low)) ^ ((a ^ b) & high);
  const sub: WordFunction = (a, b) => ((a | high) - (b & low)) ^ ((a ^ ~b) & high);
  const belowTops: WordFunction = (a, b) => ((~a & b) | (~(a ^ b) & sub(a, b))) & high;
  const below: WordFunction = (a, b) => fill(belowTops(a, b));
  const less: WordFunction = (a, b) => below(a ^ high, b ^ high);
  const saturate = (a: number, wrapped: number, overflowTops: number): number =>
    choose(fill(overflowTops & high), ((a >>> (bits - 1)) & ones) + low, wrapped);
  return {
    add,
    sub,
    eq: (a, b) => fill(~((((a ^ b) & low) + low) | (a ^ b)) & high),
    gtS: (a, b) => less(b, a),
    minU: (a, b) => choose(below(a, b), a, b),
    maxU: (a, b) => choose(below(a, b), b, a),
    minS: (a, b) => choose(less(a, b), a, b),
    maxS: (a, b) => choose(less(a, b), b, a),
    addSatU: (a, b) => {
      const sum = add(a, b);
      return sum | fill(((a & b) | ((a | b) & ~sum)) & high);
    },
    subSatU: (a, b) => sub(a, b) & ~below(a, b),
    addSatS: (a, b) => {
      const sum = add(a, b);
      return saturate(a, sum, (a ^ sum) & (b ^ sum));
    },
    subSatS: (a, b) => {
      const difference = sub(a, b);
      return saturate(a, difference, (a ^ b) & (a ^ difference));
    },
    avgU: (a, b) => ((a | b) - (((a ^ b) & ~ones) >>> 1)) | 0,
  };
}

/** One 32-bit word of the result from the words of the operands. */
export type WordFunction = (a: number, b: number) => number;

type LaneOperation =
  'add' | 'sub' | 'eq' | 'gtS' | 'minU' | 'maxU' | 'minS' | 'maxS' | 'addSatU' | 'subSatU' | 'addSatS' | 'subSatS' | 'avgU'; // oxfmt-ignore

export const bytes = lanes(8, 0x8080_8080 | 0);
export const halves = lanes(16, 0x8000_8000 | 0);

export const low16 = (a: number): number => (a << 16) >> 16;
export const high16 = (a: number): number => a >> 16;
export const join16 = (low: number, high: number): number => (low & 0xffff) | (high << 16);

/** `value` brought into [least, greatest]. */
export function clamp(value: number, least: number, greatest: number): number {
  return value < least ? least : value > greatest ? greatest : value;
}

/** The four bytes of a word, made from those of `a` and `b` one by one. */
export function mapBytes(a: number, b: number, lane: (a: number, b: number) => number): number {
  const low = (lane((a << 24) >> 24, (b << 24) >> 24) & 0xff) | ((lane((a << 16) >> 24, (b << 16) >> 24) & 0xff) << 8);
  return low | ((lane((a << 8) >> 24, (b << 8) >> 24) & 0xff) << 16) | (lane(a >> 24, b >> 24) << 24);
}
