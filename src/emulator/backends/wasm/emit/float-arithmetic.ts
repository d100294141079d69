/**
 * Sums, products, quotients and roots. The plain instruction comes first; its result stands when it is usual, no operand
 * is denormal and the bar is open. Else the runtime's function of that name does the whole operation again.
 */
import type { Op } from '../../../ir/block.ts';
import type { Opcode } from '../encoder/opcodes.ts';
import type { UsualOperation } from '../float-runtime.ts';
import type { Emit, IrWriter } from '../ir-writer.ts';
import {
  type ExponentRange,
  farRanges,
  pushExponentTest,
  pushIsDenormal,
  pushPackedTest,
  type Scalar,
  SHAPE_OF,
  usualRange,
} from './float-format.ts';
import { scalarOf } from './float-scalar.ts';

const VERBS = ['add', 'sub', 'mul', 'div', 'sqrt'] as const;
const LANES = ['F64', 'F32', 'F64x2', 'F32x4'] as const;

/** By operation. */
export const ARITHMETIC: Readonly<Record<string, Emit>> = Object.fromEntries(
  LANES.flatMap((lanes) =>
    VERBS.map((verb): [string, Emit] => [
      verb + lanes,
      lanes === 'F64' || lanes === 'F32' ? scalar(verb, lanes) : packed(verb, lanes),
    ]),
  ),
);

function scalar(verb: string, lanes: 'F64' | 'F32'): Emit {
  const type = SHAPE_OF[lanes] as Scalar;
  const isRoot = verb === 'sqrt';
  return (w, op) => {
    const { code, floats } = w;
    const [a, b] = op.args;
    const operands = isRoot ? [b] : [a, b];
    // The scalars first: once the vector lies in a local they would be taken from there.
    const locals = operands.map((operand) => scalarOf(w, operand, type));
    const upper = w.local(a);
    const unknown = operands.filter((operand) => !floats.isPlain(operand, lanes));
    const { tested, factor, range } = testsOf(verb, type, operands, unknown);
    const result = code.newLocal(type);
    const bar = w.floatBar();
    const done = code.block();
    const slow = code.block();
    for (const operand of tested) {
      pushIsDenormal(code, type, scalarOf(w, operand, type));
      code.brIf(slow, 'unlikely');
    }
    if (factor !== null) {
      pushExponentTest(code, type, scalarOf(w, factor, type), -1, farRanges(type).factor);
      code.op('i32.eqz');
      code.brIf(slow, 'unlikely');
    }
    for (const local of locals) code.localGet(local);
    code.op(`${type}.${verb}` as Opcode);
    code.localSet(result);
    pushExponentTest(code, type, result, bar, range);
    code.brIf(done, 'likely');
    code.end();
    callRoutine(w, `${verb}${lanes}` as UsualOperation, [locals[0], locals.at(-1) ?? 0], result);
    code.end();
    for (const value of [...unknown, op]) floats.notePlain(value, lanes);
    floats.setScalar(op, type, result);
    code.localGet(upper);
    code.localGet(result);
    code.lane(type === 'f64' ? 'f64x2.replace_lane' : 'f32x4.replace_lane', 0);
  };
}

interface Tests {
  /** Operands that must be tested for denormals. */
  readonly tested: readonly Op[];
  /** One that must lie in the range of factors instead, which tells of the other. */
  readonly factor: Op | null;
  /** Where the result must lie. */
  readonly range: ExponentRange;
}

/** The least that tells that no operand was denormal. */
function testsOf(verb: string, type: Scalar, operands: readonly Op[], unknown: readonly Op[]): Tests {
  const range = usualRange(type);
  const { product } = farRanges(type);
  if (unknown.length > 0 && verb === 'sqrt') return { tested: [], factor: null, range: product };
  const [first, second] = unknown;
  if (first === undefined || second === undefined || verb === 'div') return { tested: unknown, factor: null, range };
  // Twice a denormal and its square are not usual.
  if (operands[0] === operands[1]) return { tested: [], factor: null, range };
  if (verb === 'mul') return { tested: [], factor: second, range: product };
  return { tested: unknown, factor: null, range };
}

function packed(verb: string, lanes: 'F64x2' | 'F32x4'): Emit {
  const shape = SHAPE_OF[lanes] as 'f64x2' | 'f32x4';
  const isRoot = verb === 'sqrt';
  return (w, op) => {
    const [a, b] = op.args;
    const operands = isRoot ? [b] : [a, b];
    const locals = operands.map((operand) => w.local(operand));
    packedOperation(w, op, `${shape}.${verb}` as Opcode, `${verb}${lanes}` as UsualOperation, locals, operands, lanes);
  };
}

/** The operation on whole vectors in `locals`; `operands` are the values they hold, as far as notes may be made of them. */
function packedOperation(
  w: IrWriter,
  op: Op,
  opcode: Opcode,
  routine: UsualOperation,
  locals: readonly number[],
  operands: readonly Op[],
  lanes: 'F64x2' | 'F32x4',
): void {
  const { code, floats } = w;
  const unknown = locals.filter((_, i) => operands[i] === undefined || !floats.isPlain(operands[i], lanes));
  const result = code.newLocal('v128');
  const bar = w.floatBar();
  const done = code.block();
  for (const local of locals) code.localGet(local);
  code.op(opcode);
  code.localSet(result);
  pushPackedTest(code, SHAPE_OF[lanes] as 'f64x2' | 'f32x4', result, [...new Set(unknown)], bar);
  code.brIf(done, 'likely');
  callRoutine(w, routine, [locals[0], locals.at(-1) ?? 0], result);
  code.end();
  for (const value of [...operands, op]) floats.notePlain(value, lanes);
  code.localGet(result);
  code.release(result);
}

function callRoutine(w: IrWriter, routine: UsualOperation, operands: readonly number[], result: number): void {
  const { code } = w;
  const bar = w.floatBar();
  w.pushState();
  code.localGet(bar);
  for (const operand of operands) code.localGet(operand);
  w.callRuntime(routine);
  code.localSet(bar);
  code.localSet(result);
  code.localGet(bar);
  code.i32(0);
  code.op('i32.gt_s');
  w.slowExitIf();
}
