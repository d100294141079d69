/**
 * Loops that walk through pages of which some may not be read or written: forward, backward, by a register, with accesses
 * that not every turn makes. Tests of permissions are made in front of them (backends/wasm/frame/loop-windows.ts); where
 * they end, with which fault, state and fuel, is as on the reference interpreter.
 */
import { describe, expect, it } from 'vitest';
import { exitOf, type Block } from '../ir/block.ts';
import { loopWindows } from '../backends/wasm/frame/loop-windows.ts';
import { graphOf } from '../backends/region/region.ts';
import { shapeOf } from '../backends/region/structure.ts';
import { IrBuilder } from '../ir/builder.ts';
import { STATE_OFFSET, STATE_SIZE } from '../ir/state-layout.ts';
import { verifyBlock } from '../ir/verify.ts';
import { CODE, comparable, DATA, irMachine, type IrMachine, runIr } from '../testing/ir-machine.ts';
import { Random } from '../testing/random.ts';

const STEP = 0x100;
const PAGE = 0x1000;
const END = CODE + 0x800;
const [COUNTER, POINTER, OTHER, INDEX, STRIDE, DATUM, TABLE, ROUNDS] = [0, 1, 3, 5, 8, 9, 10, 11];

/** Writes one instruction, the same each time. */
type Instruction = (b: IrBuilder) => void;

/** The blocks of a stretch of code: one from each of its instructions on. */
function add(blocks: Map<number, Block>, rip: number, code: readonly Instruction[]): void {
  for (let i = 0; i < code.length; i++) {
    const b = new IrBuilder();
    for (let j = i; j < code.length; j++) {
      b.instruction(rip + 4 * j, 4);
      code[j]?.(b);
    }
    const instructionCount = code.length - i;
    const block = { rip: rip + 4 * i, sizeBytes: 4 * instructionCount, instructionCount, ops: b.ops };
    expect(verifyBlock(block)).toEqual([]);
    blocks.set(block.rip, block);
  }
}

/** Loads or stores near a register, or by the index. */
function access(random: Random): Instruction {
  const [register, shift, offset] = [random.pick([POINTER, POINTER, OTHER]), random.below(4), random.below(40) - 20];
  const [isIndexed, isStore, isWide, setsFlags, isInTable] = [3, 2, 2, 2, 4].map((count) => random.oneIn(count));
  const mask = random.pick([0x3f, 0xff, 0x7f0]);
  return (b) => {
    const part = b.zext32(b.and32(b.low32(b.get64(DATUM)), b.const32(mask)));
    const base = isInTable ? b.add64(b.get64(TABLE), part) : b.get64(register);
    const moved = isIndexed ? b.add64(base, b.shl64(b.get64(INDEX), b.const32(shift))) : base;
    const address = b.add64(moved, b.const64(offset, offset >> 31));
    if (isStore) {
      if (isWide) b.store32(address, b.low32(b.get64(COUNTER)));
      else b.store16(address, b.low32(b.get64(DATUM)));
      return;
    }
    const value = isWide ? b.load64(address) : b.zext32(b.load8(address));
    const first = b.get64(DATUM);
    const sum = b.add64(first, value);
    b.set64(sum, DATUM);
    if (setsFlags) b.setFlags64(sum, first, value, 'add');
  };
}

function some(random: Random, most: number): readonly Instruction[] {
  return Array.from({ length: random.below(most + 1) }, () => access(random));
}

function move(random: Random, register: number): Instruction {
  const step = random.pick([1, 2, 4, 8, 8, 24, 48, 300, -1, -4, -8, -40]);
  const [isByRegister, setsFlags] = [random.oneIn(4), random.oneIn(2)];
  return (b) => {
    const [value, by] = [b.get64(register), isByRegister ? b.get64(STRIDE) : b.const64(step, step >> 31)];
    const sum = b.add64(value, by);
    b.set64(sum, register);
    if (setsFlags) b.setFlags64(sum, value, by, 'add');
  };
}

const count: Instruction = (b) => {
  const before = b.get64(COUNTER);
  const left = b.sub64(before, b.const64(1, 0));
  b.set64(left, COUNTER);
  b.setFlags64(left, before, b.const64(1, 0), 'sub');
};

/** An element of an array, by an index of six bits. */
const look: Instruction = (b) => {
  const part = b.zext32(b.and32(b.low32(b.get64(COUNTER)), b.const32(0x3f)));
  b.set64(b.load64(b.add64(b.get64(TABLE), part)), DATUM);
};

/** A head, a block that some turns leave out, and a block that moves, counts and jumps back. */
function randomLoop(random: Random): Map<number, Block> {
  const blocks = new Map<number, Block>();
  const [head, aside, latch, outer] = [1, 2, 3, 4].map((i) => CODE + i * STEP);
  const enter: Instruction = (b) => {
    b.setFlags32(b.low32(b.get64(DATUM)), b.const32(0), b.const32(0), 'logic', 32);
    b.jump(head);
  };
  const [decider, taken] = [random.pick([COUNTER, DATUM]), random.oneIn(4) ? END : aside];
  const isStraight = random.oneIn(3);
  const choose: Instruction = (b) => {
    if (isStraight) b.jump(latch);
    else b.branch(b.ne64(b.and64(b.get64(decider), b.const64(1, 0)), b.const64(0, 0)), taken, latch);
  };
  const moves = [POINTER, OTHER, INDEX].filter(() => !random.oneIn(4)).map((register) => move(random, register));
  const goBack: Instruction = (b) => b.branch(b.ne64(b.get64(COUNTER), b.const64(0, 0)), head, outer);
  const again: Instruction = (b) => {
    const left = b.sub64(b.get64(ROUNDS), b.const64(1, 0));
    b.set64(left, ROUNDS);
    b.set64(b.const64(40, 0), COUNTER);
    b.branch(b.ne64(left, b.const64(0, 0)), head, END);
  };
  add(blocks, CODE, [enter]);
  add(blocks, head, [...some(random, 3), choose]);
  add(blocks, aside, [...some(random, 2), (b) => b.jump(latch)]);
  add(blocks, latch, [...some(random, 2), ...moves, count, goBack]);
  add(blocks, outer, [...some(random, 1), again]);
  return blocks;
}

