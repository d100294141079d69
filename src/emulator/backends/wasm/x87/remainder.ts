/** FPREM, FPREM1, FSCALE and FXTRACT. */
import type { Routine } from '../encoder/assembly.ts';
import { divideDigit, exponentOf, SPLIT_DIVISOR } from './arithmetic.ts';
import {
  BEGIN, BIAS, BIT, isFull, isUsual, LOAD_TOP, loadRegister, MAX_EXPONENT, place, PUSH, SIGN, STORE_CONTROL, storeRegister,
  twin,
} from './parts.ts'; // oxfmt-ignore

const DONE = `${STORE_CONTROL} 0 return`;

const LOAD_BOTH = `
  ${BEGIN} ${LOAD_TOP}
  ${isFull(1)} i32.eqz br_if:host
  ${place('from', 1)} ${loadRegister('from', 'y', 'n')}
  ${isUsual('x', 'm')} ${isUsual('y', 'n')} i32.and i32.eqz br_if:host`;

const C0 = 24;
const C1 = 25;
const C2 = 26;
const C3 = 30;

/** The lowest bits of the quotient s. */
const NOTE_QUOTIENT = ([[2, C0], [1, C3], [0, C1]] as const)
  .map(([bit, at]) => `s i64:${bit} i64.shr_u i32.wrap_i64 1 i32.and ${at} i32.shl`)
  .reduce((code, bit) => `${code} ${bit} i32.or`, 'control'); // oxfmt-ignore

/** FPREM1: the other way round when that is nearer. */
const TO_NEAREST = `
  rest n rest i64.sub :u i64.gt_u  rest u i64.eq s i32.wrap_i64 i32.and  i32.or if
    u =rest s i64:1 i64.add =s sign ${SIGN} i32.xor =sign
  end`;

/** Of x m below half of y n nothing is taken; from there up to y n FPREM1 takes y n. */
const takeOnce = `
  d -1 i32.eq m n i64.gt_u i32.and if
    n i64:1 i64.shl m i64.sub =rest
    i64:1 =s
    sign ${SIGN} i32.xor =sign
  else
    ${DONE}
  end`;

// rest is below n; it takes d more bits of the quotient, 32 at a time. From a distance of 64 on only a part of it is done,
// as much as the SDM's formula takes with N = 32 + D mod 32.
const remainder = (isNearest: boolean): string => `
  ${LOAD_BOTH}
  n i64.eqz br_if:host
  control ${BIT.conditions ^ -1} i32.and =control
  m i64.eqz if ${DONE} end
  x ${SIGN} i32.and =sign
  ${exponentOf('x')} :e ${exponentOf('y')} i32.sub =d
  d 0 i32.lt_s if
    ${isNearest ? takeOnce : DONE}
  else
    d 64 i32.ge_s if
      1 =up
      d 31 i32.and 32 i32.add =d
    end
    e d i32.sub =e
    ${SPLIT_DIVISOR}
    m =rest
    m n i64.ge_u if m n i64.sub =rest i64:1 =s end
    loop:digits
      32 =y
      d 32 i32.lt_s if d =y end
      y i64.extend_i32_u =u
      rest u i64.shl i64:0xffffffff i64.and =digit
      rest i64:32 u i64.sub i64.shr_u =rest
      ${divideDigit('', 'digit')}
      s u i64.shl q i64.add =s
      d y i32.sub :d br_if:digits
    end
    ${isNearest ? `up i32.eqz if ${TO_NEAREST} end` : ''}
  end
  up if control ${1 << C2} i32.or =control else ${NOTE_QUOTIENT} =control end
  rest i64.eqz if
    0 =e
  else
    rest i64.clz =t
    rest t i64.shl =rest
    e t i32.wrap_i64 i32.sub =e
    e 1 i32.lt_s br_if:host
  end
  ${storeRegister('at', 'sign e i32.or', 'rest')}
  ${DONE}`;

const SCALE = `
  ${LOAD_BOTH}
  ${exponentOf('y')} ${BIAS} i32.sub =d
  m i64.eqz d 0 i32.lt_s i32.or if ${DONE} end
  d 15 i32.gt_s br_if:host
  n i64:63 d i64.extend_i32_u i64.sub i64.shr_u i32.wrap_i64 =d
  y ${SIGN} i32.and if 0 d i32.sub =d end
  ${exponentOf('x')} d i32.add :e 1 i32.sub ${MAX_EXPONENT - 1} i32.ge_u br_if:host
  ${storeRegister('at', `x ${SIGN} i32.and e i32.or`, 'm')}
  ${DONE}`;

const EXTRACT = `
  ${BEGIN} ${LOAD_TOP}
  ${isUsual('x', 'm')} i32.eqz m i64.eqz i32.or br_if:host
  ${isFull(7)} br_if:host
  ${exponentOf('x')} ${BIAS} i32.sub =d
  d if
    d 0 i32.lt_s if ${SIGN} =y 0 d i32.sub =d end
    d i64.extend_i32_u :n i64.clz =t
    n t i64.shl =n
    y ${BIAS + 63} t i32.wrap_i64 i32.sub i32.or =y
  end
  ${storeRegister('at', 'y', 'n')}
  x ${SIGN} i32.and ${BIAS} i32.or =y
  m =n
  ${PUSH}`;

export const REMAINDERS: readonly (readonly [string, Routine])[] = [
  twin('prem', remainder(false)),
  twin('prem1', remainder(true)),
  twin('scale', SCALE),
  twin('xtract', EXTRACT),
];
