/**
 * Comparisons, minimum and maximum. The host compares as x86 does, whatever MXCSR says; only NaN and denormal operands,
 * which raise flags, go to soft float.
 */
import type { Op } from '../../../ir/block.ts';
import type { CodeWriter } from '../encoder/code-writer.ts';
import type { Opcode } from '../encoder/opcodes.ts';
import { FLOAT_BAR } from '../float-runtime.ts';
import type { Emit, IrWriter } from '../ir-writer.ts';
import { pushDenormalLanes, pushIsDenormal, type Scalar, SHAPE_OF } from './float-format.ts';
import { askHost, pushHostResult, scalarOf } from './float-scalar.ts';

export type ScalarLanes = 'F64' | 'F32';
type PackedLanes = 'F64x2' | 'F32x4';

/** CMPPS predicates 0 to 7; the last four negate the first. `a` and `b` are the operands. */
export function pushPredicate(
  code: CodeWriter,
  shape: 'f64x2' | 'f32x4',
  predicate: number,
  a: number,
  b: number,
): void {
  const compare = (name: 'eq' | 'lt' | 'le'): void => {
    code.localGet(a);
    code.localGet(b);
    code.op(`${shape}.${name}`);
  };
  if ((predicate & 3) < 3) compare((['eq', 'lt', 'le'] as const)[predicate & 3]);
  else {
    for (const local of [a, b]) {
      code.localGet(local);
      code.localGet(local);
      code.op(`${shape}.ne`);
    }
    code.op('v128.or');
  }
  if (predicate > 3) code.op('v128.not');
}

/** A local of the caller's with the scalar in all lanes. */
export function splatted(code: CodeWriter, shape: 'f64x2' | 'f32x4', scalar: number): number {
  const vector = code.newLocal('v128');
  code.localGet(scalar);
  code.op(`${shape}.splat`);
  code.localSet(vector);
  return vector;
}

function scalarCompare(lanes: ScalarLanes, push: (code: CodeWriter, a: number, b: number) => void): Emit {
  const type = SHAPE_OF[lanes] as Scalar;
  const shape = lanes === 'F64' ? 'f64x2' : 'f32x4';
  return (w, op) => {
    const { code, floats } = w;
    const scalars = op.args.map((arg) => scalarOf(w, arg, type));
    const upper = w.local(op.args[0]);
    const vectors = scalars.map((scalar) => splatted(code, shape, scalar));
    const result = code.newLocal(type);
    push(code, vectors[0], vectors[1]);
    code.lane(`${shape}.extract_lane`, 0);
    code.localSet(result);
    for (const vector of vectors) code.release(vector);
    unlessUsual(w, op, lanes, () => {
      askHost(
        w,
        op,
        scalars.map((local) => ({ local, type })),
      );
      pushHostResult(w, `${type}.load`);
      code.localSet(result);
    });
    floats.setScalar(op, type, result);
    code.localGet(upper);
    code.localGet(result);
    code.lane(`${shape}.replace_lane`, 0);
  };
}

/** Runs `slowly` when one of the scalar operands is NaN or denormal. */
function unlessUsual(w: IrWriter, op: Op, lanes: ScalarLanes, slowly: () => void): void {
  const { code, floats } = w;
  const type = SHAPE_OF[lanes] as Scalar;
  const locals = op.args.map((arg) => scalarOf(w, arg, type));
  const unknown = new Set(op.args.filter((arg) => !floats.isPlain(arg, lanes)).map((arg) => scalarOf(w, arg, type)));
  const done = code.block();
  const slow = unknown.size > 0 ? code.block() : null;
  for (const local of unknown) {
    pushIsDenormal(code, type, local);
    if (slow !== null) code.brIf(slow, 'unlikely');
  }
  pushOrdered(code, type, locals[0], locals[1]);
  if (unknown.size < new Set(locals).size) pushNotesHold(w);
  code.brIf(done, 'likely');
  if (slow !== null) code.end();
  slowly();
  code.end();
}

/** With a test on the stack: and the notes that let operands go untested are true. */
function pushNotesHold(w: IrWriter): void {
  const { code } = w;
  code.localGet(w.floatBar());
  code.i32(FLOAT_BAR.denormal);
  code.op('i32.ne');
  code.op('i32.and');
}

