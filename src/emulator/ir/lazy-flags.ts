/**
 * Status flags are kept as the operation that wrote them: kind, width, result and operands (DESIGN decision 5). This
 * file says what each kind means, for every executor, in int32 halves and without BigInt.
 *
 * The state's `flagsKind` slot holds flagsCode(kind, width). Operands of 8 and 16 bits are zero-extended; of operands
 * of 32 bits or less only the low halves count.
 */

export const CF = 0x001;
export const PF = 0x004;
export const AF = 0x010;
export const ZF = 0x040;
export const SF = 0x080;
export const OF = 0x800;
export const STATUS_FLAGS = CF | PF | AF | ZF | SF | OF;

/**
 * (result, first, second):
 *   bits  (-, -, flags at their RFLAGS positions; width 32)
 *   add   (a + b, a, b)           adc (a + b + CF, a, b)
 *   sub   (a - b, a, b)           sbb (a - b - CF, a, b)
 *   logic (result, -, -)          CF, OF, AF are 0
 *   inc   (a + 1, -, CF before)   dec (a - 1, -, CF before); second is 0 or 1
 *   shl, shr, sar (result, a, count) with 0 < count < 64
 *   mul   (low, -, 1 when the high part is significant, else 0)
 */
export const FLAG_KINDS = [
  'bits',
  'add',
  'adc',
  'sub',
  'sbb',
  'logic',
  'inc',
  'dec',
  'shl',
  'shr',
  'sar',
  'mul',
] as const;
export type FlagsKind = (typeof FLAG_KINDS)[number];

const KIND = {
  bits: 0,
  add: 1,
  adc: 2,
  sub: 3,
  sbb: 4,
  logic: 5,
  inc: 6,
  dec: 7,
  shl: 8,
  shr: 9,
  sar: 10,
  mul: 11,
} as const;

/** The value of the `flagsKind` slot. `width` is 8, 16, 32 or 64. */
export function flagsCode(kind: string, width: number): number {
  return (KIND[kind as FlagsKind] << 8) | width;
}

const PARTS: Readonly<Record<string, readonly boolean[]>> = {
  bits: [false, false, true],
  logic: [true, false, false],
  inc: [true, false, true],
  dec: [true, false, true],
  mul: [true, false, true],
};
const ALL_PARTS: readonly boolean[] = [true, true, true];

/** Which of result, first and second a kind of flags keeps; what the slots of the others hold does not count. */
export function flagParts(kind: string): readonly boolean[] {
  return PARTS[kind] ?? ALL_PARTS;
}

/** The six status flags at their RFLAGS positions, from the contents of the four slots. */
export function statusFlags(
  code: number,
  resultLow: number,
  resultHigh: number,
  firstLow: number,
  firstHigh: number,
  secondLow: number,
  secondHigh: number,
): number {
  const kind = code >> 8;
  if (kind === KIND.bits) return secondLow & STATUS_FLAGS;
  const width = code & 0xff;
  // The operands moved up so that the sign is bit 31.
  const up = 32 - width;
  const result = width === 64 ? resultHigh : resultLow << up;
  const first = width === 64 ? firstHigh : firstLow << up;
  const second = width === 64 ? secondHigh : secondLow << up;
  let flags = result < 0 ? SF : 0;
  if (result === 0 && (width !== 64 || resultLow === 0)) flags |= ZF;
  if (hasEvenParity(resultLow)) flags |= PF;
  switch (kind) {
    case KIND.add:
    case KIND.adc:
      if (((first & second) | ((first | second) & ~result)) < 0) flags |= CF;
      if (((first ^ result) & (second ^ result)) < 0) flags |= OF;
      return flags | ((firstLow ^ secondLow ^ resultLow) & AF);
    case KIND.sub:
    case KIND.sbb:
      if (((~first & second) | ((~first | second) & result)) < 0) flags |= CF;
      if (((first ^ second) & (first ^ result)) < 0) flags |= OF;
      return flags | ((firstLow ^ secondLow ^ resultLow) & AF);
    case KIND.inc:
      if (result === -0x8000_0000 && (width !== 64 || resultLow === 0)) flags |= OF;
      return flags | ((resultLow & 15) === 0 ? AF : 0) | (secondLow & CF);
    case KIND.dec:
      if (isGreatest(result, resultLow, width)) flags |= OF;
      return flags | ((resultLow & 15) === 15 ? AF : 0) | (secondLow & CF);
    case KIND.shl: {
      const carry = bitOf(firstLow, firstHigh, width - secondLow);
      return flags | carry | (carry !== (result < 0 ? 1 : 0) ? OF : 0);
    }
    case KIND.shr:
      return flags | bitOf(firstLow, firstHigh, secondLow - 1) | (first < 0 ? OF : 0);
    case KIND.sar:
      return flags | signedBitOf(firstLow, firstHigh, width, secondLow - 1);
    case KIND.mul:
      return flags | (secondLow === 0 ? 0 : CF | OF);
    default:
      return flags; // logic
  }
}

/** Whether a condition code ('b', 'ne', …) holds for status flags at their RFLAGS positions. Intel SDM 1, appendix B. */
export function conditionHolds(condition: string, flags: number): boolean {
  switch (condition) {
    case 'o':
      return (flags & OF) !== 0;
    case 'no':
      return (flags & OF) === 0;
    case 'b':
      return (flags & CF) !== 0;
    case 'ae':
      return (flags & CF) === 0;
    case 'e':
      return (flags & ZF) !== 0;
    case 'ne':
      return (flags & ZF) === 0;
    case 'be':
      return (flags & (CF | ZF)) !== 0;
    case 'a':
      return (flags & (CF | ZF)) === 0;
    case 's':
      return (flags & SF) !== 0;
    case 'ns':
      return (flags & SF) === 0;
    case 'p':
      return (flags & PF) !== 0;
    case 'np':
      return (flags & PF) === 0;
    case 'l':
      return isLess(flags);
    case 'ge':
      return !isLess(flags);
    case 'le':
      return (flags & ZF) !== 0 || isLess(flags);
    default:
      return (flags & ZF) === 0 && !isLess(flags); // 'g'
  }
}

// SF ≠ OF: SF is bit 7, OF bit 11.
function isLess(flags: number): boolean {
  return (((flags >> 4) ^ flags) & SF) !== 0;
}

function hasEvenParity(byte: number): boolean {
  const nibble = (byte ^ (byte >> 4)) & 15;
  return ((0x9669 >> nibble) & 1) !== 0; // bit n of 0x9669 is set when n has an even number of set bits
}

function isGreatest(top: number, low: number, width: number): boolean {
  if (width === 64) return top === 0x7fff_ffff && low === -1;
  return top === (0x7fff_ffff & (-1 << (32 - width)));
}

/** Bit `n` of high:low; 0 outside of 0..63. */
function bitOf(low: number, high: number, n: number): number {
  if (n < 0 || n > 63) return 0;
  return n < 32 ? (low >>> n) & 1 : (high >>> (n - 32)) & 1;
}

// Bits beyond the width repeat the sign: SAR of a byte by 20 shifts copies of it into CF.
function signedBitOf(low: number, high: number, width: number, n: number): number {
  return n < width ? bitOf(low, high, n) : bitOf(low, high, width - 1);
}
