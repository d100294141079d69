/**
 * 128-bit vectors. Integer operations come in families that say how the result is made of 32-bit words, so that an
 * executor writes one emit rule per family; each name has one Wasm SIMD instruction or a short sequence of them.
 *
 *   WORDWISE       word i of the result from words i of a and b
 *   WORD_SHIFTS    word i of the result from word i of a and the count b; counts above the lane shift everything out
 *   PAIRWISE       words 2i and 2i+1 of the result from those of a and b
 *   PAIR_SHIFTS    words 2i and 2i+1 of the result from those of a and the count
 *   PACKS          word i of the result from words 2i and 2i+1 of b:a
 */
import { pure, pureWith, type HostValues, type OpSpec, type V128, type ValueType } from '../op-spec.ts';
import { bytes, clamp, halves, high16, join16, low16, mapBytes, type WordFunction } from './lane-arithmetic.ts';

// oxfmt-ignore
export const WORDWISE = {
  and128: (a, b) => a & b,
  or128: (a, b) => a | b,
  xor128: (a, b) => a ^ b,
  /** ~a & b, as PANDN has it. */
  andNot128: (a, b) => ~a & b,
  addI8x16: bytes.add, addI16x8: halves.add, addI32x4: (a, b) => (a + b) | 0,
  subI8x16: bytes.sub, subI16x8: halves.sub, subI32x4: (a, b) => (a - b) | 0,
  addSatS8x16: bytes.addSatS, addSatU8x16: bytes.addSatU, addSatS16x8: halves.addSatS, addSatU16x8: halves.addSatU,
  subSatS8x16: bytes.subSatS, subSatU8x16: bytes.subSatU, subSatS16x8: halves.subSatS, subSatU16x8: halves.subSatU,
  eqI8x16: bytes.eq, eqI16x8: halves.eq, eqI32x4: (a, b) => -Number(a === b),
  gtS8x16: bytes.gtS, gtS16x8: halves.gtS, gtS32x4: (a, b) => -Number(a > b),
  minU8x16: bytes.minU, minS8x16: bytes.minS, minU16x8: halves.minU, minS16x8: halves.minS,
  maxU8x16: bytes.maxU, maxS8x16: bytes.maxS, maxU16x8: halves.maxU, maxS16x8: halves.maxS,
  minS32x4: (a, b) => (a < b ? a : b), minU32x4: (a, b) => (a >>> 0 < b >>> 0 ? a : b),
  maxS32x4: (a, b) => (a > b ? a : b), maxU32x4: (a, b) => (a >>> 0 > b >>> 0 ? a : b),
  avgU8x16: bytes.avgU, avgU16x8: halves.avgU,
  mulI16x8: (a, b) => join16(Math.imul(a, b), Math.imul(a >> 16, b >> 16)),
  mulHighS16x8: (a, b) => join16(Math.imul(low16(a), low16(b)) >> 16, Math.imul(a >> 16, b >> 16) >> 16),
  mulHighU16x8: (a, b) => join16(Math.imul(a & 0xffff, b & 0xffff) >>> 16, Math.imul(a >>> 16, b >>> 16) >>> 16),
  /** PMULHRSW: the product's bits 30 to 15, rounded. */
  mulRoundS16x8: (a, b) => join16((Math.imul(low16(a), low16(b)) + 0x4000) >> 15, (Math.imul(a >> 16, b >> 16) + 0x4000) >> 15),
  mulI32x4: (a, b) => Math.imul(a, b),
  /** PMADDWD: the sum of the two products of 16-bit lanes. */
  dotS16x8: (a, b) => (Math.imul(low16(a), low16(b)) + Math.imul(high16(a), high16(b))) | 0,
  /** PMADDUBSW: saturated sums of the products of unsigned bytes of a and signed bytes of b. */
  dotU8S8x16: (a, b) => join16(
    clamp16(Math.imul(a & 0xff, (b << 24) >> 24) + Math.imul((a >>> 8) & 0xff, (b << 16) >> 24)),
    clamp16(Math.imul((a >>> 16) & 0xff, (b << 8) >> 24) + Math.imul(a >>> 24, b >> 24)),
  ),
  /** PSIGNB, PSIGNW, PSIGND: a times the sign of b. */
  signS8x16: (a, b) => mapBytes(a, b, timesSign),
  signS16x8: (a, b) => join16(timesSign(low16(a), low16(b)), timesSign(high16(a), high16(b))),
  signS32x4: (a, b) => timesSign(a, b) | 0,
} as const satisfies Record<string, WordFunction>;