function startState(random: Random): Uint8Array {
  const state = new Uint8Array(STATE_SIZE);
  const words = new Int32Array(state.buffer);
  for (let i = 0; i < 32; i++) words[i] = random.u32() | 0;
  const set = (register: number, value: number): void =>
    new DataView(state.buffer).setBigInt64(8 * register, BigInt(value), true);
  set(COUNTER, 1 + random.below(3000));
  for (const register of [POINTER, OTHER]) set(register, DATA + random.below(0x4000));
  set(TABLE, DATA + random.below(0x4000) - random.pick([0, 100]));
  set(ROUNDS, 1 + random.below(4));
  set(INDEX, random.below(400) - 100);
  set(STRIDE, random.pick([0, 1, 7, 8, 200, 4095, 4096, -8, 0x1_0000_0000]));
  words[STATE_OFFSET.flagsKind / 4] = 32;
  return state;
}

function machines(random: Random, blocks: ReadonlyMap<number, Block>, state: Uint8Array): readonly IrMachine[] {
  const rights = [0, 1, 2, 3].map(() => random.pick([3, 3, 3, 1, 0]));
  const both = (['reference', 'wasm'] as const).map((engine) => irMachine(blocks, engine));
  for (const { space, S } of both) {
    rights.forEach((right, i) => space.protect(DATA + i * PAGE, PAGE, right));
    space.u8.set(state, S);
  }
  return both;
}

describe('loops whose accesses are tested before they are made', () => {
  it('end as on the reference interpreter', () => {
    const kinds = new Set<string>();
    for (let seed = 1; seed <= 200; seed++) {
      const random = new Random(seed);
      const blocks = randomLoop(random);
      const state = startState(random);
      const [expected, actual] = machines(random, blocks, state).map((machine) => {
        const { exit, retired, data, state: after } = runIr(machine, state, CODE);
        expect(machine.counters.modulesRefused).toBe(0);
        return { exit, retired, state: comparable(after), data: Buffer.from(data).toString('base64') };
      });
      expect(actual, `seed ${seed}`).toEqual(expected);
      kinds.add(expected.exit.kind);
    }
    expect([...kinds].toSorted()).toEqual(['fault', 'syscall']);
  });

  it('stop at the same instruction in the same state when their fuel ends', () => {
    for (let seed = 1; seed <= 150; seed++) {
      const random = new Random(seed);
      const blocks = randomLoop(random);
      const state = startState(random);
      const fuel = 1 + random.below(random.pick([3, 40, 2000]));
      const both = machines(random, blocks, state);
      for (const { space, S } of both) space.data.setBigUint64(S + STATE_OFFSET.rip, BigInt(CODE), true);
      for (let [slice, isOver] = [0, false]; !isOver && slice < 60; slice++) {
        const [expected, actual] = both.map(({ executor, space, S }) => ({
          exit: executor.run(S, fuel),
          retired: executor.retired,
          state: comparable(space.u8.slice(S, S + STATE_OFFSET.scratch)),
        }));
        expect(actual, `seed ${seed}, slice ${slice} of ${fuel}`).toEqual(expected);
        isOver = expected.exit.kind !== 'budget';
      }
    }
  });

  it('know where an array ends whose index may be larger', () => {
    const blocks = new Map<number, Block>();
    const head = CODE + STEP;
    add(blocks, CODE, [(b) => b.jump(head)]);
    add(blocks, head, [look, count, (b) => b.branch(b.ne64(b.get64(COUNTER), b.const64(0, 0)), head, END)]);
    for (let index = 20; index < 36; index++) {
      const state = startState(new Random(index));
      const view = new DataView(state.buffer);
      view.setBigInt64(8 * COUNTER, BigInt(index), true);
      view.setBigInt64(8 * TABLE, BigInt(DATA + 0x4000 - 32), true);
      const results = (['reference', 'wasm'] as const).map((engine) => {
        const { exit, retired, state: after } = runIr(irMachine(blocks, engine), state, CODE);
        return { exit, retired, state: comparable(after) };
      });
      expect(results[1], `index ${index}`).toEqual(results[0]);
      expect(results[0]?.exit.kind).toBe(index > 24 ? 'fault' : 'syscall');
    }
  });

  it('are half of those tried, and more than a third of the accesses', () => {
    let [loops, accesses, tested, steady] = [0, 0, 0, 0];
    for (let seed = 1; seed <= 400; seed++) {
      const code = randomLoop(new Random(seed));
      const starts = [0, 1, 2, 3, 4].map((i) => CODE + i * STEP);
      const blocks = [...code.values()].filter(({ rip }) => starts.includes(rip));
      const graph = graphOf({ blocks, joins: 'strings' });
      const windows = loopWindows(blocks, graph, shapeOf(graph));
      expect(exitOf(blocks[0]).name).toBe('jump');
      loops += windows.byHead.size;
      tested += windows.tested.size;
      steady += windows.steady.groups.size;
      for (const { ops } of blocks) accesses += ops.filter(({ name }) => /^(load|store)/.test(name)).length;
    }
    expect(loops).toBeGreaterThan(200);
    expect(tested / accesses).toBeGreaterThan(0.25);
    expect(steady / accesses).toBeGreaterThan(0.1);
  });
});