// The sum is NaN when an operand is, or for infinities of both signs, which may go the slow way too.
function pushOrdered(code: CodeWriter, type: Scalar, a: number, b: number): void {
  const sum = code.newLocal(type);
  code.localGet(a);
  code.localGet(b);
  code.op(`${type}.add`);
  code.localTee(sum);
  code.localGet(sum);
  code.op(`${type}.eq`);
  code.release(sum);
}

function packedCompare(lanes: PackedLanes, push: (code: CodeWriter, a: number, b: number) => void): Emit {
  const shape = SHAPE_OF[lanes] as 'f64x2' | 'f32x4';
  return (w, op) => {
    const { code, floats } = w;
    const [a, b] = op.args.map((arg) => w.local(arg));
    const unknown = new Set(op.args.filter((arg) => !floats.isPlain(arg, lanes)).map((arg) => w.local(arg)));
    const [result, sum] = [code.newLocal('v128'), code.newLocal('v128')];
    push(code, a, b);
    code.localSet(result);
    code.localGet(a);
    code.localGet(b);
    code.op(`${shape}.add`);
    code.localTee(sum);
    code.localGet(sum);
    code.op(`${shape}.ne`);
    for (const local of unknown) {
      pushDenormalLanes(code, shape, local);
      code.op('v128.or');
    }
    code.op('v128.any_true');
    if (unknown.size < new Set([a, b]).size) {
      code.op('i32.eqz');
      pushNotesHold(w);
      code.op('i32.eqz');
    }
    code.if(undefined, 'unlikely');
    askHost(w, op, [
      { local: a, type: 'v128' },
      { local: b, type: 'v128' },
    ]);
    pushHostResult(w, 'v128.load');
    code.localSet(result);
    code.end();
    code.localGet(result);
    code.release(result);
    code.release(sum);
  };
}

/** Pushes CF and ZF at their RFLAGS positions, as COMISD gives them for numbers. */
export function pushOrder(code: CodeWriter, type: Scalar, a: number, b: number): void {
  for (const name of ['lt', 'eq'] as const) {
    code.localGet(a);
    code.localGet(b);
    code.op(`${type}.${name}`);
  }
  code.i32(6);
  code.op('i32.shl');
  code.op('i32.or');
}

/** COMISD and its kind: ZF, PF and CF at their RFLAGS positions, as an integer. */
function order(lanes: ScalarLanes): Emit {
  const type = SHAPE_OF[lanes] as Scalar;
  return (w, op) => {
    const { code, floats } = w;
    const [a, b] = op.args.map((arg) => scalarOf(w, arg, type));
    const bits = code.newLocal('i32');
    pushOrder(code, type, a, b);
    code.localSet(bits);
    unlessUsual(w, op, lanes, () => {
      askHost(w, op, [
        { local: a, type },
        { local: b, type },
      ]);
      pushHostResult(w, 'i32.load');
      code.localSet(bits);
    });
    floats.setScalar(op, 'i32', bits);
    code.v128(new Uint8Array(16));
    code.localGet(bits);
    code.lane('i32x4.replace_lane', 0);
  };
}

// MINSD is a < b ? a : b: WebAssembly's pmin with its operands exchanged.
function pushExtreme(opcode: Opcode): (code: CodeWriter, a: number, b: number) => void {
  return (code, a, b) => {
    code.localGet(b);
    code.localGet(a);
    code.op(opcode);
  };
}

function rows(scalarLanes: ScalarLanes, packedLanes: PackedLanes): [string, Emit][] {
  const shape = SHAPE_OF[packedLanes] as 'f64x2' | 'f32x4';
  const both = (verb: string, push: (code: CodeWriter, a: number, b: number) => void): [string, Emit][] => [
    [verb + scalarLanes, scalarCompare(scalarLanes, push)],
    [verb + packedLanes, packedCompare(packedLanes, push)],
  ];
  return [
    ...both('min', pushExtreme(`${shape}.pmin`)),
    ...both('max', pushExtreme(`${shape}.pmax`)),
    ...[0, 1, 2, 3, 4, 5, 6, 7].flatMap((predicate) =>
      both(`cmp.${predicate}`, (code, a, b) => pushPredicate(code, shape, predicate, a, b)),
    ),
  ];
}

/** By operation. */
export const COMPARISONS: Readonly<Record<string, Emit>> = Object.fromEntries([
  ...rows('F64', 'F64x2'),
  ...rows('F32', 'F32x4'),
  ['orderDouble', order('F64')],
  ['orderDoubleQuietly', order('F64')],
  ['orderSingle', order('F32')],
  ['orderSingleQuietly', order('F32')],
]);
