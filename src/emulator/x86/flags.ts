/**
 * Flags inside a block: what the last flag-setting operation is known to be lets a condition become a plain compare
 * (DESIGN decision 5). Where it is not known (block entry, after a conditional change) the state is read.
 */
import type { I32 } from '../ir/block.ts';
import { AF, CF, type FlagsKind, OF, PF, SF, ZF } from '../ir/lazy-flags.ts';
import { type Int, type IntBuilder, as32, as64 } from './int-builder.ts';

export type Flag = 'cf' | 'pf' | 'af' | 'zf' | 'sf' | 'of';

/** The operation whose flags are current. Of kind 'bits' only `second` counts. */
export interface KnownFlags {
  readonly kind: FlagsKind;
  readonly result: Int;
  readonly first: Int;
  readonly second: Int;
}

export const FLAG_BIT = { cf: CF, pf: PF, af: AF, zf: ZF, sf: SF, of: OF } as const;
const POSITION = { cf: 0, pf: 2, af: 4, zf: 6, sf: 7, of: 11 } as const;
const SET_WHEN = { cf: 'b', pf: 'p', zf: 'e', sf: 's', of: 'o' } as const;

/** Condition codes in encoding order (Intel SDM 1, appendix B). */
export const CONDITIONS = [
  'o', 'no', 'b', 'ae', 'e', 'ne', 'be', 'a', 's', 'ns', 'p', 'np', 'l', 'ge', 'le', 'g',
] as const; // oxfmt-ignore
export type Condition = (typeof CONDITIONS)[number];

/** One flag, 0 or 1. `known` is null when the current flags come from outside the block. */
export function flagValue(b: IntBuilder, known: KnownFlags | null, flag: Flag): I32 {
  if (known === null) {
    if (flag !== 'af') return b.ir.condition(SET_WHEN[flag]);
    return bit(b, b.ir.getFlags(), POSITION.af);
  }
  if (known.kind === 'bits') return bit(b, as32(known.second), POSITION[flag]);
  switch (flag) {
    case 'zf':
      return b.isZero(known.result);
    case 'sf':
      return b.signBit(known.result);
    case 'pf':
      return b.ir.parity8(b.low32(known.result));
    case 'af':
      return auxiliary(b, known);
    case 'cf':
      return carry(b, known);
    default:
      return overflow(b, known);
  }
}

/** Whether a condition holds, 0 or 1. */
export function conditionValue(b: IntBuilder, known: KnownFlags | null, condition: Condition): I32 {
  if (known === null) return b.ir.condition(condition);
  const index = CONDITIONS.indexOf(condition);
  // The odd codes are the negations of the even ones.
  const value = fused(b, known, index >> 1) ?? combined(b, known, index >> 1);
  return (index & 1) === 0 ? value : b.logicalNot(value);
}

// After CMP and SUB the pairs b, e, be, l, le are compares of the operands; after logic, CF = OF = 0.
function fused(b: IntBuilder, { kind, result, first, second }: KnownFlags, pair: number): I32 | null {
  if (kind === 'sub') {
    if (pair === 1) return b.below(first, second);
    if (pair === 2) return b.equal(first, second);
    if (pair === 3) return b.belowOrEqual(first, second);
    if (pair === 6) return b.less(first, second);
    if (pair === 7) return b.lessOrEqual(first, second);
  }
  if (kind === 'logic') {
    if (pair === 3) return b.isZero(result);
    if (pair === 6) return b.signBit(result);
    if (pair === 7) return b.lessOrEqual(result, b.int(result.width, 0));
  }
  return null;
}

function combined(b: IntBuilder, known: KnownFlags, pair: number): I32 {
  const flag = (name: Flag): I32 => flagValue(b, known, name);
  switch (pair) {
    case 0:
      return flag('of');
    case 1:
      return flag('cf');
    case 2:
      return flag('zf');
    case 3:
      return b.ir.or32(flag('cf'), flag('zf'));
    case 4:
      return flag('sf');
    case 5:
      return flag('pf');
    case 6:
      return b.ir.xor32(flag('sf'), flag('of'));
    default:
      return b.ir.or32(flag('zf'), b.ir.xor32(flag('sf'), flag('of')));
  }
}

