/**
 * Blocks of float instructions whose tests are put together (backends/wasm/frame/float-stretch.ts), against the reference:
 * with numbers that pass, and with some among them that do not.
 */
import { describe, expect, it } from 'vitest';
import { QUICK } from '../backends/wasm/emit/float-quick-ops.ts';
import type { Block, Value } from '../ir/block.ts';
import { IrBuilder } from '../ir/builder.ts';
import { optimise } from '../ir/passes/index.ts';
import { STATE_OFFSET, STATE_SIZE, STATE_VARIABLES } from '../ir/state-layout.ts';
import { randomMxcsr, randomVector } from '../testing/float-values.ts';
import { CODE, comparable, DATA, irMachine, runIr } from '../testing/ir-machine.ts';
import { Random } from '../testing/random.ts';

const XMM = STATE_VARIABLES.findIndex(({ name }) => name === 'xmm0');
/** All masked: an exception would leave in the midst of a block that exists as a whole only. */
const MASKS = 0x1f80;
const REGISTERS = 5;
const LOADS = ['loadLow64', 'loadLow32', 'load128'] as const;
/** Variables with addresses in the first bytes of memory: ranges off them may overlap. */
const BASES = [0, 6, 7];

type Vector = Value<'v128'>;

function randomAddress(b: IrBuilder, random: Random): Value<'i64'> {
  return b.add64(b.get64(random.pick(BASES)), b.const64(8 * random.below(7), 0));
}

function appendStore(b: IrBuilder, random: Random): void {
  const value = b.get128(XMM + random.below(REGISTERS));
  const address = randomAddress(b, random);
  if (random.oneIn(3)) b.store128(address, value);
  else if (random.oneIn(2)) b.store64(address, b.extract64(value, 0));
  else b.store32(address, b.extract32(value, 0));
}

/** One instruction that computes something of registers or memory. */
function appendFloat(b: IrBuilder, random: Random, operation: string): void {
  const register = (): Vector => b.get128(XMM + random.below(REGISTERS));
  const first = register();
  const second = random.oneIn(3) ? b[random.pick(LOADS)](randomAddress(b, random)) : register();
  const result = b.float(first, second, operation);
  b.set128(result, XMM + random.below(REGISTERS));
}

/** What may stand between floats, and what ends a stretch. */
function appendOther(b: IrBuilder, random: Random): void {
  const xmm = (): Vector => b.get128(XMM + random.below(REGISTERS));
  switch (random.below(10)) {
    case 0:
      return void b.set128(xmm(), XMM + random.below(REGISTERS));
    case 1:
      return void b.set128(b.splat32(b.const32(0)), XMM + random.below(REGISTERS));
    case 2:
      return void b.set128(b.xor128(xmm(), xmm()), XMM + random.below(REGISTERS));
    case 3: {
      const value = b.get64(1);
      const sum = b.add64(value, b.const64(random.below(9), 0));
      b.set64(sum, 1);
      return void b.setFlags64(sum, value, b.const64(1, 0), 'logic');
    }
    case 4:
      return void b.set64(b.extract64(xmm(), 0), 2 + random.below(3));
    case 5:
      return void b.set32(b.get32(2), 3);
    case 6:
      return void b.raiseIf(b.xor32(b.get32(2), b.get32(2)), 13);
    default:
      return appendStore(b, random);
  }
}

function randomBlock(random: Random, operation: string): Block {
  const b = new IrBuilder();
  const names = Object.keys(QUICK);
  const count = 4 + random.below(10);
  for (let i = 0; i < count; i++) {
    b.instruction(CODE + i, 1);
    if (i > 0 && random.oneIn(4)) appendOther(b, random);
    else appendFloat(b, random, random.oneIn(2) ? operation : random.pick(names));
  }
  b.jump(CODE + 0x100);
  const block = { rip: CODE, sizeBytes: count, instructionCount: count, ops: b.ops };
  return random.oneIn(4) ? block : optimise(block);
}

/** Exponents about which ranges of magnitudes are decided. */
const DOUBLE_SCALES = [-1020, -1015, -960, -515, -500, -256, -254, 250, 256, 512, 1010].map(
  (exponent) => 2 ** exponent,
);
const SINGLE_SCALES = [-125, -120, -100, -62, -44, -40, -38, 36, 42, 64, 115].map((exponent) => 2 ** exponent);

/** Gives numbers of one kind: small ones, those of many magnitudes, or near one another, so that differences are small. */
function usualNumbers(random: Random, isSingle: boolean): () => number {
  const scales = isSingle ? SINGLE_SCALES : DOUBLE_SCALES;
  const scale = random.pick(scales);
  const small = (): number => random.below(random.pick([4000, 4000, 3])) / 64 / random.pick([1, -1]);
  return random.pick([small, () => small() * random.pick(scales), () => ((1000 + random.below(20)) / 64) * scale]);
}

