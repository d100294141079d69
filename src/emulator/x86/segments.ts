/** Segment registers as Linux leaves them to user code: selectors are fixed, loads are checked and not kept. */
import type { I32 } from '../ir/block.ts';
import { VECTOR } from '../exit.ts';
import type { Int } from './int-builder.ts';
import type { Lifter } from './lifter.ts';
import type { Width } from './operands.ts';

export const CS = 1;
const SS = 2;
export const FS = 4;
export const GS = 5;

const USER_DATA = 0x2b;
/** User code and stack selectors, else null. ES CS SS DS FS GS. */
const SELECTORS = [0, 0x33, USER_DATA, 0, 0, 0];

/** What a move from the segment register reads. */
export function selector(b: Lifter, register: number, width: Width): Int {
  return b.int(width, SELECTORS[register]);
}

/** #GP unless the selector is null (not for SS) or that of user data. */
export function checkSelector(b: Lifter, register: number, value: I32): void {
  const isData = b.ir.eq32(value, b.const32(USER_DATA));
  const isNull = b.ir.leU32(value, b.const32(3));
  b.raiseIf(b.logicalNot(register === SS ? isData : b.ir.or32(isData, isNull)), VECTOR.GP);
}
