/** 32-bit integer operations. Values are signed int32 in the host; comparisons give 0 or 1. */
import { pure } from '../op-spec.ts';

const two = ['i32', 'i32'] as const;
const one = ['i32'] as const;

export const integer32 = {
  const32: {
    args: [],
    result: 'i32',
    effects: 'none',
    attributes: ['value'],
    doc: 'The constant.',
    meaning: (value: number): number => value,
  },
  add32: pure(two, 'i32', 'Wrapping sum: a + b mod 2^32.', (a, b) => (a + b) | 0),
  sub32: pure(two, 'i32', 'Wrapping difference: a - b mod 2^32.', (a, b) => (a - b) | 0),
  mul32: pure(two, 'i32', 'Low 32 bits of the product.', (a, b) => Math.imul(a, b)),
  and32: pure(two, 'i32', 'Bitwise and.', (a, b) => a & b),
  or32: pure(two, 'i32', 'Bitwise or.', (a, b) => a | b),
  xor32: pure(two, 'i32', 'Bitwise exclusive or.', (a, b) => a ^ b),
  shl32: pure(two, 'i32', 'a shifted left by b mod 32.', (a, b) => a << b),
  shr32: pure(two, 'i32', 'a shifted right by b mod 32, zeros come in.', (a, b) => (a >>> b) | 0),
  sar32: pure(two, 'i32', 'a shifted right by b mod 32, the sign comes in.', (a, b) => a >> b),
  rotl32: pure(two, 'i32', 'a rotated left by b mod 32.', (a, b) => (a << b) | (a >>> -b)),
  clz32: pure(one, 'i32', 'Count of leading zero bits, 32 for 0.', (a) => Math.clz32(a)),
  ctz32: pure(one, 'i32', 'Count of trailing zero bits, 32 for 0.', (a) => (a === 0 ? 32 : 31 - Math.clz32(a & -a))),
  popcnt32: pure(one, 'i32', 'Count of set bits.', popcount),
  bswap32: pure(
    one,
    'i32',
    'Bytes in reverse order.',
    (a) => (a << 24) | ((a & 0xff00) << 8) | ((a >>> 8) & 0xff00) | (a >>> 24),
  ),
  parity8: pure(one, 'i32', '1 when the low byte has an even number of set bits (PF).', (a) => ~popcount(a & 0xff) & 1),
  sext8: pure(one, 'i32', 'Low byte, sign-extended.', (a) => (a << 24) >> 24),
  sext16: pure(one, 'i32', 'Low 16 bits, sign-extended.', (a) => (a << 16) >> 16),
  eq32: pure(two, 'i32', 'a = b.', (a, b) => Number(a === b)),
  ne32: pure(two, 'i32', 'a ≠ b.', (a, b) => Number(a !== b)),
  ltS32: pure(two, 'i32', 'a < b, signed.', (a, b) => Number(a < b)),
  leS32: pure(two, 'i32', 'a ≤ b, signed.', (a, b) => Number(a <= b)),
  ltU32: pure(two, 'i32', 'a < b, unsigned.', (a, b) => Number(a >>> 0 < b >>> 0)),
  leU32: pure(two, 'i32', 'a ≤ b, unsigned.', (a, b) => Number(a >>> 0 <= b >>> 0)),
  select32: pure(['i32', 'i32', 'i32'], 'i32', 'b when a ≠ 0, else c.', (a, b, c) => (a === 0 ? c : b)),
} as const;

function popcount(a: number): number {
  let n = a - ((a >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