function vectorOf(isSingle: boolean, number: () => number): Int32Array {
  return isSingle
    ? new Int32Array(Float32Array.from({ length: 4 }, number).buffer)
    : new Int32Array(Float64Array.from({ length: 2 }, number).buffer);
}

/** Registers and the first bytes of memory, of one format. */
function randomState(random: Random, isSingle: boolean): { state: Uint8Array; data: Uint8Array } {
  const isUsual = random.oneIn(2);
  const number = usualNumbers(random, isSingle);
  const vector = (): Int32Array =>
    isUsual || !random.oneIn(6) ? vectorOf(isSingle, number) : randomVector(random, isSingle);
  const state = new Uint8Array(STATE_SIZE);
  const words = new Int32Array(state.buffer);
  for (let i = 0; i < REGISTERS; i++) words.set(vector(), STATE_VARIABLES[XMM + i].offset / 4);
  for (const base of BASES) words[STATE_VARIABLES[base].offset / 4] = DATA + 4 * random.below(random.pick([1, 30]));
  words[STATE_OFFSET.mxcsr / 4] = random.oneIn(4) ? randomMxcsr(random) | MASKS : 0x1fa0;
  words[STATE_OFFSET.flagsKind / 4] = 32;
  const data = new Uint8Array(192);
  for (let i = 0; i < 192; i += 16) data.set(new Uint8Array(vector().buffer), i);
  return { state, data };
}

describe('Stretches of floats', () => {
  it.each(Object.keys(QUICK))('give what the reference gives, with %s among others', (operation) => {
    for (let seed = 1; seed <= 8; seed++) {
      const random = new Random(seed * 104_729 + Object.keys(QUICK).indexOf(operation));
      const blocks = new Map([[CODE, randomBlock(random, operation)]]);
      const machines = (['reference', 'wasm'] as const).map((engine) => irMachine(blocks, engine));
      for (let round = 0; round < 6; round++) {
        const { state, data } = randomState(random, /F32|[sS]ingle/.test(operation));
        const [expected, actual] = machines.map((machine) => {
          machine.space.u8.set(data, DATA);
          return runIr(machine, state, CODE);
        });
        expect(actual.exit, `seed ${seed}, round ${round}`).toEqual(expected.exit);
        expect(comparable(actual.state), `seed ${seed}, round ${round}`).toEqual(comparable(expected.state));
        expect(Buffer.compare(actual.data, expected.data), `memory, seed ${seed}, round ${round}`).toBe(0);
      }
      expect(machines[1].counters.regionsCompiled).toBeGreaterThan(0);
    }
  });

  it.each(['F64', 'F32', 'F64x2', 'F32x4'])(
    'notice that a difference of %s is denormal, and a product tiny',
    (lanes) => {
      const isSingle = lanes.startsWith('F32');
      const b = new IrBuilder();
      b.instruction(CODE, 1);
      const difference = b.float(b.get128(XMM), b.get128(XMM + 1), `sub${lanes}`);
      b.set128(b.float(difference, b.get128(XMM + 2), `add${lanes}`), XMM + 3);
      const square = b.float(b.get128(XMM + 4), b.get128(XMM + 4), `mul${lanes}`);
      b.set128(b.float(square, b.get128(XMM + 2), `add${lanes}`), XMM + 4);
      b.jump(CODE + 0x100);
      const blocks = new Map([[CODE, { rip: CODE, sizeBytes: 1, instructionCount: 1, ops: b.ops }]]);
      const machines = (['reference', 'wasm'] as const).map((engine) => irMachine(blocks, engine));
      const least = isSingle ? 2 ** -126 : 2 ** -1022;
      for (const [minuend, subtrahend, factor] of [
        [least, 1.5 * least, 1],
        [1, 0, Math.sqrt(least) / 4],
        [1, 0, least],
        [1, 0, 1],
      ]) {
        const { state } = randomState(new Random(1), isSingle);
        const registers = [minuend, subtrahend, 1, 0, factor];
        registers.forEach((value, i) => {
          const words = new Int32Array(vectorOf(isSingle, () => value ?? 0).buffer);
          state.set(new Uint8Array(words.buffer), STATE_VARIABLES[XMM + i].offset);
        });
        new Int32Array(state.buffer)[STATE_OFFSET.mxcsr / 4] = 0x1fa0;
        const [expected, actual] = machines.map((machine) => comparable(runIr(machine, state, CODE).state));
        expect(actual, `${subtrahend}, ${factor}`).toEqual(expected);
      }
    },
  );
});
