/** Packed BCD, FBLD and FBSTP: eighteen digits, two a byte, the sign in bit 79 (Intel SDM 1, 4.7). */
import { F80 } from '../../util/soft-float/format.ts';
import { fromInteger, toInteger } from '../../util/soft-float/convert.ts';
import { FP_FLAG, type FloatContext } from '../../util/soft-float/round.ts';

const DIGITS = 18;

/** The value as a register holds it; exact. Digits above 9 count as the processor's adder has them. */
export function loadBcd(u8: Uint8Array, addr: number): bigint {
  let value = 0n;
  for (let i = DIGITS / 2 - 1; i >= 0; i--)
    value = value * 100n + BigInt((u8[addr + i] >> 4) * 10 + (u8[addr + i] & 15));
  const isNegative = (u8[addr + 9] & 0x80) !== 0;
  const exact: FloatContext = {
    rounding: 0,
    masks: 0x3f,
    flags: 0,
    denormalsAreZero: false,
    flushToZero: false,
    rules: 'x87',
    roundedUp: false,
  };
  return fromInteger(exact, F80, value) | (isNegative ? 1n << 79n : 0n);
}

/** What FBSTP stores: ST(0) rounded to a whole number, or null (INVALID) when it has more than eighteen digits. */
export function bcdDigits(context: FloatContext, bits: bigint): { digits: bigint; isNegative: boolean } | null {
  const value = toInteger(context, F80, bits, 64, context.rounding);
  const digits = value < 0n ? -value : value;
  if (digits >= 10n ** BigInt(DIGITS)) {
    context.flags = (context.flags & ~FP_FLAG.PRECISION) | FP_FLAG.INVALID;
    return null;
  }
  return { digits, isNegative: bits >> 79n === 1n };
}

/** Writes ten bytes; null is the BCD indefinite. */
export function storeBcd(u8: Uint8Array, addr: number, value: ReturnType<typeof bcdDigits>): void {
  let rest = value?.digits ?? 0n;
  for (let i = 0; i < DIGITS / 2; i++) {
    u8[addr + i] = Number(rest % 10n) | (Number((rest / 10n) % 10n) << 4);
    rest /= 100n;
  }
  u8[addr + 9] = value === null ? 0xff : value.isNegative ? 0x80 : 0;
  if (value === null) u8.set([0xc0, 0xff], addr + 7);
}