// oxfmt-ignore
export const WORD_SHIFTS = {
  shlI16x8: (a, count) => (count >>> 0 > 15 ? 0 : join16(a << count, (a >> 16) << count)),
  shrU16x8: (a, count) => (count >>> 0 > 15 ? 0 : join16((a & 0xffff) >>> count, (a >>> 16) >>> count)),
  sarS16x8: (a, count) => join16(low16(a) >> most(count, 15), high16(a) >> most(count, 15)),
  shlI32x4: (a, count) => (count >>> 0 > 31 ? 0 : a << count),
  shrU32x4: (a, count) => (count >>> 0 > 31 ? 0 : (a >>> count) | 0),
  sarS32x4: (a, count) => a >> most(count, 31),
} as const satisfies Record<string, WordFunction>;

/** Both words of a 64-bit lane of the result. */
export interface PairFunctions {
  readonly low: (aLow: number, aHigh: number, bLow: number, bHigh: number) => number;
  readonly high: (aLow: number, aHigh: number, bLow: number, bHigh: number) => number;
}

// oxfmt-ignore
export const PAIRWISE = {
  addI64x2: {
    low: (a, _a, b) => (a + b) | 0,
    high: (a, aHigh, b, bHigh) => (aHigh + bHigh + Number((a + b) >>> 0 < a >>> 0)) | 0,
  },
  subI64x2: {
    low: (a, _a, b) => (a - b) | 0,
    high: (a, aHigh, b, bHigh) => (aHigh - bHigh - Number(a >>> 0 < b >>> 0)) | 0,
  },
  eqI64x2: { low: pairEqual, high: pairEqual },
  gtS64x2: { low: pairGreater, high: pairGreater },
  /** PMULUDQ, PMULDQ: the 64-bit product of the low words. */
  mulWideU32x2: { low: (a, _a, b) => Math.imul(a, b), high: (a, _a, b) => mulHighU(a, b) },
  mulWideS32x2: { low: (a, _a, b) => Math.imul(a, b), high: (a, _a, b) => mulHighS(a, b) },
  /** PSADBW: sum of the absolute differences of eight unsigned bytes. */
  sadU8x16: { low: (aLow, aHigh, bLow, bHigh) => sadWord(aLow, bLow) + sadWord(aHigh, bHigh), high: () => 0 },
} as const satisfies Record<string, PairFunctions>;

export interface PairShiftFunctions {
  readonly low: (low: number, high: number, count: number) => number;
  readonly high: (low: number, high: number, count: number) => number;
}

// oxfmt-ignore
export const PAIR_SHIFTS = {
  shlI64x2: {
    low: (low, _high, count) => (count >>> 0 > 31 ? 0 : low << count),
    high: (low, high, count) => (count >>> 0 > 63 ? 0 : count > 31 ? low << count : count === 0 ? high : (high << count) | (low >>> -count)),
  },
  shrU64x2: {
    low: (low, high, count) => (count >>> 0 > 63 ? 0 : count > 31 ? (high >>> count) | 0 : count === 0 ? low : (low >>> count) | (high << -count)),
    high: (_low, high, count) => (count >>> 0 > 31 ? 0 : (high >>> count) | 0),
  },
} as const satisfies Record<string, PairShiftFunctions>;

/** One word of the result from two neighbouring words of a (result words 0, 1) or b (words 2, 3). */
export const PACKS = {
  packS16ToS8: (a, b) => packBytes(a, b, -128, 127),
  packS16ToU8: (a, b) => packBytes(a, b, 0, 255),
  packS32ToS16: (a, b) => join16(clamp16(a), clamp16(b)),
  packS32ToU16: (a, b) => join16(clamp(a, 0, 0xffff), clamp(b, 0, 0xffff)),
} as const satisfies Record<string, WordFunction>;

