/**
 * Rounding as FCW says (Intel SDM 1, 8.1.5.2 and 8.1.5.3).
 *
 *   roundsUp  (control, sign, hi, lo) → i32       whether hi, which lacks lo / 2^64, becomes one more
 *   round     (S, control, at, sign, e, hi, lo) → i32
 *             stores a number and FSW: hi is normal, e its exponent; 0, with nothing done, is for the host
 */
import type { Routine } from '../encoder/assembly.ts';
import { BIT, LEAD, MAX_EXPONENT, noteInexact, SIGN, STORE_CONTROL, storeRegister } from './parts.ts';

/** i64, 0 or 1, in the lowest bit: to nearest, ties to even. Other bits are rubbish. */
const NEAREST = 'lo i64:63 i64.shr_u  lo i64:1 i64.shl i64:0 i64.ne i64.extend_i32_u hi i64.or  i64.and';

const RC_DOWN = 0x400;
const RC_UP = 0x800;

const ROUNDS_UP: Routine = {
  parameters: { control: 'i32', sign: 'i32', hi: 'i64', lo: 'i64' },
  results: ['i32'],
  locals: { mode: 'i32' },
  body: `
    lo i64.eqz if 0 return end
    control ${BIT.roundingControl} i32.and :mode i32.eqz if ${NEAREST} i32.wrap_i64 1 i32.and return end
    mode ${RC_DOWN} ${RC_UP} sign select i32.eq`,
};

/** Behind `up`: the significand has grown over its end. */
const CARRY = `hi i64.eqz if ${LEAD} =hi e 1 i32.add =e end`;

const isOutOfRange = `e 1 i32.sub ${MAX_EXPONENT - 1} i32.ge_u`;

/** What is beyond PC's digits goes from hi to lo. */
function narrow(bits: number): string {
  return `
    hi i64:${64 - bits} i64.shl  lo i64:0 i64.ne i64.extend_i32_u i64.or =lo
    hi i64:${bits} i64.shr_u =hi`;
}

const ROUND: Routine = {
  parameters: { S: 'i32', control: 'i32', at: 'i32', sign: 'i32', e: 'i32', hi: 'i64', lo: 'i64' },
  results: ['i32'],
  locals: { up: 'i32', drop: 'i64' },
  body: `
    control ${BIT.precisionControl} i32.and i32.eqz if ${narrow(40)} i64:40 =drop end
    control ${BIT.precisionControl} i32.and 0x200 i32.eq if ${narrow(11)} i64:11 =drop end
    control sign hi lo call:roundsUp =up
    hi up i64.extend_i32_u i64.add drop i64.shl =hi
    up if ${CARRY} end
    ${noteInexact('lo', 'if 0 return end')}
    ${isOutOfRange} if 0 return end
    ${storeRegister('at', 'sign e i32.or', 'hi')}
    ${STORE_CONTROL}
    1`,
};

const USUAL_CONTROL = {
  mask: BIT.precisionControl | BIT.roundingControl | BIT.precisionMask,
  value: BIT.precisionControl | BIT.precisionMask,
} as const;

/** Stores the number and FSW; what is due then is `done`. Here is the usual way: 64 digits, to nearest, PE masked. */
export function roundAndStore(done: string): string {
  return `
    control ${USUAL_CONTROL.mask} i32.and ${USUAL_CONTROL.value} i32.eq if
      lo i64.eqz i32.eqz if
        ${NEAREST} i64:1 i64.and :lo hi i64.add =hi
        ${CARRY}
        control ${BIT.precision} i32.or lo i32.wrap_i64 ${Math.log2(BIT.c1)} i32.shl i32.or =control
      end
      ${isOutOfRange} br_if:host
      ${storeRegister('at', 'sign e i32.or', 'hi')}
      ${STORE_CONTROL}
      ${done}
    end
    S control at sign e hi lo call:round i32.eqz br_if:host
    ${done}`;
}

/** The same for a zero with the sign in `sign`. */
export function storeZero(done: string): string {
  return `${storeRegister('at', 'sign', 'i64:0')} ${STORE_CONTROL} ${done}`;
}

/** i32: the sign of a sum of opposite numbers (IEEE 754, 6.3). */
export const CANCELLED_SIGN = `${SIGN} 0 control ${BIT.roundingControl} i32.and ${RC_DOWN} i32.eq select`;

export const ROUNDING: readonly (readonly [string, Routine])[] = [
  ['roundsUp', ROUNDS_UP],
  ['round', ROUND],
];
