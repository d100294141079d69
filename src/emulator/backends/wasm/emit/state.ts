/** State variables and flags: the frame knows where they are. */
import type { state } from '../../../ir/ops/state.ts';
import type { Emit } from '../ir-writer.ts';

export const STATE = {
  get64: (w, op) => w.readVariable(op.imm, 'i64'),
  get32: (w, op) => w.readVariable(op.imm, 'i32'),
  set64: (w, op) => w.writeVariable(op.imm, 'i64', () => w.push(op.args[0])),
  set32: (w, op) =>
    w.writeVariable(op.imm, 'i64', () => {
      w.push(op.args[0]);
      w.code.op('i64.extend_i32_u');
    }),
  setLow32: (w, op) => w.writeLow32(op.imm, () => w.push(op.args[0])),
  get128: (w, op) => w.readVariable(op.imm, 'v128'),
  set128: (w, op) => w.writeVariable(op.imm, 'v128', () => w.push(op.args[0])),
  setFlags32: (w, op) => w.setFlags(op),
  setFlags64: (w, op) => w.setFlags(op),
  setFlagsIf32: (w, op) => w.setFlagsIf(op),
  setFlagsIf64: (w, op) => w.setFlagsIf(op),
  getFlags: (w) => w.pushFlags(),
  condition: (w, op) => w.pushCondition(op),
} as const satisfies Record<keyof typeof state, Emit>;
