/** Segment registers as Linux leaves them to user code: selectors are fixed, loads are checked and not kept. */
import type { I32 } from '../ir/block.ts';
import { VECTOR } from '../exit.ts';
import type { Int } from './int-builder.ts';
import type { Lifter } from './lifter.ts';
import type { Operand, Width } from './operands.ts';

export const CS = 1;
export const SS = 2;
export const FS = 4;
export const GS = 5;

export const USER_CODE = 0x33;
const USER_DATA = 0x2b;
/** User code and stack selectors, else null. ES CS SS DS FS GS. */
const SELECTORS = [0, USER_CODE, USER_DATA, 0, 0, 0];

/** What a move from the segment register reads. */
export function selector(b: Lifter, register: number, width: Width): Int {
  return b.int(width, SELECTORS[register]);
}

/** Offset and selector at a far pointer in memory. */
export function loadFarPointer(b: Lifter, pointer: Operand): { readonly offset: Int; readonly selector: I32 } {
  const address = b.addressOf(pointer);
  const offset = b.load(b.width, address);
  return { offset, selector: b.low32(b.load(16, b.ir.add64(address, b.address(b.width / 8)))) };
}

/** Linux' descriptors that user code may load into data segments, as bits: null, code of 32 bits, data, code, CPU number. */
const LOADABLE = (1 << 0) | (1 << 4) | (1 << 5) | (1 << 6) | (1 << 15);

/** #GP unless the selector is one that Linux lets user code load; SS takes that of user data only. */
export function checkSelector(b: Lifter, register: number, value: I32): void {
  b.raiseIf(b.logicalNot(register === SS ? b.ir.eq32(value, b.const32(USER_DATA)) : isLoadable(b, value)), VECTOR.GP);
}

// Bits 3 and up are the number, bit 2 the local table, which is empty.
function isLoadable(b: Lifter, value: I32): I32 {
  const bit = b.ir.shr32(b.const32(LOADABLE), b.ir.shr32(value, b.const32(3)));
  const isGlobal = b.ir.eq32(b.ir.and32(value, b.const32(4)), b.const32(0));
  return b.ir.and32(b.ir.and32(bit, isGlobal), b.ir.leU32(value, b.const32(0x7f)));
}
