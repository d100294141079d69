/**
 * Short instruction sequences as text: what an op is in WebAssembly, one line per op.
 *
 *   'a b i8x16.add'            operands by letter, then the instruction
 *   '0 b i16x8.gt_s =m drop'   0 is the zero vector; =m keeps the top of the stack as m
 *   '#8000:0x0f'               a constant vector: the hex digits (low byte last) repeated
 *   'shuffle:hex'              i8x16.shuffle with sixteen lane numbers of two digits
 *
 * A sequence leaves one value on the stack. Sequences are parsed once, when the module is loaded.
 */
import type { Op } from '../../../ir/block.ts';
import { parseLanes } from '../../../ir/ops/vector.ts';
import { assert } from '../../../util/assert.ts';
import { OPCODE, type Opcode } from '../encoder/opcodes.ts';
import type { Emit, IrWriter } from '../ir-writer.ts';

type Step = (run: Run) => void;

/** One emission of a sequence: the locals its names stand for. */
interface Run {
  readonly w: IrWriter;
  readonly op: Op;
  readonly locals: Map<string, number>;
}

/** Operand letters of an op. */
const OPERANDS = ['a', 'b', 'c'];

export function sequence(text: string): Emit {
  const words = text.split(/\s+/);
  const repeated = new Set(OPERANDS.filter((name) => words.indexOf(name) !== words.lastIndexOf(name)));
  const steps = words.map((word) => stepOf(word, repeated.has(word)));
  return (w, op) => {
    const run: Run = { w, op, locals: new Map() };
    for (const step of steps) step(run);
    for (const local of run.locals.values()) w.code.release(local);
  };
}

function stepOf(word: string, isRepeated: boolean): Step {
  const operand = OPERANDS.indexOf(word);
  if (operand >= 0 && isRepeated) return ({ w, op }) => w.code.localGet(w.local(op.args[operand]));
  if (operand >= 0) return ({ w, op }) => w.push(op.args[operand]);
  if (word === '0') return ({ w }) => w.code.v128(new Uint8Array(16));
  if (word.startsWith('#')) return constantStep(word.slice(1));
  if (word.startsWith('=')) return (run) => keep(run, word.slice(1));
  if (word.startsWith('shuffle:')) {
    const lanes = parseLanes(word.slice('shuffle:'.length));
    return ({ w }) => w.code.shuffle(lanes);
  }
  if (word.startsWith('i32:')) {
    const value = Number(word.slice('i32:'.length));
    return ({ w }) => w.code.i32(value);
  }
  if (word in OPCODE) return ({ w }) => w.code.op(word as Opcode);
  return (run) => run.w.code.localGet(known(run, word));
}

function constantStep(digits: string): Step {
  const lane = Uint8Array.from(digits.match(/../g) ?? [], (byte) => parseInt(byte, 16)).toReversed();
  const bytes = Uint8Array.from({ length: 16 }, (_, i) => lane[i % lane.length]);
  return ({ w }) => w.code.v128(bytes);
}

function keep({ w, locals }: Run, name: string): void {
  const local = w.code.newLocal('v128');
  locals.set(name, local);
  w.code.localTee(local);
}

function known({ locals, op }: Run, name: string): number {
  const local = locals.get(name);
  assert(local !== undefined, `wasm: ${op.name} names '${name}' before it is there`);
  return local;
}
