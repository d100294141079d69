/** FST, FIST, FISTTP and FRNDINT: ST(0) rounded to another format. What does not fit is the host's. */
import type { Routine } from '../encoder/assembly.ts';
import {
  BEGIN, BIAS, isUsual, isZero, LEAD, LOAD_TOP, MAX_EXPONENT, noteInexact, POP, SIGN, STORE_CONTROL, storeRegister, twin,
} from './parts.ts'; // oxfmt-ignore

const FINISH = `${POP} ${STORE_CONTROL} 0 return`;

// The exponent is added to the significand with its leading one, so that a carry out of it ends up there.
function storeFloat(store: string, fractionBits: number, exponentBits: number): string {
  const last = (1 << exponentBits) - 1;
  const bias = BIAS - (last >> 1);
  const sign = `x ${SIGN} i32.and i64.extend_i32_u i64:${fractionBits + exponentBits - 15} i64.shl`;
  return `
    ${BEGIN} ${LOAD_TOP}
    x ${MAX_EXPONENT} i32.and ${bias} i32.sub =e
    m i64:0 i64.lt_s e 1 i32.sub ${last - 1} i32.lt_u i32.and if
      m i64:${fractionBits + 1} i64.shl =lo
      m i64:${63 - fractionBits} i64.shr_u =n
      control x ${SIGN} i32.and n lo call:roundsUp =up
      n up i64.extend_i32_u i64.add  e 1 i32.sub i64.extend_i32_u i64:${fractionBits} i64.shl i64.add =n
      n i64:${fractionBits} i64.shr_u i64:${last} i64.eq br_if:host
      ${noteInexact('lo')}
    else
      x ${MAX_EXPONENT} i32.and ${MAX_EXPONENT} i32.eq if
        m ${LEAD} i64.ne br_if:host
        i64:${last} i64:${fractionBits} i64.shl =n
      else
        ${isZero('x', 'm')} i32.eqz br_if:host
        i64:0 =n
      end
    end
    first n ${sign} i64.or ${store}
    ${FINISH}`;
}

/** The magnitude of x m, with e its exponent without the bias (at most 62), becomes n, which lacks lo / 2^64. */
const TO_INTEGER = `
  ${isUsual('x', 'm')} i32.eqz br_if:host
  i64:0 =n  m i64:0 i64.ne i64.extend_i32_u =lo
  e -1 i32.eq if m =lo end
  e 0 i32.ge_s if
    m i64:63 e i64.extend_i32_u i64.sub i64.shr_u =n
    m i64:1 e i64.extend_i32_u i64.add i64.shl =lo
  end`;

const UNBIASED = `x ${MAX_EXPONENT} i32.and ${BIAS} i32.sub =e`;
const ROUND_UP = `
  control x ${SIGN} i32.and n lo call:roundsUp =up
  n up i64.extend_i32_u i64.add =n`;

function storeInteger(bytes: 2 | 4 | 8, truncates: boolean): string {
  const width = 8 * bytes;
  const fits = bytes === 8 ? 'n i64:0 i64.ge_s' : `n i64.extend${width}_s n i64.eq`;
  const negate = `x ${SIGN} i32.and if i64:0 n i64.sub =n end`;
  return `
    ${BEGIN} ${LOAD_TOP} ${UNBIASED}
    e ${width - 1} i32.ge_s br_if:host
    ${TO_INTEGER}
    ${truncates ? '' : ROUND_UP}
    ${bytes === 8 ? '' : negate}
    ${fits} i32.eqz br_if:host
    ${bytes === 8 ? negate : ''}
    ${noteInexact('lo')}
    first n ${bytes === 8 ? 'i64.store@0' : `i64.store${width}@0`}
    ${FINISH}`;
}

// From 2^63 on all numbers are whole.
const ROUND_TO_INTEGER = `
  ${BEGIN} ${LOAD_TOP} ${UNBIASED}
  e 63 i32.lt_s if
    ${TO_INTEGER} ${ROUND_UP} ${noteInexact('lo')}
    x ${SIGN} i32.and =y
    n i64.eqz i32.eqz if
      n i64.clz =bits
      y ${BIAS + 63} bits i32.wrap_i64 i32.sub i32.or =y
      n bits i64.shl =n
    end
    ${storeRegister('at', 'y', 'n')}
  else
    ${isUsual('x', 'm')} i32.eqz br_if:host
  end
  ${STORE_CONTROL} 0 return`;

export const STORES: readonly (readonly [string, Routine])[] = [
  twin('st.m32', storeFloat('i64.store32@0', 23, 8)),
  twin('st.m64', storeFloat('i64.store@0', 52, 11)),
  twin('st.m80', `${BEGIN} ${LOAD_TOP} first m i64.store@0 first x i32.store16@8 ${FINISH}`),
  ...([2, 4, 8] as const).flatMap((bytes) => [
    twin(`ist.i${8 * bytes}`, storeInteger(bytes, false)),
    twin(`istt.i${8 * bytes}`, storeInteger(bytes, true)),
  ]),
  twin('rndint', ROUND_TO_INTEGER),
];
