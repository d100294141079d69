/** Vector operands for the rows of this folder: reading, writing, alignment, and shuffles by lanes. */
import { VECTOR } from '../../../exit.ts';
import type { I32, I64, Value } from '../../../ir/block.ts';
import { above } from '../../../ir/field.ts';
import { formatLanes } from '../../../ir/ops/vector.ts';
import { VARIABLE } from '../../../ir/state-layout.ts';
import { assert } from '../../../util/assert.ts';
import { type Int, as32, as64 } from '../../int-builder.ts';
import type { Lifter } from '../../lifter.ts';
import type { Operand, Width } from '../../operands.ts';

export type Vector = Value<'v128'>;

/** The zero of a shuffle's lane list. */
export const ZERO_BYTE = 32;

export function getXmm(b: Lifter, register: number): Vector {
  return b.ir.get128(above(VARIABLE.xmm0, register));
}

export function setXmm(b: Lifter, operand: Operand, value: Vector): void {
  assert(operand.kind === 'xmm', `sse: ${operand.kind} operand written as a vector`);
  b.ir.set128(value, above(VARIABLE.xmm0, operand.register));
}

/** #GP unless the address is a multiple of 16: 128-bit memory operands but for the moves that say unaligned. */
export function checkAlignment(b: Lifter, address: I64): I64 {
  b.raiseIf(b.ir.and32(b.ir.low32(address), b.const32(15)), VECTOR.GP);
  return address;
}

/** The operand's 128, 64, 32, 16 or 8 bits, zeros above when it lies in memory; all of the register otherwise. */
export function readVector(b: Lifter, operand: Operand): Vector {
  if (operand.kind === 'xmm') return getXmm(b, operand.register);
  assert(operand.kind === 'memory', `sse: ${operand.kind} operand read as a vector`);
  const address = b.addressOf(operand);
  if (operand.width === 128) return b.ir.load128(checkAlignment(b, address));
  if (operand.width === 64) return b.ir.loadLow64(address);
  if (operand.width === 32) return b.ir.loadLow32(address);
  return b.ir.zext64(b.unsigned64(b.load(operand.width as Width, address)));
}

/** The same, but 128 bits of memory may lie anywhere. */
export function readUnaligned(b: Lifter, operand: Operand): Vector {
  if (operand.kind === 'memory' && operand.width === 128) return b.ir.load128(b.addressOf(operand));
  return readVector(b, operand);
}

/** The low 32 or 64 bits of a vector. */
export function lowInt(b: Lifter, value: Vector, width: 32 | 64): Int {
  return width === 64 ? b.fromI64(b.ir.extract64(value, 0)) : b.fromI32(32, b.ir.extract32(value, 0));
}

/** An integer, zero-extended to 128 bits. */
export function fromInt(b: Lifter, value: Int): Vector {
  return b.ir.zext64(b.unsigned64(value));
}

/** The low 32 or 64 bits replaced. */
export function withLow(b: Lifter, value: Vector, low: Int): Vector {
  return low.width === 64 ? b.ir.replace64(value, as64(low), 0) : b.ir.replace32(value, as32(low), 0);
}

export function zeroVector(b: Lifter): Vector {
  return b.ir.splat32(b.const32(0));
}

/** Lanes of `laneBytes` bytes picked from c:a, lane numbers as in shuffle8x16 but counted in lanes. */
export function shuffleLanes(b: Lifter, a: Vector, c: Vector, laneBytes: number, lanes: readonly number[]): Vector {
  const bytes = lanes.flatMap((lane) => Array.from({ length: laneBytes }, (_, i) => lane * laneBytes + i));
  return b.ir.shuffle8x16(a, c, formatLanes(bytes));
}

/** An unsigned immediate byte. */
export function immediate(operand: Operand | undefined): number {
  assert(operand?.kind === 'immediate', 'sse: immediate operand expected');
  return operand.low & 0xff;
}

/** The low 64 bits of a vector as a shift count: those above 255 become 255, which shifts everything out. */
export function shiftCount(b: Lifter, count: Vector): I32 {
  const low = b.ir.extract32(count, 0);
  const isSmall = b.ir.and32(b.ir.ltU32(low, b.const32(255)), b.ir.eq32(b.ir.extract32(count, 1), b.const32(0)));
  return b.ir.select32(isSmall, low, b.const32(255));
}
