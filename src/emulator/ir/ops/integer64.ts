/**
 * 64-bit integer operations. The reference holds i64 as unsigned BigInt in [0, 2^64); comparisons and counts give i32.
 * Divisions by zero and quotients that do not fit give 0: rows test for them first (divOverflows…) and raise #DE.
 */
import { pure } from '../op-spec.ts';

const two = ['i64', 'i64'] as const;
const one = ['i64'] as const;
const shift = ['i64', 'i32'] as const;
const dividend = ['i64', 'i64', 'i64'] as const;

const wrap = (a: bigint): bigint => BigInt.asUintN(64, a);
const signed = (a: bigint): bigint => BigInt.asIntN(64, a);
const wideU = (high: bigint, low: bigint): bigint => (high << 64n) | low;
const wideS = (high: bigint, low: bigint): bigint => (signed(high) << 64n) | low;

export const integer64 = {
  const64: {
    args: [],
    result: 'i64',
    effects: 'none',
    attributes: ['low', 'high'],
    doc: 'The constant high:low, both halves signed int32.',
    meaning: (low: number, high: number): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0),
  },
  add64: pure(two, 'i64', 'Wrapping sum: a + b mod 2^64.', (a, b) => wrap(a + b)),
  sub64: pure(two, 'i64', 'Wrapping difference: a - b mod 2^64.', (a, b) => wrap(a - b)),
  mul64: pure(two, 'i64', 'Low 64 bits of the product.', (a, b) => wrap(a * b)),
  mulHighU64: pure(two, 'i64', 'High 64 bits of the unsigned product.', (a, b) => (a * b) >> 64n),
  mulHighS64: pure(two, 'i64', 'High 64 bits of the signed product.', (a, b) => wrap((signed(a) * signed(b)) >> 64n)),
  mulWideU32: pure(['i32', 'i32'], 'i64', 'Unsigned product of 32 by 32 bits.', (a, b) =>
    wrap(BigInt(a >>> 0) * BigInt(b >>> 0)),
  ),
  mulWideS32: pure(['i32', 'i32'], 'i64', 'Signed product of 32 by 32 bits.', (a, b) => wrap(BigInt(a) * BigInt(b))),
  and64: pure(two, 'i64', 'Bitwise and.', (a, b) => a & b),
  or64: pure(two, 'i64', 'Bitwise or.', (a, b) => a | b),
  xor64: pure(two, 'i64', 'Bitwise exclusive or.', (a, b) => a ^ b),
  shl64: pure(shift, 'i64', 'a shifted left by b mod 64.', (a, b) => wrap(a << BigInt(b & 63))),
  shr64: pure(shift, 'i64', 'a shifted right by b mod 64, zeros come in.', (a, b) => a >> BigInt(b & 63)),
  sar64: pure(shift, 'i64', 'a shifted right by b mod 64, the sign comes in.', (a, b) =>
    wrap(signed(a) >> BigInt(b & 63)),
  ),
  rotl64: pure(shift, 'i64', 'a rotated left by b mod 64.', (a, b) =>
    wrap((a << BigInt(b & 63)) | (a >> BigInt(64 - (b & 63)))),
  ),
  clz64: pure(one, 'i32', 'Count of leading zero bits, 64 for 0.', (a) => {
    const high = Number(a >> 32n);
    return high === 0 ? 32 + Math.clz32(Number(a)) : Math.clz32(high);
  }),
  ctz64: pure(one, 'i32', 'Count of trailing zero bits, 64 for 0.', (a) => (a === 0n ? 64 : bitLength(a & -a) - 1)),
  popcnt64: pure(one, 'i32', 'Count of set bits.', (a) => {
    let n = 0;
    for (let rest = a; rest !== 0n; rest &= rest - 1n) n++;
    return n;
  }),
  bswap64: pure(one, 'i64', 'Bytes in reverse order.', (a) => {
    let swapped = 0n;
    for (let i = 0n; i < 64n; i += 8n) swapped = (swapped << 8n) | ((a >> i) & 0xffn);
    return swapped;
  }),
  eq64: pure(two, 'i32', 'a = b.', (a, b) => Number(a === b)),
  ne64: pure(two, 'i32', 'a ≠ b.', (a, b) => Number(a !== b)),
  ltS64: pure(two, 'i32', 'a < b, signed.', (a, b) => Number(signed(a) < signed(b))),
  leS64: pure(two, 'i32', 'a ≤ b, signed.', (a, b) => Number(signed(a) <= signed(b))),
  ltU64: pure(two, 'i32', 'a < b, unsigned.', (a, b) => Number(a < b)),
  leU64: pure(two, 'i32', 'a ≤ b, unsigned.', (a, b) => Number(a <= b)),
  select64: pure(['i32', 'i64', 'i64'], 'i64', 'b when a ≠ 0, else c.', (a, b, c) => (a === 0 ? c : b)),
  zext32: pure(['i32'], 'i64', 'Zero-extended.', (a) => BigInt(a >>> 0)),
  sext32: pure(['i32'], 'i64', 'Sign-extended.', (a) => wrap(BigInt(a))),
  low32: pure(one, 'i32', 'Low half.', (a) => Number(BigInt.asIntN(32, a))),
  high32: pure(one, 'i32', 'High half.', (a) => Number(BigInt.asIntN(32, a >> 32n))),
  pair64: pure(['i32', 'i32'], 'i64', 'b:a, a the low half.', (a, b) => (BigInt(b >>> 0) << 32n) | BigInt(a >>> 0)),
  divU64: pure(two, 'i64', 'Unsigned quotient.', (a, b) => (b === 0n ? 0n : a / b)),
  remU64: pure(two, 'i64', 'Unsigned remainder.', (a, b) => (b === 0n ? 0n : a % b)),
  divS64: pure(two, 'i64', 'Signed quotient, rounded to zero, wrapping.', (a, b) =>
    b === 0n ? 0n : wrap(signed(a) / signed(b)),
  ),
  remS64: pure(two, 'i64', 'Signed remainder with the sign of a.', (a, b) =>
    b === 0n ? 0n : wrap(signed(a) % signed(b)),
  ),
  divU128: pure(dividend, 'i64', 'Unsigned quotient of a:b by c.', (a, b, c) =>
    c === 0n ? 0n : wrap(wideU(a, b) / c),
  ),
  remU128: pure(dividend, 'i64', 'Unsigned remainder of a:b by c.', (a, b, c) => (c === 0n ? 0n : wideU(a, b) % c)),
  divS128: pure(dividend, 'i64', 'Signed quotient of a:b by c, wrapping.', (a, b, c) =>
    c === 0n ? 0n : wrap(wideS(a, b) / signed(c)),
  ),
  remS128: pure(dividend, 'i64', 'Signed remainder of a:b by c.', (a, b, c) =>
    c === 0n ? 0n : wrap(wideS(a, b) % signed(c)),
  ),
  divOverflowsU128: pure(dividend, 'i32', '1 when a:b / c is undefined or needs more than 64 bits.', (a, _b, c) =>
    Number(a >= c),
  ),
  divOverflowsS128: pure(
    dividend,
    'i32',
    '1 when a:b / c, signed, is undefined or needs more than 64 bits.',
    (a, b, c) => {
      if (c === 0n) return 1;
      const quotient = wideS(a, b) / signed(c);
      return Number(quotient !== signed(quotient));
    },
  ),
} as const;

function bitLength(a: bigint): number {
  const high = Number(a >> 32n);
  return high === 0 ? 32 - Math.clz32(Number(a)) : 64 - Math.clz32(high);
}
