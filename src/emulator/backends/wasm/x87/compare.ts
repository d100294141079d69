/**
 * FCOM, FCOMI and their kin, FTST and FXAM.
 *
 *   order   (x, m, y, n) → i32     how x m stands to y n, as ZF, PF and CF tell it (Intel SDM 2A, FCOMI); -1 is for the host
 */
import type { Routine } from '../encoder/assembly.ts';
import { ARITHMETIC_OPERANDS, LOAD } from './loads.ts';
import {
  BEGIN, BIT, isFull, isZero, LEAD, LOAD_TOP, loadRegister, MAX_EXPONENT, place, POP, SIGN, STORE_CONTROL, twin,
} from './parts.ts'; // oxfmt-ignore

const ORDER_FLAG = { less: 0x01, equal: 0x40, greater: 0 } as const;
/** C0, C2 and C3 lie in `control` as CF, PF and ZF do in a byte, this far up. */
const CONDITION_SHIFT = 24;

const isComparable = (x: string, m: string): string => `
  ${m} i64:0 i64.lt_s  ${x} ${MAX_EXPONENT} i32.and ${MAX_EXPONENT} i32.ne ${m} ${LEAD} i64.eq i32.or  i32.and
  ${x} ${MAX_EXPONENT} i32.and 0 i32.ne i32.and
  ${isZero(x, m)} i32.or`;

const ORDER: Routine = {
  parameters: { x: 'i32', m: 'i64', y: 'i32', n: 'i64' },
  results: ['i32'],
  locals: { isLess: 'i32' },
  body: `
    ${isComparable('x', 'm')} ${isComparable('y', 'n')} i32.and i32.eqz if -1 return end
    m n i64.or i64.eqz if ${ORDER_FLAG.equal} return end
    x y i32.xor ${SIGN} i32.and if
      ${ORDER_FLAG.less} ${ORDER_FLAG.greater} x ${SIGN} i32.and select return
    end
    x y i32.eq m n i64.eq i32.and if ${ORDER_FLAG.equal} return end
    x y i32.lt_u  x y i32.eq m n i64.lt_u i32.and  i32.or =isLess
    x ${SIGN} i32.and if isLess i32.eqz return end
    isLess`,
};

const COMPARE = 'x m y n call:order :e 0 i32.lt_s br_if:host';
const TO_CONDITIONS = `
  control ${BIT.conditions ^ -1} i32.and e ${CONDITION_SHIFT} i32.shl i32.or =control
  ${POP} ${STORE_CONTROL} 0 return`;
const TO_FLAGS = `
  e =up ${POP} ${STORE_CONTROL} up return`;

const WITH_REGISTER = `
  ${BEGIN} ${LOAD_TOP}
  ${isFull('first')} i32.eqz br_if:host
  ${place('from', 'first')} ${loadRegister('from', 'y', 'n')}
  ${COMPARE}`;

// C3 C2 C0 tell the class, C1 the sign (Intel SDM 2A, FXAM).
const CLASS = {
  unsupported: 0,
  nan: 0x1 << CONDITION_SHIFT,
  normal: 0x4 << CONDITION_SHIFT,
  infinity: 0x5 << CONDITION_SHIFT,
  zero: 0x40 << CONDITION_SHIFT,
  empty: 0x41 << CONDITION_SHIFT,
  denormal: 0x44 << CONDITION_SHIFT,
} as const;

const EXAMINE = `
  ${BEGIN} ${place('at', 0)} ${loadRegister('at', 'x', 'm')}
  x ${MAX_EXPONENT} i32.and =y
  ${CLASS.unsupported} =e
  m i64:0 i64.lt_s if
    ${CLASS.normal} =e
    y ${MAX_EXPONENT} i32.eq if ${CLASS.infinity} ${CLASS.nan} m ${LEAD} i64.eq select =e end
  end
  y i32.eqz if ${CLASS.zero} ${CLASS.denormal} m i64.eqz select =e end
  ${isFull(0)} i32.eqz if ${CLASS.empty} =e end
  control ${BIT.conditions ^ -1} i32.and e i32.or  x 15 i32.shr_u ${Math.log2(BIT.c1)} i32.shl i32.or =control
  ${STORE_CONTROL} 0 return`;

export const COMPARISONS: readonly (readonly [string, Routine])[] = [
  ['order', ORDER],
  ...['com', 'ucom'].map((name) => twin(name, WITH_REGISTER + TO_CONDITIONS)),
  ...['comi', 'ucomi'].map((name) => twin(name, WITH_REGISTER + TO_FLAGS)),
  ...ARITHMETIC_OPERANDS.map((operand) =>
    twin(`com.${operand}`, `${BEGIN} ${LOAD_TOP} ${LOAD[operand]} ${COMPARE} ${TO_CONDITIONS}`),
  ),
  twin('tst', `${BEGIN} ${LOAD_TOP} ${COMPARE} ${TO_CONDITIONS}`),
  twin('xam', EXAMINE),
];