type PureRow<A extends readonly ValueType[]> = {
  readonly args: A;
  readonly result: 'v128';
  readonly effects: 'none';
  readonly attributes: readonly [];
  readonly doc: string;
  readonly meaning: (...args: HostValues<A>) => V128;
};

const two = ['v128', 'v128'] as const;
const shift = ['v128', 'i32'] as const;

/** Rows for every entry of a family. */
function rows<K extends string, F, const A extends readonly ValueType[]>(
  family: Readonly<Record<K, F>>,
  args: A,
  doc: string,
  meaningOf: (entry: F) => (...args: HostValues<A>) => V128,
): { readonly [N in K]: PureRow<A> } {
  const made: Partial<Record<K, OpSpec>> = {};
  for (const name of Object.keys(family) as K[]) {
    made[name] = { args, result: 'v128', effects: 'none', attributes: [], doc, meaning: meaningOf(family[name]) };
  }
  return made as unknown as { readonly [N in K]: PureRow<A> };
}

export const vector = {
  ...rows(WORDWISE, two, 'Word by word, see WORDWISE.', (word) => (a, b) => words((i) => word(a[i], b[i]))),
  ...rows(
    WORD_SHIFTS,
    shift,
    'Lanes shifted by b, see WORD_SHIFTS.',
    (word) => (a, count) => words((i) => word(a[i], count)),
  ),
  ...rows(
    PAIRWISE,
    two,
    'By 64-bit lanes, see PAIRWISE.',
    ({ low, high }) =>
      (a, b) =>
        words((i) => ((i & 1) === 0 ? low : high)(a[i & 2], a[i | 1], b[i & 2], b[i | 1])),
  ),
  ...rows(
    PAIR_SHIFTS,
    shift,
    '64-bit lanes shifted by b, see PAIR_SHIFTS.',
    ({ low, high }) =>
      (a, count) =>
        words((i) => ((i & 1) === 0 ? low : high)(a[i & 2], a[i | 1], count)),
  ),
  ...rows(
    PACKS,
    two,
    'Narrowed with saturation, see PACKS.',
    (pack) => (a, b) => words((i) => (i < 2 ? pack(a[2 * i], a[2 * i + 1]) : pack(b[2 * i - 4], b[2 * i - 3]))),
  ),
  splat32: pure(['i32'], 'v128', 'a in every word.', (a) => words(() => a)),
  pair128: pure(['i64', 'i64'], 'v128', 'b:a, a the low half.', (a, b) => {
    const value = new Int32Array(4);
    new BigUint64Array(value.buffer).set([a, b]);
    return value;
  }),
  zext64: pure(['i64'], 'v128', 'a in the low half, zeros above.', (a) => {
    const value = new Int32Array(4);
    new BigUint64Array(value.buffer)[0] = a;
    return value;
  }),
  extract32: pureWith('lane', ['v128'], 'i32', 'The word.', (a, lane) => a[lane]),
  extract64: pureWith('lane', ['v128'], 'i64', 'The 64-bit lane, 0 or 1.', (a, lane) => {
    return (BigInt(a[2 * lane + 1] >>> 0) << 32n) | BigInt(a[2 * lane] >>> 0);
  }),
  replace32: pureWith('lane', ['v128', 'i32'], 'v128', 'a with that word replaced by b.', (a, b, lane) =>
    a.with(lane, b),
  ),
  replace64: pureWith('lane', ['v128', 'i64'], 'v128', 'a with that 64-bit lane replaced by b.', (a, b, lane) => {
    const value = Int32Array.from(a);
    new BigUint64Array(value.buffer)[lane] = b;
    return value;
  }),
  signs8x16: pure(['v128'], 'i32', 'The sign bits of the sixteen bytes, the first lowest.', (a) => {
    return bytesOf(a).reduceRight((bits, byte) => (bits << 1) | (byte >>> 7), 0);
  }),
  signs32x4: pure(['v128'], 'i32', 'The sign bits of the four words, the first lowest.', (a) => {
    return a.reduceRight((bits, word) => (bits << 1) | (word >>> 31), 0);
  }),
  signs64x2: pure(['v128'], 'i32', 'The sign bits of both halves, the low one lowest.', (a) => {
    return (a[1] >>> 31) | ((a[3] >>> 31) << 1);
  }),
  anyTrue128: pure(['v128'], 'i32', '1 when a bit of a is set.', (a) => Number(a.some((word) => word !== 0))),
  // The sixteen lane numbers of `low` and `high` would need four attributes; a number above 31 stands for a zero byte.
  shuffle8x16: {
    args: two,
    result: 'v128',
    effects: 'none',
    attributes: ['lanes'],
    doc: 'Byte i is byte lanes[i] of b:a (0 to 15 from a, 16 to 31 from b), 0 where lanes[i] is 32. lanes: 16 pairs of hex digits.',
    meaning: (a: V128, b: V128, lanes: string): V128 => shuffle(a, b, parseLanes(lanes)),
  },
  /** PSHUFB. */
  swizzle8x16: pure(two, 'v128', 'Byte i is byte (b[i] & 15) of a, 0 when b[i] has its top bit set.', (a, b) => {
    const lanes = Array.from(bytesOf(b), (lane) => ((lane & 0x80) === 0 ? lane & 15 : 32));
    return shuffle(a, a, lanes);
  }),
} as const;

