import { describe, expect, it } from 'vitest';
import { FLOAT_OPERATIONS, type FloatOutcome, runFloat } from '../../ir/float-unit.ts';
import { STATE_OFFSET, STATES_BASE } from '../../ir/state-layout.ts';
import { Random } from '../../testing/random.ts';
import { randomMxcsr, randomVector } from '../../testing/float-values.ts';
import { assemble } from './encoder/assembly.ts';
import { ModuleWriter } from './encoder/module-writer.ts';
import { FLOAT_BAR, FLOAT_ROUTINES, USUAL_MXCSR, USUAL_OPERATIONS } from './float-runtime.ts';

const S = STATES_BASE;
const A = 0;
const B = 16;
const RESULT = 32;
const MODE = 48;

const memory = new WebAssembly.Memory({ initial: 1, maximum: 0x1_0000 });
const bytes = new Uint8Array(memory.buffer);
const data = new DataView(memory.buffer);
const outcome: FloatOutcome = { mxcsr: 0, isTrapped: false };

function vectorAt(at: number): Int32Array {
  return new Int32Array(bytes.slice(at, at + 16).buffer);
}

let hostCalls = 0;

function hostFloat(state: number, operation: number, mxcsr: number): number {
  hostCalls++;
  const at = state + STATE_OFFSET.scratch;
  const result = runFloat(FLOAT_OPERATIONS[operation] ?? '', mxcsr, vectorAt(at), vectorAt(at + 16), outcome);
  bytes.set(new Uint8Array(result.buffer), at);
  return outcome.isTrapped ? -1 : outcome.mxcsr;
}

/** Functions (bar) that run a routine on the operands in memory and leave result and mode there. */
function instantiate(): ReadonlyMap<string, (bar: number) => void> {
  const module = new ModuleWriter();
  const indices = new Map([
    ['float', module.importFunction('host', 'float', module.type(['i32', 'i32', 'i32'], ['i32']))],
  ]);
  module.importMemory('host', 'memory');
  const indexOf = (name: string): number => indices.get(name) ?? -1;
  for (const [name, routine] of FLOAT_ROUTINES) {
    const index = module.declare(module.type(Object.values(routine.parameters), routine.results));
    indices.set(name, index);
    module.define(index, assemble(routine, indexOf));
  }
  for (const name of USUAL_OPERATIONS) {
    const type = name.includes('x') ? 'v128' : name.endsWith('F64') ? 'f64' : 'f32';
    const index = module.declare(module.type(['i32'], []));
    module.define(
      index,
      assemble(
        {
          parameters: { bar: 'i32' },
          results: [],
          locals: { r: type, mode: 'i32' },
          body: `${S} bar 0 ${type}.load@${A} 0 ${type}.load@${B} call:${name} =mode =r
            0 r ${type}.store@${RESULT} 0 mode i32.store@${MODE}`,
        },
        indexOf,
      ),
    );
    module.export(name, index);
  }
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), {
    host: { memory, float: hostFloat },
  });
  return new Map(USUAL_OPERATIONS.map((name) => [name, instance.exports[name] as (bar: number) => void]));
}

const functions = instantiate();

interface Given {
  readonly name: string;
  readonly mxcsr: number;
  readonly a: Int32Array;
  readonly b: Int32Array;
  readonly isBarred: boolean;
}

function laneCount(name: string): number {
  return name.includes('x') ? 4 : name.endsWith('F64') ? 2 : 1;
}

function isUsual(mxcsr: number): boolean {
  return (mxcsr & USUAL_MXCSR.mask) === USUAL_MXCSR.value;
}

/** What the float unit gives, and what a routine that leaves everything undone may give instead. */
interface Result {
  readonly lanes: readonly number[];
  readonly mxcsr: number;
  readonly mode: number;
}

function expectedOf({ name, mxcsr, a, b, isBarred }: Given): Result {
  const value = runFloat(name, mxcsr, a, b, outcome);
  const isDenormal = [...(name.startsWith('sqrt') ? [] : [a]), b, value].some((vector) => hasDenormal(vector, name));
  if (outcome.isTrapped) return { lanes: [], mxcsr, mode: FLOAT_BAR.undone };
  const isOpen = isUsual(outcome.mxcsr);
  const mode = isDenormal || isBarred ? FLOAT_BAR.denormal : isOpen ? FLOAT_BAR.open : FLOAT_BAR.shut;
  return { lanes: [...value].slice(0, laneCount(name)), mxcsr: outcome.mxcsr, mode };
}

function resultOf({ name, mxcsr, a, b, isBarred }: Given): Result {
  bytes.set(new Uint8Array((name.startsWith('sqrt') ? b : a).buffer), A);
  bytes.set(new Uint8Array(b.buffer), B);
  bytes.fill(0xee, RESULT, RESULT + 16);
  data.setInt32(S + STATE_OFFSET.mxcsr, mxcsr, true);
  functions.get(name)?.(isBarred ? FLOAT_BAR.denormal : FLOAT_BAR.open);
  const mode = data.getInt32(MODE, true);
  const lanes = mode === FLOAT_BAR.undone ? [] : [...vectorAt(RESULT)].slice(0, laneCount(name));
  return { lanes, mxcsr: data.getInt32(S + STATE_OFFSET.mxcsr, true), mode };
}

function textOf({ name, mxcsr, a, b, isBarred }: Given): string {
  return `${name} ${mxcsr.toString(16)} [${a.join()}] [${b.join()}] ${isBarred ? 'barred' : ''}`;
}

function doubles(x: number, y: number): Int32Array {
  return new Int32Array(Float64Array.of(x, y).buffer);
}

function hasDenormal(value: Int32Array, name: string): boolean {
  const count = laneCount(name);
  if (name.includes('F32')) return [...value].slice(0, count).some((v) => (v & 0x7f800000) === 0 && v << 1 !== 0);
  return [0, 2]
    .slice(0, count / 2)
    .some((i) => ((value[i + 1] ?? 0) & 0x7ff00000) === 0 && (((value[i + 1] ?? 0) << 1) | (value[i] ?? 0)) !== 0);
}

describe('float routines', () => {
  it.each(USUAL_OPERATIONS)('%s gives the bits and flags of the float unit under any MXCSR', (name) => {
    const random = new Random(name.length * 131 + 5);
    for (let round = 0; round < 6000; round++) {
      const isSingle = name.includes('F32');
      const a = randomVector(random, isSingle);
      const b = random.oneIn(6) ? a : randomVector(random, isSingle);
      const given = { name, mxcsr: randomMxcsr(random), a, b, isBarred: random.oneIn(4) };
      expect(resultOf(given), `for ${textOf(given)}`).toEqual(expectedOf(given));
    }
  });

  it('leave the host alone with numbers, exact or not, zeros, infinities and NaN', () => {
    hostCalls = 0;
    for (const mxcsr of [0x1f80, 0x1fa0]) {
      for (const name of ['addF64', 'subF64', 'mulF64', 'divF64', 'sqrtF64', 'addF64x2', 'mulF64x2']) {
        for (const a of [doubles(3, 0.1), doubles(0, 0), doubles(Infinity, NaN)]) {
          resultOf({ name, mxcsr, a, b: doubles(7, 0.3), isBarred: false });
        }
      }
    }
    expect(hostCalls).toBe(0);
  });
});
