/**
 * How the reference interpreter executes the ops that are not pure. Each entry makes the closure of one op; a closure
 * returns true to leave the block: at an exit, or when `machine.exit` says why.
 */
import { HELPERS } from '../ir/helpers.ts';
import { conditionHolds, flagsCode, statusFlags } from '../ir/lazy-flags.ts';
import type { EffectOpName } from '../ir/ops.ts';
import { STATE_OFFSET, STATE_VARIABLES } from '../ir/state-layout.ts';
import { VECTOR } from '../exit.ts';
import { assert } from '../util/assert.ts';
import { joinHalves } from './halves.ts';
import type { EffectMaker, OpContext, ReferenceMachine, Step } from './reference-machine.ts';
import { repeatString } from './reference-strings.ts';
import { VECTOR_EFFECTS } from './reference-vectors.ts';

const runHelper: EffectMaker = ({ machine, low, op, at, a, b }) => {
  const helper = HELPERS.get(op.tag);
  assert(helper !== undefined, `reference: helper '${op.tag}'`);
  return () => {
    const { space, ports } = machine.services;
    low[at] = helper({ space, state: machine.base, ports }, low[a], low[b]);
    return false;
  };
};

export const EFFECTS = {
  ...VECTOR_EFFECTS,
  get64: ({ machine, low, high, op, at }) => {
    const word = STATE_VARIABLES[op.imm].offset >> 2;
    return () => {
      const index = (machine.base >> 2) + word;
      low[at] = machine.i32[index];
      high[at] = machine.i32[index + 1];
      return false;
    };
  },
  get32: ({ machine, low, op, at }) => {
    const word = STATE_VARIABLES[op.imm].offset >> 2;
    return () => {
      low[at] = machine.i32[(machine.base >> 2) + word];
      return false;
    };
  },
  set64: ({ machine, low, high, op, a }) => {
    const word = STATE_VARIABLES[op.imm].offset >> 2;
    return () => {
      const index = (machine.base >> 2) + word;
      machine.i32[index] = low[a];
      machine.i32[index + 1] = high[a];
      return false;
    };
  },
  set32: ({ machine, low, op, a }) => {
    const word = STATE_VARIABLES[op.imm].offset >> 2;
    return () => {
      const index = (machine.base >> 2) + word;
      machine.i32[index] = low[a];
      machine.i32[index + 1] = 0;
      return false;
    };
  },
  setLow32: ({ machine, low, op, a }) => {
    const word = STATE_VARIABLES[op.imm].offset >> 2;
    return () => {
      machine.i32[(machine.base >> 2) + word] = low[a];
      return false;
    };
  },
  setFlags32: ({ machine, low, op, a, b, c }) => {
    const code = flagsCode(op.tag, op.imm);
    return () => storeFlags32(machine, code, low[a], low[b], low[c]);
  },
  setFlags64: (context) => {
    const { machine, op, a, b, c } = context;
    const code = flagsCode(op.tag, 64);
    return () => storeFlags64(machine, code, context, a, b, c);
  },
  setFlagsIf32: ({ machine, low, op, a, b, c, d }) => {
    const code = flagsCode(op.tag, op.imm);
    return () => low[a] !== 0 && storeFlags32(machine, code, low[b], low[c], low[d]);
  },
  setFlagsIf64: (context) => {
    const { machine, low, op, a, b, c, d } = context;
    const code = flagsCode(op.tag, 64);
    return () => low[a] !== 0 && storeFlags64(machine, code, context, b, c, d);
  },
  getFlags:
    ({ machine, low, at }) =>
    () => {
      low[at] = flagsOf(machine);
      return false;
    },
  condition: ({ machine, low, op, at }) => {
    const condition = op.tag;
    return () => {
      low[at] = conditionHolds(condition, flagsOf(machine)) ? 1 : 0;
      return false;
    };
  },
  load8:
    ({ machine, low, high, at, a }) =>
    () => {
      const from = machine.checkLoad(low[a], high[a], 1);
      if (from < 0) return true;
      low[at] = machine.u8[from];
      return false;
    },
  load16:
    ({ machine, low, high, at, a }) =>
    () => {
      const from = machine.checkLoad(low[a], high[a], 2);
      if (from < 0) return true;
      low[at] = machine.data.getUint16(from, true);
      return false;
    },
  load32:
    ({ machine, low, high, at, a }) =>
    () => {
      const from = machine.checkLoad(low[a], high[a], 4);
      if (from < 0) return true;
      low[at] = machine.data.getInt32(from, true);
      return false;
    },
  load64:
    ({ machine, low, high, at, a }) =>
    () => {
      const from = machine.checkLoad(low[a], high[a], 8);
      if (from < 0) return true;
      low[at] = machine.data.getInt32(from, true);
      high[at] = machine.data.getInt32(from + 4, true);
      return false;
    },
  store8:
    ({ machine, low, high, a, b }) =>
    () => {
      const to = machine.checkStore(low[a], high[a], 1);
      if (to < 0) return true;
      machine.u8[to] = low[b];
      return false;
    },
  store16:
    ({ machine, low, high, a, b }) =>
    () => {
      const to = machine.checkStore(low[a], high[a], 2);
      if (to < 0) return true;
      machine.data.setInt16(to, low[b], true);
      return false;
    },
  store32:
    ({ machine, low, high, a, b }) =>
    () => {
      const to = machine.checkStore(low[a], high[a], 4);
      if (to < 0) return true;
      machine.data.setInt32(to, low[b], true);
      return false;
    },
  store64:
    ({ machine, low, high, a, b }) =>
    () => {
      const to = machine.checkStore(low[a], high[a], 8);
      if (to < 0) return true;
      machine.data.setInt32(to, low[b], true);
      machine.data.setInt32(to + 4, high[b], true);
      return false;
    },
  checkWrite: ({ machine, low, high, op, a }) => {
    const size = op.imm;
    return () => machine.checkStore(low[a], high[a], size) < 0;
  },
  atomicUpdate32: ({ machine, low, high, op, at, a, b }) => {
    const combine = combine32(op.tag);
    const size = op.imm / 8;
    return () => {
      const to = machine.checkStore(low[a], high[a], size);
      if (to < 0) return true;
      const old = loadInt(machine, to, size);
      low[at] = old;
      storeInt(machine, to, size, combine(old, low[b]));
      return false;
    };
  },
  atomicUpdate64: ({ machine, low, high, op, at, a, b }) => {
    const combine = combine64(op.tag);
    return () => {
      const to = machine.checkStore(low[a], high[a], 8);
      if (to < 0) return true;
      const old = machine.data.getBigUint64(to, true);
      const value = joinHalves(low[b], high[b]);
      low[at] = machine.data.getInt32(to, true);
      high[at] = machine.data.getInt32(to + 4, true);
      machine.data.setBigUint64(to, BigInt.asUintN(64, combine(old, value)), true);
      return false;
    };
  },
  compareExchange32: ({ machine, low, high, op, at, a, b, c }) => {
    const size = op.imm / 8;
    return () => {
      const to = machine.checkStore(low[a], high[a], size);
      if (to < 0) return true;
      const old = loadInt(machine, to, size);
      low[at] = old;
      if (old === low[b]) storeInt(machine, to, size, low[c]);
      return false;
    };
  },
  compareExchange64:
    ({ machine, low, high, at, a, b, c }) =>
    () => {
      const to = machine.checkStore(low[a], high[a], 8);
      if (to < 0) return true;
      const { data } = machine;
      const [oldLow, oldHigh] = [data.getInt32(to, true), data.getInt32(to + 4, true)];
      const isEqual = oldLow === low[b] && oldHigh === high[b];
      low[at] = oldLow;
      high[at] = oldHigh;
      if (!isEqual) return false;
      data.setInt32(to, low[c], true);
      data.setInt32(to + 4, high[c], true);
      return false;
    },
  instruction: ({ machine, op }) => {
    const rip = op.imm;
    return () => {
      if (machine.isCodeChanged) {
        machine.nextRip = rip;
        return true;
      }
      machine.rip = rip;
      machine.retired++;
      return false;
    };
  },
  raiseIf: ({ machine, low, op, a }) => {
    const vector = op.imm;
    return () => {
      if (low[a] === 0) return false;
      machine.fault(vector, machine.rip);
      return true;
    };
  },
  checkTarget:
    ({ machine, high, a }) =>
    () => {
      // Canonical: bits 47 to 63 are alike.
      const top = high[a] >> 15;
      if (top === 0 || top === -1) return false;
      machine.fault(VECTOR.GP, machine.rip);
      return true;
    },
  interpret: () => () => false,
  helper: runHelper,
  x87: runHelper,
  jump: ({ machine, op }) => goTo(machine, op.imm),
  redispatch: ({ machine, op }) => goTo(machine, op.imm),
  call: ({ machine, op }) => {
    const target = op.imm;
    return () => {
      machine.nextRip = target;
      machine.isFuelTested = true;
      return true;
    };
  },
  branch: ({ machine, low, op, a }) => {
    const { imm: target, imm2: next } = op;
    return () => {
      machine.nextRip = low[a] === 0 ? next : target;
      return true;
    };
  },
  jumpIndirect: (context) => goToValue(context),
  callIndirect: (context) => goToValue(context),
  ret: (context) => goToValue(context),
  repeatString,
  syscall: ({ machine, op }) => {
    const next = op.imm;
    return () => {
      machine.syscall(next);
      return true;
    };
  },
  raise: ({ machine, op }) => {
    const { imm: vector, imm2: rip } = op;
    return () => {
      machine.fault(vector, rip);
      return true;
    };
  },
  fetchFault: ({ machine, op }) => {
    const address = BigInt.asUintN(64, BigInt(op.imm));
    return () => {
      machine.fetchFault(address);
      return true;
    };
  },
} as const satisfies Record<EffectOpName, EffectMaker>;

