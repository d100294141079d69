/**
 * Random control flow: loops, irreducible jumps, calls whose returns match and returns that match no call. Every
 * program ends by a counter, so both executors stop at the same instruction.
 */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { EngineName } from '../engine.ts';
import type { Block, I64 } from '../ir/block.ts';
import { IrBuilder } from '../ir/builder.ts';
import { STATE_OFFSET, STATE_SIZE } from '../ir/state-layout.ts';
import { CODE, comparable, DATA, irMachine, type IrMachine, runIr } from '../testing/ir-machine.ts';
import { Random } from '../testing/random.ts';

const STEP = 16;
const COUNT = 16;
const END = CODE + 0x800;
const RSP = 4;
const COUNTER = 15;

const at = (i: number): number => CODE + i * STEP;

/** Block 2k counts and goes on at 2k + 1, which computes something and leaves in a random way. */
function randomProgram(random: Random): Map<number, Block> {
  const blocks = new Map<number, Block>();
  const add = (rip: number, b: IrBuilder): void => {
    blocks.set(rip, {
      rip,
      sizeBytes: STEP,
      instructionCount: b.ops.filter((op) => op.name === 'instruction').length,
      ops: b.ops,
    });
  };
  for (let i = 0; i < COUNT; i += 2) {
    const counter = new IrBuilder();
    counter.instruction(at(i), 8);
    const left = counter.sub64(counter.get64(COUNTER), counter.const64(1, 0));
    counter.set64(left, COUNTER);
    counter.instruction(at(i) + 8, 8);
    counter.branch(counter.eq64(left, counter.const64(0, 0)), END, at(i + 1));
    add(at(i), counter);
    add(at(i + 1), randomBody(random, at(i + 1)));
  }
  return blocks;
}

function randomBody(random: Random, rip: number): IrBuilder {
  const b = new IrBuilder();
  const target = (): number => at(2 * random.below(COUNT / 2));
  b.instruction(rip, 8);
  const [x, y] = [random.below(4), random.below(4)];
  const sum = b.add64(b.get64(x), b.mul64(b.get64(y), b.const64(random.u32() | 0, 5)));
  const address = b.add64(b.and64(sum, b.const64(0x1ff8, 0)), b.const64(random.oneIn(9) ? 0x1000 : DATA, 0));
  if (random.oneIn(2)) b.store64(address, sum);
  const loaded = random.oneIn(2) ? b.load64(b.add64(b.and64(sum, b.const64(0xff8, 0)), b.const64(DATA, 0))) : sum;
  const first = b.get64(x);
  b.set64(loaded, y);
  b.setFlags64(b.add64(first, loaded), first, loaded, 'add');
  b.instruction(rip + 8, 8);
  switch (random.below(6)) {
    case 0:
      b.jump(target());
      break;
    case 1:
    case 2:
      b.branch(random.oneIn(2) ? b.condition('b') : b.ltS64(sum, loaded), target(), target());
      break;
    case 3:
      push(b, b.const64(at(2 * random.below(COUNT / 2)), 0), (next) => b.call(target(), next));
      break;
    case 4:
      b.jumpIndirect(chosen(b, sum));
      break;
    default:
      ret(b);
  }
  return b;
}

/** A block address that depends on a value. */
function chosen(b: IrBuilder, value: I64): I64 {
  return b.add64(b.and64(value, b.const64((COUNT / 2 - 1) * 2 * STEP, 0)), b.const64(CODE, 0));
}

// The stack wraps around inside of 256 bytes that always hold block addresses.
function stackSlot(b: IrBuilder, offset: number): I64 {
  const moved = b.add64(b.get64(RSP), b.const64(offset, offset >> 31));
  return b.add64(b.and64(moved, b.const64(0xf8, 0)), b.const64(DATA + 0x2000, 0));
}

function push(b: IrBuilder, next: I64, exit: (next: number) => void): void {
  const slot = stackSlot(b, -8);
  b.store64(slot, next);
  b.set64(slot, RSP);
  exit(next.imm);
}

function ret(b: IrBuilder): void {
  const slot = stackSlot(b, 0);
  const target = b.load64(slot);
  b.set64(stackSlot(b, 8), RSP);
  b.ret(target);
}

function startState(random: Random): Uint8Array {
  const state = new Uint8Array(STATE_SIZE);
  const words = new Int32Array(state.buffer);
  for (let i = 0; i < 32; i++) words[i] = random.u32() | 0;
  words[2 * COUNTER] = 300;
  words[2 * COUNTER + 1] = 0;
  words[STATE_OFFSET.flagsKind / 4] = 32;
  return state;
}

function machineFor(engine: EngineName, blocks: ReadonlyMap<number, Block>, warmUp: number): IrMachine {
  const machine = irMachine(blocks, engine, { warmUp });
  const { data } = machine.space;
  for (let i = 0; i < 32; i++) data.setBigUint64(DATA + 0x2000 + 8 * i, BigInt(at((2 * i) % COUNT)), true);
  return machine;
}

describe.each([
  ['js', 0],
  ['js', 3],
  ['wasm', 0],
  ['wasm', 3],
] as const)('random programs on %s, compiled after %i executions', (compiling, warmUp) => {
  const engines = ['reference', compiling] as const;

  it('end in the state in which the reference ends', () => {
    let compiled = 0;
    for (let seed = 1; seed <= 150; seed++) {
      const random = new Random(seed);
      const blocks = randomProgram(random);
      const state = startState(random);
      const results = engines.map((engine) => {
        const machine = machineFor(engine, blocks, warmUp);
        const result = runIr(machine, state, CODE);
        expect(machine.counters.modulesRefused).toBe(0);
        if (engine !== 'reference') compiled += machine.counters.regionsCompiled;
        return { ...result, state: comparable(result.state), data: digest(result.data) };
      });
      expect(results[1], `seed ${seed}`).toEqual(results[0]);
    }
    expect(compiled).toBeGreaterThan(100);
  });

  it('stop at the same instruction in the same state when their fuel ends', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = new Random(seed);
      const blocks = randomProgram(random);
      const state = startState(random);
      const fuel = 1 + random.below(random.pick([3, 20, 200]));
      const machines = engines.map((engine) => machineFor(engine, blocks, warmUp));
      for (const { space, S } of machines) space.u8.set(state, S);
      for (const { space, S } of machines) space.data.setBigUint64(S + STATE_OFFSET.rip, BigInt(CODE), true);
      let isOver = false;
      for (let slice = 0; !isOver; slice++) {
        const [expected, actual] = machines.map((machine) => {
          const exit = machine.executor.run(machine.S, fuel);
          const { space, S } = machine;
          return {
            exit,
            retired: machine.executor.retired,
            state: comparable(space.u8.slice(S, S + STATE_OFFSET.scratch)),
          };
        });
        expect(actual, `seed ${seed}, slice ${slice} of ${fuel}`).toEqual(expected);
        isOver = expected.exit.kind !== 'budget';
      }
    }
  });
});

const digest = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('hex');
