/** Operands of scalar float operations, and the way to the host's soft float. */
import type { Op } from '../../../ir/block.ts';
import { STATE_OFFSET, VARIABLE } from '../../../ir/state-layout.ts';
import type { Opcode } from '../encoder/opcodes.ts';
import type { IrWriter } from '../ir-writer.ts';
import type { ScalarType } from './float-notes.ts';

const EXTRACT: Readonly<Record<ScalarType, Opcode>> = {
  f64: 'f64x2.extract_lane',
  f32: 'f32x4.extract_lane',
  i32: 'i32x4.extract_lane',
  i64: 'i64x2.extract_lane',
};

/** A local with lane 0 of a v128 value. */
export function scalarOf(w: IrWriter, value: Op, type: ScalarType): number {
  const known = w.floats.scalarOf(value, type);
  if (known !== undefined) return known;
  const local = w.code.newLocal(type);
  pushScalar(w, value, type);
  w.code.localSet(local);
  w.floats.setScalar(value, type, local);
  return local;
}

/** Pushes lane 0 of a v128 value. */
export function pushScalar(w: IrWriter, value: Op, type: ScalarType): void {
  if (pushNoted(w, value, type)) return;
  const low = type === 'f64' || type === 'f32' ? w.lowLane(value, type) : -1;
  if (low >= 0) return w.code.localGet(low);
  w.push(value);
  w.code.lane(EXTRACT[type], 0);
}

/** Pushes lane 0 from a noted local of the same size. @returns whether there was one */
function pushNoted(w: IrWriter, value: Op, type: ScalarType): boolean {
  const { code, floats } = w;
  for (const [from, conversions] of CONVERSIONS[type]) {
    const local = floats.scalarOf(value, from);
    if (local === undefined) continue;
    code.localGet(local);
    for (const conversion of conversions) code.op(conversion);
    return true;
  }
  return false;
}

/** Where a scalar can be had from, best first, and how. */
const CONVERSIONS: Readonly<Record<ScalarType, readonly (readonly [ScalarType, readonly Opcode[]])[]>> = {
  f64: [
    ['f64', []],
    ['i64', ['f64.reinterpret_i64']],
  ],
  f32: [
    ['f32', []],
    ['i64', ['i32.wrap_i64', 'f32.reinterpret_i32']],
  ],
  i32: [
    ['i32', []],
    ['f32', ['i32.reinterpret_f32']],
    ['i64', ['i32.wrap_i64']],
  ],
  i64: [
    ['i64', []],
    ['f64', ['i64.reinterpret_f64']],
  ],
};

const STORE: Readonly<Record<string, Opcode>> = {
  f64: 'f64.store',
  f32: 'f32.store',
  i32: 'i32.store',
  i64: 'i64.store',
  v128: 'v128.store',
};

/** An operand of the host's soft float. */
export interface HostOperand {
  readonly local: number;
  readonly type: ScalarType | 'v128';
}

/**
 * Has the host do operation op.tag on a and b, of which only so much is stored as it reads. The result lies in the scratch
 * area; the bar and MXCSR are as they must be.
 */
export function askHost(w: IrWriter, op: Op, operands: readonly (HostOperand | null)[]): void {
  const { code } = w;
  operands.forEach((operand, i) => {
    if (operand === null) return;
    w.pushState();
    code.localGet(operand.local);
    code.memory(STORE[operand.type], STATE_OFFSET.scratch + 16 * i);
  });
  const bar = w.floatBar();
  const after = code.newLocal('i32');
  w.readVariable(VARIABLE.mxcsr, 'i32');
  w.callFloat(op);
  code.localTee(after);
  code.i32(0);
  code.op('i32.lt_s');
  w.slowExitIf();
  w.pushState();
  code.localGet(after);
  code.memory('i32.store', STATE_OFFSET.mxcsr);
  code.localGet(bar);
  code.localGet(after);
  w.callRuntime('nextBar');
  code.localSet(bar);
  code.release(after);
}

/** Pushes the host's result. */
export function pushHostResult(w: IrWriter, load: Opcode): void {
  w.pushState();
  w.code.memory(load, STATE_OFFSET.scratch);
}
