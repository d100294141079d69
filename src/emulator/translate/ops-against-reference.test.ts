import { describe, expect, it } from 'vitest';
import type { Block, Op } from '../ir/block.ts';
import { IrBuilder } from '../ir/builder.ts';
import type { ValueType } from '../ir/op-spec.ts';
import { OP_NAMES, OPS, specOf } from '../ir/ops.ts';
import { STATE_OFFSET, STATE_SIZE } from '../ir/state-layout.ts';
import { CODE, comparable, DATA, irMachine, runIr } from '../testing/ir-machine.ts';
import { Random } from '../testing/random.ts';

const CONDITIONS = ['o', 'no', 'b', 'ae', 'e', 'ne', 'be', 'a', 's', 'ns', 'p', 'np', 'l', 'ge', 'le', 'g'];
const KINDS = ['bits', 'add', 'adc', 'sub', 'sbb', 'logic', 'inc', 'dec', 'shl', 'shr', 'sar', 'mul'];
const FLOATS = ['addF64x2', 'mulF32x4', 'divF64', 'sqrtF32', 'minF64x2'];
const EDGES = [0, 1, -1, 2, 0x7fffffff, -0x80000000, 0xff, 0x80, 0x8000, 0xffff, 31, 32, 33, 63, 64];

/** Grows a block of random ops whose arguments are any earlier values of the right type. */
class RandomBlock {
  readonly b = new IrBuilder();
  readonly #random: Random;
  readonly #values: Record<string, Op[]> = { i32: [], i64: [], v128: [] };

  constructor(random: Random) {
    this.#random = random;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.#random.below(from.length)];
  }

  number(): number {
    return this.#random.below(2) === 0 ? this.pick(EDGES) : this.#random.u32() | 0;
  }

  value(type: ValueType): Op {
    const known = this.#values[type];
    if (known.length > 0 && this.#random.below(8) !== 0) return this.pick(known.slice(-12));
    const ops = this.b as unknown as Record<string, (...values: unknown[]) => Op>;
    const register = this.#random.below(16);
    let op: Op;
    if (type === 'i32') op = this.#random.below(2) === 0 ? ops['const32'](this.number()) : ops['get32'](register);
    else if (type === 'i64') {
      op = this.#random.below(2) === 0 ? ops['const64'](this.number(), this.number()) : ops['get64'](register);
    } else op = ops['get128'](22 + register);
    this.#values[type].push(op);
    return op;
  }

  address(): Op {
    const { b } = this;
    const bits = b.and64(this.value('i64') as never, b.const64(0x1fff, 0));
    return b.add64(bits, b.const64(DATA, 0));
  }

  /** Backends make the first operand of a sum of the others: the result must be one. */
  #makeSum(args: Op[]): void {
    const [first, second] = args.slice(-2);
    const isWide = first.type === 'i64';
    args[args.length - 3] = isWide
      ? this.b.add64(first as never, second as never)
      : this.b.add32(first as never, second as never);
  }

  append(name: string): void {
    const spec = specOf(name as never);
    const args = spec.args.map((type, i) =>
      i === 0 && (spec.effects === 'load' || spec.effects === 'store') ? this.address() : this.value(type),
    );
    const attributes = spec.attributes.map((attribute) => {
      if (attribute === 'variable') return name.includes('128') ? 22 + this.#random.below(16) : this.#random.below(16);
      if (attribute === 'condition') return this.pick(CONDITIONS);
      if (attribute === 'flagsKind') return this.pick(KINDS);
      if (attribute === 'operation')
        return name === 'float' ? this.pick(FLOATS) : this.pick(['add', 'and', 'or', 'xor', 'exchange', 'negate']);
      if (attribute === 'width') return this.pick([8, 16, 32]);
      if (attribute === 'lane') return this.#random.below(name.includes('64') ? 2 : 4);
      if (attribute === 'length') return 8;
      if (attribute === 'lanes')
        return Array.from({ length: 16 }, () => this.#random.below(33).toString(16).padStart(2, '0')).join('');
      return this.number();
    });
    if (name.startsWith('setFlags') && ['shl', 'shr', 'sar'].includes(attributes[0] as string)) {
      args[args.length - 1] = name.endsWith('32')
        ? this.b.const32(1 + this.#random.below(31))
        : this.b.const64(1 + this.#random.below(63), 0);
    }
    if (name.startsWith('setFlags') && attributes[0] === 'add') this.#makeSum(args);
    const ops = this.b as unknown as Record<string, (...values: unknown[]) => Op>;
    const op = ops[name](...args, ...attributes);
    if (spec.result !== 'none') this.#values[spec.result].push(op);
  }
}

const STRAIGHT = OP_NAMES.filter((name) => {
  const { effects } = OPS[name];
  return ['none', 'read', 'write', 'load', 'store'].includes(effects);
});

/** The one instruction of a block writes state before its last op, so no op may leave: WebAssembly's floats may. */
const NAMES = { js: [...STRAIGHT, 'float'], wasm: STRAIGHT } as const;

function randomBlock(random: Random, focus: string, names: readonly string[]): Block {
  const made = new RandomBlock(random);
  made.b.instruction(CODE, 3);
  for (let i = 0; i < 12; i++) {
    made.append(i % 3 === 0 ? focus : made.pick(names));
    // Every value must be seen: some end in registers.
    made.b.set64(made.value('i64') as never, random.below(16));
    made.b.set32(made.value('i32') as never, random.below(16));
    if (random.below(3) === 0) made.b.set128(made.value('v128') as never, 22 + random.below(16));
  }
  made.b.jump(CODE + 0x100);
  return { rip: CODE, sizeBytes: 3, instructionCount: 1, ops: made.b.ops };
}

function randomState(random: Random): Uint8Array {
  const state = new Uint8Array(STATE_SIZE);
  const words = new Int32Array(state.buffer);
  for (let i = 0; i < STATE_OFFSET.scratch / 4; i++)
    words[i] = random.below(3) === 0 ? EDGES[random.below(EDGES.length)] : random.u32() | 0;
  // With PE set: else floats may leave the block for the reference in the midst of what is one instruction here.
  words[STATE_OFFSET.mxcsr / 4] = 0x1fa0;
  words[STATE_OFFSET.systemFlags / 4] &= ~0x100; // TF
  words[STATE_OFFSET.flagsKind / 4] = 32;
  return state;
}

describe.each(['js', 'wasm'] as const)('engine %s', (engine) => {
  it.each(NAMES[engine])('%s gives what the reference gives, among random other ops', (name) => {
    for (let seed = 1; seed <= 25; seed++) {
      const random = new Random(seed * 7919 + name.length);
      const blocks = new Map([[CODE, randomBlock(random, name, NAMES[engine])]]);
      const state = randomState(random);
      const expected = runIr(irMachine(blocks, 'reference'), state, CODE);
      const machine = irMachine(blocks, engine);
      const actual = runIr(machine, state, CODE);
      expect(machine.counters.regionsCompiled).toBeGreaterThan(0);
      expect(machine.counters.modulesRefused).toBe(0);
      expect(actual.exit, `seed ${seed}`).toEqual(expected.exit);
      expect(comparable(actual.state), `seed ${seed}`).toEqual(comparable(expected.state));
      expect(Buffer.compare(actual.data, expected.data), `memory, seed ${seed}`).toBe(0);
      expect(actual.retired, `seed ${seed}`).toBe(expected.retired);
    }
  });
});