function bit(b: IntBuilder, bits: I32, position: number): I32 {
  const shifted = position === 0 ? bits : b.ir.shr32(bits, b.const32(position));
  return b.ir.and32(shifted, b.const32(1));
}

function auxiliary(b: IntBuilder, { kind, result, first, second }: KnownFlags): I32 {
  switch (kind) {
    case 'add':
    case 'adc':
    case 'sub':
    case 'sbb':
      return bit(b, b.ir.xor32(b.ir.xor32(b.low32(first), b.low32(second)), b.low32(result)), POSITION.af);
    case 'inc':
    case 'dec': {
      const nibble = b.ir.and32(b.low32(result), b.const32(15));
      return b.ir.eq32(nibble, b.const32(kind === 'inc' ? 0 : 15));
    }
    default:
      return b.const32(0);
  }
}

function carry(b: IntBuilder, known: KnownFlags): I32 {
  const { kind, result, first, second } = known;
  switch (kind) {
    case 'add':
      return b.below(result, first);
    case 'sub':
      return b.below(first, second);
    case 'adc': // carry out of the sign: (a & b) | ((a | b) & ~r)
      return b.signBit(b.or(b.and(first, second), b.and(b.or(first, second), b.not(result))));
    case 'sbb':
      return b.signBit(b.or(b.and(b.not(first), second), b.and(b.or(b.not(first), second), result)));
    case 'inc':
    case 'dec':
      return bit(b, b.low32(second), 0);
    case 'shl':
      return shiftedOut(b, first, b.ir.sub32(b.const32(first.width), b.low32(second)));
    case 'shr':
      return shiftedOut(b, first, b.ir.sub32(b.low32(second), b.const32(1)));
    case 'sar': {
      const wide = b.fromI64(b.signed64(first));
      return shiftedOut(b, wide, b.ir.sub32(b.low32(second), b.const32(1)));
    }
    case 'mul':
      return bit(b, b.low32(second), 0);
    default:
      return b.const32(0);
  }
}

/** Bit `position` of x; 0 for positions outside (as statusFlags has it). */
function shiftedOut(b: IntBuilder, x: Int, position: I32): I32 {
  const wide = x.width === 64 ? as64(x) : b.ir.zext32(as32(x));
  const value = b.ir.and32(b.ir.low32(b.ir.shr64(wide, position)), b.const32(1));
  if (x.width >= 32) return value;
  return b.ir.select32(b.ir.ltU32(position, b.const32(64)), value, b.const32(0)); // SHL of 8 and 16 bits by more than the width
}

function overflow(b: IntBuilder, known: KnownFlags): I32 {
  const { kind, result, first, second } = known;
  switch (kind) {
    case 'add':
    case 'adc':
      return b.signBit(b.and(b.xor(first, result), b.xor(second, result)));
    case 'sub':
    case 'sbb':
      return b.signBit(b.and(b.xor(first, second), b.xor(first, result)));
    case 'inc':
    case 'dec':
      return incrementOverflow(b, result, kind);
    case 'shl':
      return b.ir.xor32(carry(b, known), b.signBit(result));
    case 'shr':
      return b.signBit(first);
    case 'mul':
      return bit(b, b.low32(second), 0);
    default:
      return b.const32(0);
  }
}

// INC overflows to the least number, DEC to the greatest.
function incrementOverflow(b: IntBuilder, result: Int, kind: 'inc' | 'dec'): I32 {
  const top = kind === 'inc' ? 0x8000_0000 : 0x7fff_ffff;
  if (result.width === 64) {
    return b.ir.eq64(as64(result), b.ir.const64(kind === 'inc' ? 0 : -1, top | 0));
  }
  return b.equal(result, b.int(result.width, top >> (32 - result.width)));
}