/** The lane numbers of a shuffle8x16. */
export function parseLanes(text: string): number[] {
  return Array.from({ length: 16 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

export function formatLanes(lanes: readonly number[]): string {
  return lanes.map((lane) => lane.toString(16).padStart(2, '0')).join('');
}

function shuffle(a: V128, b: V128, lanes: readonly number[]): V128 {
  const from = [...bytesOf(a), ...bytesOf(b), 0];
  const value = new Int32Array(4);
  bytesOf(value).set(lanes.map((lane) => from[lane]));
  return value;
}

function bytesOf(a: V128): Uint8Array {
  return new Uint8Array(a.buffer, a.byteOffset, 16);
}

function words(word: (i: number) => number): V128 {
  return Int32Array.of(word(0), word(1), word(2), word(3));
}

function clamp16(value: number): number {
  return clamp(value, -0x8000, 0x7fff);
}

function most(count: number, greatest: number): number {
  return count >>> 0 > greatest ? greatest : count;
}

function timesSign(a: number, sign: number): number {
  return sign < 0 ? -a : sign === 0 ? 0 : a;
}

function pairEqual(aLow: number, aHigh: number, bLow: number, bHigh: number): number {
  return -Number(aLow === bLow && aHigh === bHigh);
}

function pairGreater(aLow: number, aHigh: number, bLow: number, bHigh: number): number {
  return -Number(aHigh > bHigh || (aHigh === bHigh && aLow >>> 0 > bLow >>> 0));
}

/** High half of the unsigned 64-bit product. */
function mulHighU(a: number, b: number): number {
  const [a0, a1, b0, b1] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const middle = a1 * b0 + (((a0 * b0) / 0x1_0000) >>> 0);
  const cross = a0 * b1 + (middle % 0x1_0000);
  return (a1 * b1 + Math.floor(middle / 0x1_0000) + Math.floor(cross / 0x1_0000)) | 0;
}

function mulHighS(a: number, b: number): number {
  return (mulHighU(a, b) - (a < 0 ? b : 0) - (b < 0 ? a : 0)) | 0;
}

function sadWord(a: number, b: number): number {
  let sum = 0;
  for (let at = 0; at < 32; at += 8) sum += Math.abs(((a >>> at) & 0xff) - ((b >>> at) & 0xff));
  return sum;
}

function packBytes(a: number, b: number, least: number, greatest: number): number {
  const byte = (value: number): number => clamp(value, least, greatest) & 0xff;
  return byte(low16(a)) | (byte(high16(a)) << 8) | (byte(low16(b)) << 16) | (byte(high16(b)) << 24);
}
