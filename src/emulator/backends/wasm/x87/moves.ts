/** What moves registers and words of the unit: FXCH, FST ST(i), FCMOVcc, FCHS, FABS, FLDCW, FFREE and the like. */
import type { Routine } from '../encoder/assembly.ts';
import {
  BEGIN, CONTROL, isFull, LOAD_TOP, loadRegister, MAX_EXPONENT, moveTop, place, POP, REGISTER, register, SIGN,
  STORE_CONTROL, storeRegister, TAGS, twin,
} from './parts.ts'; // oxfmt-ignore

const DONE = `${STORE_CONTROL} 0 return`;

const LOAD_OTHER = `
  ${isFull('first')} i32.eqz br_if:host
  ${place('from', 'first')} ${loadRegister('from', 'y', 'n')}`;

const EXCHANGE = `
  ${BEGIN} ${LOAD_TOP} ${LOAD_OTHER}
  ${storeRegister('at', 'y', 'n')} ${storeRegister('from', 'x', 'm')}
  ${DONE}`;

// FSTP ST(0) is a pop.
const STORE = `
  ${BEGIN} ${LOAD_TOP} ${place('from', 'first')}
  ${storeRegister('from', 'x', 'm')}
  tags 1 ${register('first')} i32.shl i32.or =tags
  S tags i32.store8@${TAGS}
  ${POP} ${DONE}`;

// C1 changes only with a stack fault.
const MOVE_IF = `
  ${BEGIN} ${isFull(0)} i32.eqz br_if:host ${LOAD_OTHER} ${place('at', 0)}
  second if ${storeRegister('at', 'y', 'n')} end
  0 return`;

const changeSign = (change: string): string => `
  ${BEGIN} ${isFull(0)} i32.eqz br_if:host ${place('at', 0)}
  at at i32.load16_u@${REGISTER.exponent} ${change} i32.store16@${REGISTER.exponent}
  ${DONE}`;

const EXCEPTIONS = 0x3f;
/** ES and B. */
const PENDING = 0x8080_0000 | 0;

/** FCW of `control` becomes y; ES and B of FSW tell what is pending under its masks. */
const SET_CONTROL_WORD = `
  S i32.load@${CONTROL} :control ${~PENDING & 0xffff_0000} i32.and
  first i32.load16_u@0 0x1f3f i32.and 0x40 i32.or :y i32.or
  ${PENDING} 0 control 16 i32.shr_u y -1 i32.xor i32.and ${EXCEPTIONS} i32.and select i32.or =control
  ${DONE}`;

const CLEAR_EXCEPTIONS = `S i32.load@${CONTROL} ${~(0x80ff << 16)} i32.and =control ${DONE}`;

export const MOVES: readonly (readonly [string, Routine])[] = [
  twin('xch', EXCHANGE),
  twin('st', STORE),
  twin('cmov', MOVE_IF),
  twin('chs', changeSign(`${SIGN} i32.xor`)),
  twin('abs', changeSign(`${MAX_EXPONENT} i32.and`)),
  twin('ldcw', SET_CONTROL_WORD),
  twin('nclex', CLEAR_EXCEPTIONS),
  twin('incstp', `${BEGIN} ${moveTop('1')} ${DONE}`),
  twin('decstp', `${BEGIN} ${moveTop('7')} ${DONE}`),
  twin('free', `${BEGIN} S tags 1 ${register('first')} i32.shl -1 i32.xor i32.and i32.store8@${TAGS} 0 return`),
];