function goTo(machine: ReferenceMachine, target: number): Step {
  return () => {
    machine.nextRip = target;
    return true;
  };
}

function goToValue({ machine, low, high, a }: OpContext): Step {
  return () => {
    machine.nextRip = high[a] * 0x1_0000_0000 + (low[a] >>> 0);
    machine.isFuelTested = true;
    return true;
  };
}

function storeFlags32(machine: ReferenceMachine, code: number, result: number, first: number, second: number): false {
  const at = (machine.base + STATE_OFFSET.flagsKind) >> 2;
  const { i32 } = machine;
  i32[at] = code;
  i32[at + 2] = result;
  i32[at + 4] = first;
  i32[at + 6] = second;
  return false;
}

function storeFlags64(
  { base, i32 }: ReferenceMachine,
  code: number,
  { low, high }: OpContext,
  result: number,
  first: number,
  second: number,
): false {
  const at = (base + STATE_OFFSET.flagsKind) >> 2;
  i32[at] = code;
  i32[at + 2] = low[result];
  i32[at + 3] = high[result];
  i32[at + 4] = low[first];
  i32[at + 5] = high[first];
  i32[at + 6] = low[second];
  i32[at + 7] = high[second];
  return false;
}

function flagsOf({ base, i32 }: ReferenceMachine): number {
  const at = (base + STATE_OFFSET.flagsKind) >> 2;
  return statusFlags(i32[at], i32[at + 2], i32[at + 3], i32[at + 4], i32[at + 5], i32[at + 6], i32[at + 7]);
}

