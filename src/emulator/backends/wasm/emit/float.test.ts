import { describe, expect, it } from 'vitest';
import type { Op } from '../../../ir/block.ts';
import { FLOAT_OPERATIONS, type FloatOutcome, runFloat } from '../../../ir/float-unit.ts';
import { STATE_OFFSET, STATES_BASE, VARIABLE } from '../../../ir/state-layout.ts';
import { randomMxcsr, randomVector } from '../../../testing/float-values.ts';
import { Random } from '../../../testing/random.ts';
import { CodeWriter, type Label } from '../encoder/code-writer.ts';
import { ModuleWriter } from '../encoder/module-writer.ts';
import { floatFunctions, pushFreshBar } from '../float-module.ts';
import { FLOAT_FUNCTIONS } from '../float-runtime.ts';
import type { IrWriter } from '../ir-writer.ts';
import { FloatNotes } from './float-notes.ts';
import { FLOAT } from './float.ts';

const S = STATES_BASE;
/** Operands of the first operation, then the results of each. */
const VALUES = 0x4000;

const memory = new WebAssembly.Memory({ initial: 1, maximum: 0x1_0000 });
const bytes = new Uint8Array(memory.buffer);
const data = new DataView(memory.buffer);
const outcome: FloatOutcome = { mxcsr: 0, isTrapped: false };

function vectorAt(at: number): Int32Array {
  return new Int32Array(bytes.slice(at, at + 16).buffer);
}

function hostFloat(state: number, operation: number, mxcsr: number): number {
  const at = state + STATE_OFFSET.scratch;
  const result = runFloat(FLOAT_OPERATIONS[operation] ?? '', mxcsr, vectorAt(at), vectorAt(at + 16), outcome);
  bytes.set(new Uint8Array(result.buffer), at);
  return outcome.isTrapped ? -1 : outcome.mxcsr;
}

const runtime = { ...floatFunctions(memory, hostFloat), float: hostFloat };
const IMPORTED = { ...FLOAT_FUNCTIONS, float: { parameters: ['i32', 'i32', 'i32'], results: ['i32'] } } as const;

/** Values 0 and 1 are operands; operation i makes value i + 2 of two values before it. */
interface Step {
  readonly operation: string;
  readonly a: number;
  readonly b: number;
}

/** A function (S) → number of operations done before an undone one. */
function compile(steps: readonly Step[]): (state: number) => number {
  const module = new ModuleWriter();
  const indices = new Map<string, number>();
  for (const [name, { parameters, results }] of Object.entries(IMPORTED)) {
    indices.set(name, module.importFunction('runtime', name, module.type(parameters, results)));
  }
  module.importMemory('runtime', 'memory');
  const code = new CodeWriter(['i32']);
  const ops: Op[] = [0, 1].map((id) => valueOp('get128', [], id, ''));
  steps.forEach(({ operation, a, b }, i) => ops.push(valueOp('float', [ops[a], ops[b]] as Op[], i + 2, operation)));
  const locals = ops.map(() => code.newLocal('v128'));
  const bar = code.newLocal('i32');
  const localOf = (op: Op): number => locals[op.id] ?? -1;
  let slow: Label;
  const writer: Partial<IrWriter> = {
    code,
    floats: new FloatNotes(code),
    lowLane: () => -1,
    floatBar: () => bar,
    local: localOf,
    push: (op) => code.localGet(localOf(op)),
    pushState: () => code.localGet(0),
    readVariable(variable) {
      expect(variable).toBe(VARIABLE.mxcsr);
      code.localGet(0);
      code.memory('i32.load', STATE_OFFSET.mxcsr);
    },
    slowExitIf: () => code.brIf(slow),
    callRuntime: (name) => code.call(indices.get(name) ?? -1),
    callFloat(op) {
      const mxcsr = code.newLocal('i32');
      code.localSet(mxcsr);
      code.localGet(0);
      code.i32(FLOAT_OPERATIONS.indexOf(op.tag));
      code.localGet(mxcsr);
      code.call(indices.get('float') ?? -1);
      code.release(mxcsr);
    },
  };
  pushFreshBar(code, 0);
  code.localSet(bar);
  for (const [i, op] of ops.entries()) {
    if (i < 2) {
      code.i32(VALUES + 16 * i);
      code.memory('v128.load');
      code.localSet(localOf(op));
      continue;
    }
    const done = code.block();
    slow = code.block();
    FLOAT.float(writer as IrWriter, op);
    code.localSet(localOf(op));
    code.br(done);
    code.end();
    code.i32(i - 2);
    code.return();
    code.end();
    code.i32(VALUES + 16 * i);
    code.localGet(localOf(op));
    code.memory('v128.store');
  }
  code.i32(steps.length);
  const index = module.declare(module.type(['i32'], ['i32']));
  module.define(index, code.finish());
  module.export('run', index);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), {
    runtime: { memory, ...runtime },
  });
  return instance.exports['run'] as (state: number) => number;
}

