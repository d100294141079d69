/**
 * What x87 routines are made of: text for encoder/assembly.ts.
 *
 * A routine is a helper's twin: `(S, first, second) → result`, on the unit of the thread state as it lies in memory
 * (ir/x87/unit.ts). It does what usual operands ask for, numbers and zeros with their exceptions masked, and nothing else:
 * `br_if:host` leaves everything as it was and has the host's operation of the same name do it, which is exact in all cases.
 *
 * A number is an i32 with sign and exponent (bit 15, bits 14 to 0) and an i64 with the significand. Names of locals:
 *
 *   top       TOP, perhaps with bits above the third; `next` what it becomes
 *   control   FCW in the low half, FSW in the high half, C1 already cleared
 *   tags      one bit for each register that is not empty
 *   x m       what ST(0) holds            y n    the other operand            at    where a result goes: see REGISTER
 */
import type { ValueType } from '../../../ir/op-spec.ts';
import { STATE_OFFSET } from '../../../ir/state-layout.ts';
import { helperName } from '../../../ir/x87/operations.ts';
import { FSW } from '../../../ir/x87/unit.ts';
import type { Routine } from '../encoder/assembly.ts';
import { HELPER_NAMES } from '../host-functions.ts';

export const CONTROL = STATE_OFFSET.fcw;
export const TAGS = STATE_OFFSET.ftw;
/** Offsets of a register's parts from S + 16 × its number. */
export const REGISTER = { significand: STATE_OFFSET.x87Registers, exponent: STATE_OFFSET.x87Registers + 8 } as const;

/** Bits of `control`. */
export const BIT = {
  precisionMask: 0x20,
  precisionControl: 0x300,
  roundingControl: 0xc00,
  precision: 0x20 << 16,
  c1: FSW.C1 << 16,
  conditions: (FSW.C0 | FSW.C2 | FSW.C3) << 16,
  top: 0x3800 << 16,
} as const;
/** The lowest bit of TOP in `control`. */
const TOP_SHIFT = 27;

export const SIGN = 0x8000;
export const MAX_EXPONENT = 0x7fff;
export const BIAS = 0x3fff;
/** The leading bit of a significand. */
export const LEAD = 'i64:0x8000000000000000';

const LOCALS = {
  control: 'i32', top: 'i32', next: 'i32', tags: 'i32', at: 'i32', from: 'i32',
  x: 'i32', y: 'i32', m: 'i64', n: 'i64', e: 'i32', d: 'i32', sign: 'i32', up: 'i32', bits: 'i64', hi: 'i64', lo: 'i64', t: 'i64', u: 'i64', q: 'i64', s: 'i64',
  m0: 'i64', m1: 'i64', n0: 'i64', n1: 'i64', rest: 'i64', digit: 'i64',
} as const satisfies Record<string, ValueType>; // oxfmt-ignore

const TOP_OF_CONTROL = `control ${TOP_SHIFT} i32.shr_u =top`;

/** Sets `control`, `top` and `tags`. */
export const BEGIN = `
  S i32.load@${CONTROL} ${~BIT.c1} i32.and =control
  ${TOP_OF_CONTROL}
  S i32.load8_u@${TAGS} =tags`;

/** The twin of an operation. Every way through `body` returns or goes to the host. */
export function twin(operation: string, body: string): readonly [string, Routine] {
  const name = helperName(operation);
  const routine: Routine = {
    parameters: { S: 'i32', first: 'i32', second: 'i32' },
    results: ['i32'],
    locals: LOCALS,
    body: `block:host ${body} end ${askHost(name)}`,
  };
  return [name, routine];
}

const askHost = (name: string): string => `S ${HELPER_NAMES.indexOf(name)} first second call:helper`;

/**
 * The same for code that knows TOP: (S, first, second, top) → (result, top). In FSW it stands beside C1, which is known only
 * when the operation is done: who takes it from there finds no operand before.
 */
