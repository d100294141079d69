/** Operands in memory, FLD, FILD and the constants (Intel SDM 1, 4.8 and 8.3.8). */
import { CONSTANTS } from '../../../ir/x87/constants.ts';
import { ROUND } from '../../../util/soft-float/round.ts';
import type { Routine } from '../encoder/assembly.ts';
import {
  BEGIN, BIAS, BIT, isFull, LEAD, loadRegister, MAX_EXPONENT, place, PUSH, SIGN, twin,
} from './parts.ts'; // oxfmt-ignore

// Sets y n: a number whose significand, leading one left out, is on top of `bits` << shift. Denormals and NaN are the host's.
function loadFloat(load: string, fractionBits: number, exponentBits: number): string {
  const last = (1 << exponentBits) - 1;
  const bias = BIAS - (last >> 1);
  return `
    first ${load} :bits i64:${fractionBits} i64.shr_u i32.wrap_i64 :y ${last} i32.and =e
    y ${last + 1} i32.and ${15 - exponentBits} i32.shl =y
    e 1 i32.sub ${last - 1} i32.lt_u if
      y e ${bias} i32.add i32.or =y
      bits i64:${63 - fractionBits} i64.shl ${LEAD} i64.or =n
    else
      bits i64:${64 - fractionBits} i64.shl i64.eqz i32.eqz br_if:host
      i64:0 =n
      e if y ${MAX_EXPONENT} i32.or =y ${LEAD} =n end
    end`;
}

function loadInteger(load: string): string {
  return `
    first ${load} =n
    0 =y
    n i64.eqz i32.eqz if
      n i64:0 i64.lt_s if ${SIGN} =y i64:0 n i64.sub =n end
      n i64.clz :bits i32.wrap_i64 =e
      n bits i64.shl =n
      y ${BIAS + 63} e i32.sub i32.or =y
    end`;
}

/** Sets y n to the operand at `first`. */
export const LOAD = {
  m32: loadFloat('i64.load32_u@0', 23, 8),
  m64: loadFloat('i64.load@0', 52, 11),
  m80: 'first i32.load16_u@8 =y first i64.load@0 =n',
  i16: loadInteger('i64.load16_s@0'),
  i32: loadInteger('i64.load32_s@0'),
  i64: loadInteger('i64.load@0'),
} as const satisfies Record<string, string>;

/** Those that arithmetic and comparisons have. */
export const ARITHMETIC_OPERANDS = ['m32', 'm64', 'i16', 'i32'] as const;

// FLDPI and its kind round as RC says: the last digit is one more, or not.
function loadConstant(index: number): string {
  const value = CONSTANTS[index];
  const digits = (rounding: number): bigint => BigInt.asUintN(64, value(rounding));
  const least = digits(ROUND.ZERO);
  const rc = `control ${BIT.roundingControl} i32.and`;
  const isMore = [ROUND.NEAREST, ROUND.DOWN, ROUND.UP]
    .filter((rounding) => digits(rounding) !== least)
    .map((rounding) => `${rc} ${rounding << 10} i32.eq i64.extend_i32_u i64.add`);
  return `first ${index} i32.eq if ${Number(value(ROUND.ZERO) >> 64n)} =y i64:${least} ${isMore.join(' ')} =n end`;
}

const LOAD_REGISTER = `
  ${isFull('first')} i32.eqz br_if:host
  ${place('from', 'first')} ${loadRegister('from', 'y', 'n')}`;

const push = (operation: string, load: string): readonly [string, Routine] =>
  twin(operation, `${BEGIN} ${load} ${PUSH}`);

export const LOADS: readonly (readonly [string, Routine])[] = [
  push('ld.m32', LOAD.m32),
  push('ld.m64', LOAD.m64),
  push('ld.m80', LOAD.m80),
  push('ld', LOAD_REGISTER),
  push('ild.i16', LOAD.i16),
  push('ild.i32', LOAD.i32),
  push('ild.i64', LOAD.i64),
  push('constant', CONSTANTS.map((_, index) => loadConstant(index)).join(' ')),
];
