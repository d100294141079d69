/** REP strings in regions: the registers that they work on go to the state and come back. */
import type { Op } from '../../../ir/block.ts';
import type { IrWriter } from '../ir-writer.ts';
import type { StringCall } from '../string-runtime.ts';
import type { VariableLocals } from './variable-locals.ts';

const RAX = 0;
/** RCX, RSI, RDI: all of them travel as parameters. */
const CHANGED: readonly number[] = [1, 6, 7];

/** Executes the op and pushes its outcome. DF lies in the state already, and flags if the op sets them. */
export function writeStringCall(w: IrWriter, op: Op, { name, how }: StringCall, locals: VariableLocals): void {
  const { code } = w;
  locals.spillPassed([RAX, ...CHANGED]);
  w.pushState();
  w.push(op.args[0]);
  code.i32(how);
  w.callRuntime(name);
  locals.loadPassed(CHANGED);
}