function loadInt({ data, u8 }: ReferenceMachine, at: number, size: number): number {
  if (size === 1) return u8[at];
  return size === 2 ? data.getUint16(at, true) : data.getInt32(at, true);
}

function storeInt({ data, u8 }: ReferenceMachine, at: number, size: number, value: number): void {
  if (size === 1) u8[at] = value;
  else if (size === 2) data.setInt16(at, value, true);
  else data.setInt32(at, value, true);
}

type Combine<T> = (old: T, value: T) => T;

const COMBINE_32: Readonly<Record<string, Combine<number>>> = {
  add: (old, value) => (old + value) | 0,
  and: (old, value) => old & value,
  or: (old, value) => old | value,
  xor: (old, value) => old ^ value,
  exchange: (_old, value) => value,
  negate: (old) => -old | 0,
};

const COMBINE_64: Readonly<Record<string, Combine<bigint>>> = {
  add: (old, value) => old + value,
  and: (old, value) => old & value,
  or: (old, value) => old | value,
  xor: (old, value) => old ^ value,
  exchange: (_old, value) => value,
  negate: (old) => -old,
};

function combine32(operation: string): Combine<number> {
  const combine = COMBINE_32[operation];
  assert(combine !== undefined, `reference: atomic operation '${operation}'`);
  return combine;
}

function combine64(operation: string): Combine<bigint> {
  const combine = COMBINE_64[operation];
  assert(combine !== undefined, `reference: atomic operation '${operation}'`);
  return combine;
}
