/** Boundaries, ways to fault, helpers and exits. */
import type { control } from '../../../ir/ops/control.ts';
import type { Emit } from '../ir-writer.ts';

export const CONTROL = {
  instruction: (w, op) => w.beginInstruction(op),
  raiseIf: (w, op) => {
    w.push(op.args[0]);
    w.slowExitIf();
  },
  // Guest addresses lie below 4 GiB: what has a high half is for the reference interpreter, canonical or not.
  checkTarget: (w, op) => {
    w.push(op.args[0]);
    w.code.i64(-1, 0);
    w.code.op('i64.gt_u');
    w.slowExitIf();
  },
  interpret: (w) => {
    w.code.i32(1);
    w.slowExitIf();
  },
  helper: (w, op) => w.callHelper(op),
  x87: (w, op) => w.callX87(op),
  jump: (w, op) => w.jump(op),
  branch: (w, op) => w.branch(op),
  jumpIndirect: (w, op) => w.jumpIndirect(op),
  call: (w, op) => w.call(op),
  callIndirect: (w, op) => w.callIndirect(op),
  ret: (w, op) => w.ret(op),
  syscall: (w, op) => w.syscall(op),
  redispatch: (w, op) => w.redispatch(op),
  repeatString: (w, op) => w.repeatString(op),
  raise: (w) => w.slowExit(),
  fetchFault: (w) => w.slowExit(),
} as const satisfies Record<keyof typeof control, Emit>;
