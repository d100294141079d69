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
import type { EffectMaker, OpContext, ReferenceMachine, Step } from './reference-machine.ts';
import { repeatString } from './reference-strings.ts';
import { VECTOR_EFFECTS } from './reference-vectors.ts';

export const EFFECTS = {
  ...VECTOR_EFFECTS,
  get64: ({ machine, values, op, at }) => {
    const { offset } = STATE_VARIABLES[op.imm];
    return () => {
      values[at] = machine.data.getBigUint64(machine.base + offset, true);
      return false;
    };
  },
  get32: ({ machine, values, op, at }) => {
    const word = STATE_VARIABLES[op.imm].offset >> 2;
    return () => {
      values[at] = machine.i32[(machine.base >> 2) + word];
      return false;
    };
  },
  set64: ({ machine, values, op, a }) => {
    const { offset } = STATE_VARIABLES[op.imm];
    return () => {
      machine.data.setBigUint64(machine.base + offset, values[a] as bigint, true);
      return false;
    };
  },
  set32: ({ machine, values, op, a }) => {
    const word = STATE_VARIABLES[op.imm].offset >> 2;
    return () => {
      const index = (machine.base >> 2) + word;
      machine.i32[index] = values[a] as number;
      machine.i32[index + 1] = 0;
      return false;
    };
  },
  setLow32: ({ machine, values, op, a }) => {
    const word = STATE_VARIABLES[op.imm].offset >> 2;
    return () => {
      machine.i32[(machine.base >> 2) + word] = values[a] as number;
      return false;
    };
  },
  setFlags32: ({ machine, values, op, a, b, c }) => {
    const code = flagsCode(op.tag, op.imm);
    return () => storeFlags32(machine, code, values[a] as number, values[b] as number, values[c] as number);
  },
  setFlags64: ({ machine, values, op, a, b, c }) => {
    const code = flagsCode(op.tag, 64);
    return () => storeFlags64(machine, code, values[a] as bigint, values[b] as bigint, values[c] as bigint);
  },
  setFlagsIf32: ({ machine, values, op, a, b, c, d }) => {
    const code = flagsCode(op.tag, op.imm);
    return () =>
      values[a] !== 0 && storeFlags32(machine, code, values[b] as number, values[c] as number, values[d] as number);
  },
  setFlagsIf64: ({ machine, values, op, a, b, c, d }) => {
    const code = flagsCode(op.tag, 64);
    return () =>
      values[a] !== 0 && storeFlags64(machine, code, values[b] as bigint, values[c] as bigint, values[d] as bigint);
  },
  getFlags:
    ({ machine, values, at }) =>
    () => {
      values[at] = flagsOf(machine);
      return false;
    },
  condition: ({ machine, values, op, at }) => {
    const condition = op.tag;
    return () => {
      values[at] = conditionHolds(condition, flagsOf(machine)) ? 1 : 0;
      return false;
    };
  },
  load8:
    ({ machine, values, at, a }) =>
    () => {
      const from = machine.checkLoad(values[a] as bigint, 1);
      if (from < 0) return true;
      values[at] = machine.u8[from];
      return false;
    },
  load16:
    ({ machine, values, at, a }) =>
    () => {
      const from = machine.checkLoad(values[a] as bigint, 2);
      if (from < 0) return true;
      values[at] = machine.data.getUint16(from, true);
      return false;
    },
  load32:
    ({ machine, values, at, a }) =>
    () => {
      const from = machine.checkLoad(values[a] as bigint, 4);
      if (from < 0) return true;
      values[at] = machine.data.getInt32(from, true);
      return false;
    },
  load64:
    ({ machine, values, at, a }) =>
    () => {
      const from = machine.checkLoad(values[a] as bigint, 8);
      if (from < 0) return true;
      values[at] = machine.data.getBigUint64(from, true);
      return false;
    },
  store8:
    ({ machine, values, a, b }) =>
    () => {
      const to = machine.checkStore(values[a] as bigint, 1);
      if (to < 0) return true;
      machine.u8[to] = values[b] as number;
      return false;
    },
  store16:
    ({ machine, values, a, b }) =>
    () => {
      const to = machine.checkStore(values[a] as bigint, 2);
      if (to < 0) return true;
      machine.data.setInt16(to, values[b] as number, true);
      return false;
    },
  store32:
    ({ machine, values, a, b }) =>
    () => {
      const to = machine.checkStore(values[a] as bigint, 4);
      if (to < 0) return true;
      machine.data.setInt32(to, values[b] as number, true);
      return false;
    },
  store64:
    ({ machine, values, a, b }) =>
    () => {
      const to = machine.checkStore(values[a] as bigint, 8);
      if (to < 0) return true;
      machine.data.setBigUint64(to, values[b] as bigint, true);
      return false;
    },
  checkWrite: ({ machine, values, op, a }) => {
    const size = op.imm;
    return () => machine.checkStore(values[a] as bigint, size) < 0;
  },
  atomicUpdate32: ({ machine, values, op, at, a, b }) => {
    const combine = combine32(op.tag);
    const size = op.imm / 8;
    return () => {
      const to = machine.checkStore(values[a] as bigint, size);
      if (to < 0) return true;
      const old = loadInt(machine, to, size);
      values[at] = old;
      storeInt(machine, to, size, combine(old, values[b] as number));
      return false;
    };
  },
  atomicUpdate64: ({ machine, values, op, at, a, b }) => {
    const combine = combine64(op.tag);
    return () => {
      const to = machine.checkStore(values[a] as bigint, 8);
      if (to < 0) return true;
      const old = machine.data.getBigUint64(to, true);
      values[at] = old;
      machine.data.setBigUint64(to, BigInt.asUintN(64, combine(old, values[b] as bigint)), true);
      return false;
    };
  },
  compareExchange32: ({ machine, values, op, at, a, b, c }) => {
    const size = op.imm / 8;
    return () => {
      const to = machine.checkStore(values[a] as bigint, size);
      if (to < 0) return true;
      const old = loadInt(machine, to, size);
      values[at] = old;
      if (old === values[b]) storeInt(machine, to, size, values[c] as number);
      return false;
    };
  },
  compareExchange64:
    ({ machine, values, at, a, b, c }) =>
    () => {
      const to = machine.checkStore(values[a] as bigint, 8);
      if (to < 0) return true;
      const old = machine.data.getBigUint64(to, true);
      values[at] = old;
      if (old === values[b]) machine.data.setBigUint64(to, values[c] as bigint, true);
      return false;
    },
  instruction: ({ machine, op }) => {
    const rip = op.imm;
    return () => {
      machine.rip = rip;
      if (machine.isCodeChanged) {
        machine.nextRip = rip;
        return true;
      }
      machine.retired++;
      return false;
    };
  },
  raiseIf: ({ machine, values, op, a }) => {
    const vector = op.imm;
    return () => {
      if (values[a] === 0) return false;
      machine.fault(vector, machine.rip);
      return true;
    };
  },
  checkTarget:
    ({ machine, values, a }) =>
    () => {
      const target = values[a] as bigint;
      if (BigInt.asIntN(48, target) === BigInt.asIntN(64, target)) return false;
      machine.fault(VECTOR.GP, machine.rip);
      return true;
    },
  helper: ({ machine, values, op, at, a, b }) => {
    const helper = HELPERS.get(op.tag);
    assert(helper !== undefined, `reference: helper '${op.tag}'`);
    return () => {
      const { space, ports } = machine.services;
      values[at] = helper({ space, state: machine.base, ports }, values[a] as number, values[b] as number);
      return false;
    };
  },
  jump: ({ machine, op }) => goTo(machine, op.imm),
  call: ({ machine, op }) => goTo(machine, op.imm),
  branch: ({ machine, values, op, a }) => {
    const { imm: target, imm2: next } = op;
    return () => {
      machine.nextRip = values[a] === 0 ? next : target;
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

function goToValue({ machine, values, a }: OpContext): Step {
  return () => {
    machine.nextRip = Number(BigInt.asIntN(64, values[a] as bigint));
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

function storeFlags64(machine: ReferenceMachine, code: number, result: bigint, first: bigint, second: bigint): false {
  const at = machine.base + STATE_OFFSET.flagsKind;
  machine.i32[at >> 2] = code;
  machine.data.setBigUint64(at + 8, result, true);
  machine.data.setBigUint64(at + 16, first, true);
  machine.data.setBigUint64(at + 24, second, true);
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