function valueOp(name: Op['name'], args: readonly Op[], id: number, tag: string): Op {
  return { name, type: 'v128', args, imm: 0, imm2: 0, tag, id };
}

/** Runs all and compares each value, and MXCSR, with the float unit's; gives how many were done before one was left undone. */
function check(
  run: (state: number) => number,
  steps: readonly Step[],
  operands: readonly Int32Array[],
  mxcsr: number,
): number {
  operands.forEach((operand, i) => bytes.set(new Uint8Array(operand.buffer), VALUES + 16 * i));
  data.setInt32(S + STATE_OFFSET.mxcsr, mxcsr, true);
  const done = run(S);
  const values = [...operands];
  let control = mxcsr;
  const text = (): string => `${JSON.stringify(steps)} of [${operands.join('] [')}], mxcsr ${mxcsr.toString(16)}`;
  for (const { operation, a, b } of steps.slice(0, done)) {
    const result = runFloat(
      operation,
      control,
      values[a] ?? new Int32Array(4),
      values[b] ?? new Int32Array(4),
      outcome,
    );
    expect(outcome.isTrapped, `exception missed: ${text()}`).toBe(false);
    control = outcome.mxcsr;
    const at = VALUES + 16 * values.length;
    expect([...vectorAt(at)], `value ${values.length}: ${text()}`).toEqual([...result]);
    values.push(result);
  }
  expect(data.getInt32(S + STATE_OFFSET.mxcsr, true).toString(16), `MXCSR: ${text()}`).toBe(control.toString(16));
  return done;
}

const isSingle = (operation: string): boolean => /F32|[sS]ingle(?!.*From)/.test(operation);
const TESTED = FLOAT_OPERATIONS.filter((name) => !name.startsWith('dot') || /dot\.(0|f1|ff|31|71)F/.test(name));

/** Operations whose results may be operands of others without much ado. */
const isChained = (name: string): boolean =>
  /^(add|sub|mul|div|sqrt|min|max|cmp\.[0-7]|round\.[0b])F|order|[a-z](From|To)/.test(name);

describe('floats in WebAssembly', () => {
  it.each(TESTED)('%s gives the bits and flags of the float unit', (operation) => {
    const random = new Random(operation.length * 17 + 3);
    const steps = [{ operation, a: 0, b: 1 }];
    const run = compile(steps);
    let done = 0;
    for (let round = 0; round < 300; round++) {
      const a = randomVector(random, isSingle(operation));
      const b = random.oneIn(8) ? a : randomVector(random, isSingle(operation));
      done += check(run, steps, [a, b], randomMxcsr(random));
    }
    expect(done, 'operations left undone').toBeGreaterThan(200);
  });

  it('give the same in chains, where tests of operands are left out', () => {
    const random = new Random(42);
    const doubles = TESTED.filter((name) => isChained(name) && !/F32|[sS]ingle/.test(name));
    const singles = TESTED.filter((name) => isChained(name) && !/F64|order.*Double/.test(name));
    let done = 0;
    for (let program = 0; program < 150; program++) {
      const names = random.oneIn(2) ? doubles : singles;
      const steps = Array.from({ length: 8 }, (_, i) => ({
        operation: random.pick(names),
        a: random.below(i + 2),
        b: random.below(i + 2),
      }));
      const run = compile(steps);
      for (let round = 0; round < 20; round++) {
        const operands = [0, 1].map(() => randomVector(random, names === singles));
        done += check(run, steps, operands, randomMxcsr(random));
      }
    }
    expect(done, 'operations left undone').toBeGreaterThan(12_000);
  });
});
