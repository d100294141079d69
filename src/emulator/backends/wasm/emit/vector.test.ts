import { describe, expect, it } from 'vitest';
import type { Op } from '../../../ir/block.ts';
import type { V128, ValueType } from '../../../ir/op-spec.ts';
import { formatLanes, vector } from '../../../ir/ops/vector.ts';
import { specOf } from '../../../ir/ops.ts';
import { Random } from '../../../testing/random.ts';
import { CodeWriter } from '../encoder/code-writer.ts';
import { ModuleWriter } from '../encoder/module-writer.ts';
import type { IrWriter } from '../ir-writer.ts';
import { FloatNotes } from './float-notes.ts';
import { VECTOR } from './vector.ts';

type Name = keyof typeof vector;
type Value = V128 | number | bigint;

const LOAD = { i32: 'i32.load', i64: 'i64.load', v128: 'v128.load', f32: 'f32.load', f64: 'f64.load' } as const;
const STORE = { i32: 'i32.store', i64: 'i64.store', v128: 'v128.store', f32: 'f32.store', f64: 'f64.store' } as const;

// oxfmt-ignore
const LANES = [
  0, 1, -1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, -0x80000000, 0x80808080 | 0, 0x7f7f7f7f, 0x80008000 | 0,
  0x7fff7fff, 0x7fff8000, 0x8000ffff | 0, 0x00ff00ff, 0xff00ff00 | 0, 0x01010101, 0x0000ffff, 0x80007fff | 0,
];
const COUNTS = [0, 1, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 255];

const memory = new WebAssembly.Memory({ initial: 1, maximum: 0x1_0000 });
const bytes = new Uint8Array(memory.buffer);
const data = new DataView(memory.buffer);

function argument(type: ValueType, at: number, constant: number | null): Op {
  return {
    name: constant === null ? 'get64' : 'const32',
    type,
    args: [],
    imm: constant ?? at,
    imm2: 0,
    tag: '',
    id: at,
  };
}

/** A function of no arguments that computes `name` from memory at 0 and 16 to memory at 64. */
function compile(
  name: Name,
  imm: number,
  tag: string,
  constants: readonly (number | null)[],
  isSame: boolean,
): () => void {
  const { args, result } = specOf(name);
  const module = new ModuleWriter();
  const type = module.type([], []);
  module.importMemory('host', 'memory');
  const code = new CodeWriter([]);
  const operands = args.map((arg, i) => argument(arg, 16 * i, constants[i] ?? null));
  if (isSame) operands[1] = operands[0];
  const push = (op: Op): void => {
    if (op.name === 'const32') return code.i32(op.imm);
    code.i32(op.imm);
    code.memory(LOAD[op.type as ValueType]);
  };
  const writer: Partial<IrWriter> = {
    code,
    floats: new FloatNotes(code),
    lowLane: () => -1,
    push,
    constant: (op) => (op.name === 'const32' ? op.imm : null),
    local(op) {
      const local = code.newLocal(op.type as ValueType);
      push(op);
      code.localSet(local);
      return local;
    },
  };
  code.i32(64);
  VECTOR[name](writer as IrWriter, { name, type: result, args: operands, imm, imm2: 0, tag, id: 9 });
  code.memory(STORE[result as ValueType]);
  const index = module.declare(type);
  module.define(index, code.finish());
  module.export('run', index);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), { host: { memory } });
  return instance.exports['run'] as () => void;
}

function randomValue(random: Random, type: ValueType): Value {
  const word = (): number => (random.oneIn(2) ? random.pick(LANES) : random.u32() | 0);
  if (type === 'v128') return Int32Array.of(word(), word(), word(), word());
  if (type === 'i64') return random.u64();
  return random.oneIn(2) ? random.pick(COUNTS) : word();
}

function place(value: Value, at: number): void {
  if (typeof value === 'number') data.setInt32(at, value, true);
  else if (typeof value === 'bigint') data.setBigUint64(at, value, true);
  else bytes.set(new Uint8Array(value.buffer), at);
}

function read(type: ValueType): Value {
  if (type === 'i32') return data.getInt32(64, true);
  return type === 'i64' ? data.getBigUint64(64, true) : new Int32Array(bytes.slice(64, 80).buffer);
}

interface Variant {
  readonly imm: number;
  readonly tag: string;
  readonly constants: readonly (number | null)[];
  readonly isSame: boolean;
}

function shuffles(random: Random): string[] {
  const any = (count: number): string => formatLanes(Array.from({ length: 16 }, () => random.below(count)));
  return [any(33), any(32), any(16), any(33), formatLanes(Array.from({ length: 16 }, () => 32)),
    formatLanes(Array.from({ length: 16 }, () => 16 + random.below(17))),
    formatLanes(Array.from({ length: 16 }, (_, i) => (random.oneIn(2) ? 32 : i)))]; // oxfmt-ignore
}

function variantsOf(name: Name, random: Random): Variant[] {
  const { args, attributes } = specOf(name);
  const plain = { imm: 0, tag: '', constants: [], isSame: false };
  if (attributes[0] === 'lanes') return shuffles(random).map((tag) => ({ ...plain, tag }));
  if (attributes[0] === 'lane')
    return [0, 1, 2, 3].slice(0, name.includes('64') ? 2 : 4).map((imm) => ({ ...plain, imm }));
  const counts = args[1] === 'i32' ? COUNTS.map((count) => ({ ...plain, constants: [null, count] })) : [];
  const same = args[0] === args[1] ? [{ ...plain, isSame: true }] : [];
  return [plain, ...counts, ...same];
}

describe('vector ops in WebAssembly', () => {
  it.each(Object.keys(vector) as Name[])('%s gives what its meaning says', (name) => {
    const random = new Random(name.length * 31 + 7);
    const { args, result, meaning } = specOf(name);
    for (const variant of variantsOf(name, random)) {
      const run = compile(name, variant.imm, variant.tag, variant.constants, variant.isSame);
      for (let round = 0; round < 200; round++) {
        const values = args.map((type, i) => variant.constants[i] ?? randomValue(random, type));
        if (variant.isSame) values[1] = values[0];
        values.forEach((value, i) => place(value, 16 * i));
        run();
        const attribute = variant.tag === '' ? variant.imm : variant.tag;
        const expected = (meaning as unknown as (...all: unknown[]) => Value)(...values, attribute);
        expect(read(result as ValueType), `${JSON.stringify(variant)} of ${values.join(' | ')}`).toEqual(expected);
      }
    }
  });
});
