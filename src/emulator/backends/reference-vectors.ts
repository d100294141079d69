/** How the reference interpreter executes the vector and floating-point ops that are not pure. */
import { VECTOR } from '../exit.ts';
import { type FloatOutcome, runFloat } from '../ir/float-unit.ts';
import type { V128 } from '../ir/op-spec.ts';
import { STATE_OFFSET, STATE_VARIABLES } from '../ir/state-layout.ts';
import type { EffectMaker } from './reference-machine.ts';

const outcome: FloatOutcome = { mxcsr: 0, isTrapped: false };

export const VECTOR_EFFECTS = {
  get128: ({ machine, values, op, at }) => {
    const word = STATE_VARIABLES[op.imm].offset >> 2;
    return () => {
      const from = (machine.base >> 2) + word;
      values[at] = machine.i32.slice(from, from + 4);
      return false;
    };
  },
  set128: ({ machine, values, op, a }) => {
    const word = STATE_VARIABLES[op.imm].offset >> 2;
    return () => {
      machine.i32.set(values[a] as V128, (machine.base >> 2) + word);
      return false;
    };
  },
  load128:
    ({ machine, values, at, a }) =>
    () => {
      const from = machine.checkLoad(values[a] as bigint, 16);
      if (from < 0) return true;
      const lanes = new Int32Array(4);
      for (let i = 0; i < 4; i++) lanes[i] = machine.data.getInt32(from + 4 * i, true);
      values[at] = lanes;
      return false;
    },
  store128:
    ({ machine, values, a, b }) =>
    () => {
      const to = machine.checkStore(values[a] as bigint, 16);
      if (to < 0) return true;
      const lanes = values[b] as V128;
      for (let i = 0; i < 4; i++) machine.data.setInt32(to + 4 * i, lanes[i], true);
      return false;
    },
  checkRead: ({ machine, values, op, a }) => {
    const size = op.imm;
    return () => machine.checkLoad(values[a] as bigint, size) < 0;
  },
  float: ({ machine, values, op, at, a, b }) => {
    const operation = op.tag;
    const word = STATE_OFFSET.mxcsr >> 2;
    return () => {
      const index = (machine.base >> 2) + word;
      values[at] = runFloat(operation, machine.i32[index], values[a] as V128, values[b] as V128, outcome);
      machine.i32[index] = outcome.mxcsr;
      if (!outcome.isTrapped) return false;
      machine.fault(VECTOR.XM, machine.rip);
      return true;
    };
  },
} as const satisfies Record<string, EffectMaker>;
