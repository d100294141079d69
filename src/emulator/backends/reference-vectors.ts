/** How the reference interpreter executes the vector and floating-point ops that are not pure. */
import { VECTOR } from '../exit.ts';
import { type FloatOutcome, runFloat } from '../ir/float-unit.ts';
import { STATE_OFFSET, STATE_VARIABLES } from '../ir/state-layout.ts';
import type { EffectMaker } from './reference-machine.ts';

const outcome: FloatOutcome = { mxcsr: 0, isTrapped: false };

/** `sizeBytes` of memory, zeros above. */
function loader(sizeBytes: 4 | 8 | 16): EffectMaker {
  return ({ machine, low, high, boxed, origin, at, a }) => {
    const result = at - origin;
    return () => {
      const from = machine.checkLoad(low[a], high[a], sizeBytes);
      if (from < 0) return true;
      const lanes = new Int32Array(4);
      for (let i = 0; i < sizeBytes / 4; i++) lanes[i] = machine.data.getInt32(from + 4 * i, true);
      boxed[result] = lanes;
      return false;
    };
  };
}

export const VECTOR_EFFECTS = {
  get128: ({ machine, boxed, origin, op, at }) => {
    const to = at - origin;
    const word = STATE_VARIABLES[op.imm].offset >> 2;
    return () => {
      const from = (machine.base >> 2) + word;
      boxed[to] = machine.i32.slice(from, from + 4);
      return false;
    };
  },
  set128: ({ machine, boxed, origin, op, a }) => {
    const value = a - origin;
    const word = STATE_VARIABLES[op.imm].offset >> 2;
    return () => {
      machine.i32.set(boxed[value], (machine.base >> 2) + word);
      return false;
    };
  },
  load128: loader(16),
  loadLow32: loader(4),
  loadLow64: loader(8),
  store128: ({ machine, low, high, boxed, origin, a, b }) => {
    const value = b - origin;
    return () => {
      const to = machine.checkStore(low[a], high[a], 16);
      if (to < 0) return true;
      const lanes = boxed[value];
      for (let i = 0; i < 4; i++) machine.data.setInt32(to + 4 * i, lanes[i], true);
      return false;
    };
  },
  checkRead: ({ machine, low, high, op, a }) => {
    const size = op.imm;
    return () => machine.checkLoad(low[a], high[a], size) < 0;
  },
  float: ({ machine, boxed, origin, op, at, a, b }) => {
    const [result, first, second] = [at - origin, a - origin, b - origin];
    const operation = op.tag;
    const word = STATE_OFFSET.mxcsr >> 2;
    return () => {
      const index = (machine.base >> 2) + word;
      boxed[result] = runFloat(operation, machine.i32[index], boxed[first], boxed[second], outcome);
      machine.i32[index] = outcome.mxcsr;
      if (!outcome.isTrapped) return false;
      machine.fault(VECTOR.XM, machine.rip);
      return true;
    };
  },
} as const satisfies Record<string, EffectMaker>;