export function withTop({ parameters, locals, body }: Routine): Routine {
  const { top, ...others } = { ...LOCALS, ...locals };
  return {
    parameters: { ...parameters, top },
    results: ['i32', 'i32'],
    locals: others,
    body: `top =next ${body.replace(TOP_OF_CONTROL, '').replaceAll(' return', ' next return')}
      S i32.load@${CONTROL} ${TOP_SHIFT} i32.shr_u 7 i32.and`,
  };
}

/** The number of ST(i). */
export function register(i: string | number): string {
  return i === 0 ? 'top 7 i32.and' : `top ${i} i32.add 7 i32.and`;
}

/** Sets `at` or `from` to where ST(i) lies. */
export function place(name: 'at' | 'from', i: string | number): string {
  return `${register(i)} 4 i32.shl S i32.add =${name}`;
}

/** i32: the register is not empty. */
export function isFull(i: string | number): string {
  return `tags ${register(i)} i32.shr_u 1 i32.and`;
}

/** An empty ST(0) is the host's; else `at` is its place, and x m what it holds. */
export const LOAD_TOP = `
  ${isFull(0)} i32.eqz br_if:host
  ${place('at', 0)}
  ${loadRegister('at', 'x', 'm')}`;

export function loadRegister(at: string, x: string, m: string): string {
  return `${at} i32.load16_u@${REGISTER.exponent} =${x} ${at} i64.load@${REGISTER.significand} =${m}`;
}

export function storeRegister(at: string, x: string, m: string): string {
  return `${at} ${x} i32.store16@${REGISTER.exponent} ${at} ${m} i64.store@${REGISTER.significand}`;
}

export const STORE_CONTROL = `S control i32.store@${CONTROL}`;

/** TOP of `control` moved by what `count` pushes. */
export function moveTop(count: string): string {
  return `
    control ${BIT.top ^ -1} i32.and
    control ${count} ${TOP_SHIFT} i32.shl i32.add ${BIT.top} i32.and i32.or =control
    top ${count} i32.add 7 i32.and =next`;
}

/** The `second` (1 or 2) registers from TOP on, as BEGIN found it, become empty. */
export const FREE_POPPED = `
  S
  1 second i32.shl 1 i32.sub ${register(0)} i32.shl :e e 8 i32.shr_u i32.or -1 i32.xor tags i32.and
  i32.store8@${TAGS}`;

/** `second` (0 to 2) registers off the stack, in `control` and in the tags. */
export const POP = `second if ${moveTop('second')} ${FREE_POPPED} end`;

/** Pushes y n; a full register is the host's. */
export const PUSH = `
  ${isFull(7)} br_if:host
  S tags 1 ${register(7)} i32.shl i32.or i32.store8@${TAGS}
  ${place('at', 7)}
  ${storeRegister('at', 'y', 'n')}
  ${moveTop('7')}
  ${STORE_CONTROL}
  0 return`;

/** i32: neither a denormal nor an infinity, NaN or encoding without meaning. */
export function isUsual(x: string, m: string): string {
  return `
    ${x} ${MAX_EXPONENT} i32.and 1 i32.sub ${MAX_EXPONENT - 1} i32.lt_u ${m} i64:0 i64.lt_s i32.and
    ${isZero(x, m)} i32.or`;
}

export function isZero(x: string, m: string): string {
  return `${x} ${MAX_EXPONENT} i32.and i64.extend_i32_u ${m} i64.or i64.eqz`;
}

/** The result lacks `lo`: PE is set and C1 by `up`; an unmasked PE is the host's. */
export function noteInexact(lo: string, host = 'br_if:host'): string {
  return `
    ${lo} i64.eqz i32.eqz if
      control ${BIT.precisionMask} i32.and i32.eqz ${host}
      control ${BIT.precision} i32.or up ${Math.log2(BIT.c1)} i32.shl i32.or =control
    end`;
}
