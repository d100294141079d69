/** SSE floating point. */
import type { Op } from '../../../ir/block.ts';
import type { float } from '../../../ir/ops/float.ts';
import { STATE_OFFSET, VARIABLE } from '../../../ir/state-layout.ts';
import type { Emit, IrWriter } from '../ir-writer.ts';

export const FLOAT = {
  float: (w, op) => softly(w, op),
} as const satisfies Record<keyof typeof float, Emit>;

/** By the host's soft float: any operation, any MXCSR. */
function softly(w: IrWriter, op: Op): void {
  const { code } = w;
  op.args.forEach((arg, i) => {
    const value = w.local(arg);
    w.pushState();
    code.localGet(value);
    code.memory('v128.store', STATE_OFFSET.scratch + 16 * i);
  });
  const mxcsr = code.newLocal('i32');
  w.readVariable(VARIABLE.mxcsr, 'i32');
  w.callFloat(op);
  code.localTee(mxcsr);
  code.i32(0);
  code.op('i32.lt_s');
  w.slowExitIf();
  w.writeVariable(VARIABLE.mxcsr, 'i32', () => code.localGet(mxcsr));
  code.release(mxcsr);
  w.pushState();
  code.memory('v128.load', STATE_OFFSET.scratch);
}
