/** Guest memory. Addresses are checked by the frame; what lies above 2 GiB is like any other. */
import type { Op } from '../../../ir/block.ts';
import type { memory } from '../../../ir/ops/memory.ts';
import type { Opcode } from '../encoder/opcodes.ts';
import type { Emit, IrWriter } from '../ir-writer.ts';

export const MEMORY = {
  load8: load('i32.load8_u', 1),
  load16: load('i32.load16_u', 2),
  load32: load('i32.load', 4),
  load64: load('i64.load', 8),
  load128: load('v128.load', 16),
  loadLow32: load('v128.load32_zero', 4),
  loadLow64: load('v128.load64_zero', 8),
  store8: store('i32.store8', 1),
  store16: store('i32.store16', 2),
  store32: store('i32.store', 4, 'f32'),
  store64: store('i64.store', 8, 'f64'),
  store128: store('v128.store', 16),
  checkRead: check,
  checkWrite: check,
  // One thread runs at a time, so a plain read-modify-write is indivisible.
  atomicUpdate32: (w, op) => update(w, op, 'i32', op.imm / 8),
  atomicUpdate64: (w, op) => update(w, op, 'i64', 8),
  compareExchange32: (w, op) => compareExchange(w, op, 'i32', op.imm / 8),
  compareExchange64: (w, op) => compareExchange(w, op, 'i64', 8),
} as const satisfies Record<keyof typeof memory, Emit>;

function load(name: Opcode, sizeBytes: number): Emit {
  return (w, op) => w.code.memory(name, w.address(op, sizeBytes));
}

function store(name: Opcode, sizeBytes: number, scalar?: 'f32' | 'f64'): Emit {
  return (w, op) => {
    const offset = w.address(op, sizeBytes);
    const float = scalar === undefined ? undefined : lowFloat(w, op.args[1], scalar);
    if (scalar !== undefined && float !== undefined) {
      w.code.localGet(float);
      w.code.memory(`${scalar}.store`, offset);
    } else {
      w.push(op.args[1]);
      w.code.memory(name, offset);
    }
  };
}

/** The local of a float whose bits the value is. */
function lowFloat(w: IrWriter, value: Op, type: 'f32' | 'f64'): number | undefined {
  const isLow = value.name === (type === 'f64' ? 'extract64' : 'extract32') && value.imm === 0;
  return isLow ? w.floats.scalarOf(value.args[0], type) : undefined;
}

function check(w: IrWriter, op: Op): void {
  w.address(op, op.imm);
  w.code.op('drop');
}

const LOADS: Readonly<Record<number, Opcode>> = { 1: 'i32.load8_u', 2: 'i32.load16_u', 4: 'i32.load', 8: 'i64.load' };
const STORES: Readonly<Record<number, Opcode>> = { 1: 'i32.store8', 2: 'i32.store16', 4: 'i32.store', 8: 'i64.store' };

function update(w: IrWriter, op: Op, type: 'i32' | 'i64', sizeBytes: number): void {
  const { code } = w;
  const address = code.newLocal('i32');
  const old = code.newLocal(type);
  const offset = w.address(op, sizeBytes);
  code.localTee(address);
  code.memory(LOADS[sizeBytes], offset);
  code.localSet(old);
  code.localGet(address);
  pushUpdated(w, op, type, old);
  code.memory(STORES[sizeBytes], offset);
  code.localGet(old);
  code.release(address);
  code.release(old);
}

const COMBINE: Readonly<Record<string, 'add' | 'and' | 'or' | 'xor'>> = {
  add: 'add',
  and: 'and',
  or: 'or',
  xor: 'xor',
};

function pushUpdated(w: IrWriter, op: Op, type: 'i32' | 'i64', old: number): void {
  const { code } = w;
  if (op.tag === 'exchange') w.push(op.args[1]);
  else if (op.tag === 'negate') {
    if (type === 'i32') code.i32(0);
    else code.i64(0);
    code.localGet(old);
    code.op(`${type}.sub`);
  } else {
    code.localGet(old);
    w.push(op.args[1]);
    code.op(`${type}.${COMBINE[op.tag]}`);
  }
}

function compareExchange(w: IrWriter, op: Op, type: 'i32' | 'i64', sizeBytes: number): void {
  const { code } = w;
  const [, expected, replacement] = op.args;
  // Before the `if`: what is written inside of it is not known after it.
  const stored = w.local(replacement);
  const address = code.newLocal('i32');
  const old = code.newLocal(type);
  const offset = w.address(op, sizeBytes);
  code.localTee(address);
  code.memory(LOADS[sizeBytes], offset);
  code.localTee(old);
  w.push(expected);
  code.op(`${type}.eq`);
  code.if();
  code.localGet(address);
  code.localGet(stored);
  code.memory(STORES[sizeBytes], offset);
  code.end();
  code.localGet(old);
  code.release(address);
  code.release(old);
}
