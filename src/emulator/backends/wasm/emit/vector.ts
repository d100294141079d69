/**
 * The 128-bit ops: one SIMD instruction each where WebAssembly has it, else the shortest sequence known.
 * ir/ops/vector.ts says what each must give; vector.test.ts compares every one of them with it.
 */
import type { Op } from '../../../ir/block.ts';
import { formatLanes, type PAIR_SHIFTS, parseLanes, type vector, type WORD_SHIFTS } from '../../../ir/ops/vector.ts';
import type { Opcode } from '../encoder/opcodes.ts';
import type { Emit, IrWriter } from '../ir-writer.ts';
import { pushScalar } from './float-scalar.ts';
import { sequence } from './sequence.ts';

/** 32-bit words 0 and 2 of both operands, where widening products look for them; then back from 16-bit lanes. */
const EVEN_WORDS = `shuffle:${formatLanes([0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11])}`;
const HIGH_HALVES = `shuffle:${formatLanes([2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26, 27, 30, 31])}`;

/** PSIGN: (a ^ m) - m negates where m, the mask of negative b, is set. */
function sign(shape: string): string {
  return `a 0 b ${shape}.gt_s =m v128.xor m ${shape}.sub b 0 ${shape}.eq v128.andnot`;
}

// oxfmt-ignore
const TEXTS = {
  and128: 'a b v128.and', or128: 'a b v128.or', xor128: 'a b v128.xor', andNot128: 'b a v128.andnot',
  addI8x16: 'a b i8x16.add', addI16x8: 'a b i16x8.add', addI32x4: 'a b i32x4.add', addI64x2: 'a b i64x2.add',
  subI8x16: 'a b i8x16.sub', subI16x8: 'a b i16x8.sub', subI32x4: 'a b i32x4.sub', subI64x2: 'a b i64x2.sub',
  addSatS8x16: 'a b i8x16.add_sat_s', addSatU8x16: 'a b i8x16.add_sat_u',
  addSatS16x8: 'a b i16x8.add_sat_s', addSatU16x8: 'a b i16x8.add_sat_u',
  subSatS8x16: 'a b i8x16.sub_sat_s', subSatU8x16: 'a b i8x16.sub_sat_u',
  subSatS16x8: 'a b i16x8.sub_sat_s', subSatU16x8: 'a b i16x8.sub_sat_u',
  eqI8x16: 'a b i8x16.eq', eqI16x8: 'a b i16x8.eq', eqI32x4: 'a b i32x4.eq', eqI64x2: 'a b i64x2.eq',
  gtS8x16: 'a b i8x16.gt_s', gtS16x8: 'a b i16x8.gt_s', gtS32x4: 'a b i32x4.gt_s', gtS64x2: 'a b i64x2.gt_s',
  minU8x16: 'a b i8x16.min_u', minS8x16: 'a b i8x16.min_s', minU16x8: 'a b i16x8.min_u', minS16x8: 'a b i16x8.min_s',
  maxU8x16: 'a b i8x16.max_u', maxS8x16: 'a b i8x16.max_s', maxU16x8: 'a b i16x8.max_u', maxS16x8: 'a b i16x8.max_s',
  minS32x4: 'a b i32x4.min_s', minU32x4: 'a b i32x4.min_u', maxS32x4: 'a b i32x4.max_s', maxU32x4: 'a b i32x4.max_u',
  avgU8x16: 'a b i8x16.avgr_u', avgU16x8: 'a b i16x8.avgr_u',
  mulI16x8: 'a b i16x8.mul', mulI32x4: 'a b i32x4.mul', dotS16x8: 'a b i32x4.dot_i16x8_s',
  mulHighS16x8: `a b i32x4.extmul_low_i16x8_s a b i32x4.extmul_high_i16x8_s ${HIGH_HALVES}`,
  mulHighU16x8: `a b i32x4.extmul_low_i16x8_u a b i32x4.extmul_high_i16x8_u ${HIGH_HALVES}`,
  // The one product that saturates here wraps in PMULHRSW: -1 × -1 in fixed point.
  mulRoundS16x8: 'a b i16x8.q15mulr_sat_s a #8000 i16x8.eq b #8000 i16x8.eq v128.and v128.xor',
  dotU8S8x16:
    'a #00ff v128.and b i32:8 i16x8.shl i32:8 i16x8.shr_s i16x8.mul ' +
    'a i32:8 i16x8.shr_u b i32:8 i16x8.shr_s i16x8.mul i16x8.add_sat_s',
  signS8x16: sign('i8x16'), signS16x8: sign('i16x8'), signS32x4: sign('i32x4'),
  mulWideU32x2: `a a ${EVEN_WORDS} b b ${EVEN_WORDS} i64x2.extmul_low_i32x4_u`,
  mulWideS32x2: `a a ${EVEN_WORDS} b b ${EVEN_WORDS} i64x2.extmul_low_i32x4_s`,
  sadU8x16:
    'a b i8x16.sub_sat_u b a i8x16.sub_sat_u v128.or i16x8.extadd_pairwise_i8x16_u i32x4.extadd_pairwise_i16x8_u ' +
    '=s s i32:32 i64x2.shr_u i64x2.add #00000000ffffffff v128.and',
  packS16ToS8: 'a b i8x16.narrow_i16x8_s', packS16ToU8: 'a b i8x16.narrow_i16x8_u',
  packS32ToS16: 'a b i16x8.narrow_i32x4_s', packS32ToU16: 'a b i16x8.narrow_i32x4_u',
  signs8x16: 'a i8x16.bitmask', signs32x4: 'a i32x4.bitmask', signs64x2: 'a i64x2.bitmask',
  anyTrue128: 'a v128.any_true',
  // Above 127 the index must stay out of range; below, only its low four bits count.
  swizzle8x16: 'a b #8f v128.and i8x16.swizzle',
} as const satisfies Partial<Record<keyof typeof vector, string>>;

const ABSOLUTE: Partial<Record<keyof typeof vector, Opcode>> = {
  signS8x16: 'i8x16.abs',
  signS16x8: 'i16x8.abs',
  signS32x4: 'i32x4.abs',
};

/** Instruction and bits of a lane, by op; those that shift by sign fill with it when the count is too large. */
// oxfmt-ignore
const SHIFTS: Record<keyof typeof WORD_SHIFTS | keyof typeof PAIR_SHIFTS, readonly [Opcode, number]> = {
  shlI16x8: ['i16x8.shl', 16], shlI32x4: ['i32x4.shl', 32], shlI64x2: ['i64x2.shl', 64],
  shrU16x8: ['i16x8.shr_u', 16], shrU32x4: ['i32x4.shr_u', 32], shrU64x2: ['i64x2.shr_u', 64],
  sarS16x8: ['i16x8.shr_s', 16], sarS32x4: ['i32x4.shr_s', 32],
};

function each<K extends string, R>(rows: Readonly<Record<K, R>>, emit: (row: R, name: K) => Emit): Record<K, Emit> {
  const made: Partial<Record<K, Emit>> = {};
  for (const name of Object.keys(rows) as K[]) made[name] = emit(rows[name], name);
  return made as Record<K, Emit>;
}

function bySequence(text: string, name: keyof typeof TEXTS): Emit {
  const emit = sequence(text);
  const absolute = ABSOLUTE[name];
  if (absolute === undefined) return emit;
  return (w, op) => {
    if (op.args[0] !== op.args[1]) return emit(w, op);
    w.push(op.args[0]);
    w.code.op(absolute);
  };
}

function shift([opcode, bits]: readonly [Opcode, number]): Emit {
  const isSigned = opcode.endsWith('_s');
  return (w, { args: [a, count] }) => {
    const known = w.constant(count);
    if (known !== null && known >>> 0 >= bits && !isSigned) return w.code.v128(new Uint8Array(16));
    w.push(a);
    if (known !== null) {
      w.code.i32(known >>> 0 < bits ? known : bits - 1);
      w.code.op(opcode);
    } else shiftBy(w, count, opcode, bits, isSigned ? 'count' : 'result');
  };
}

/** WebAssembly takes counts mod `bits`: a larger one becomes bits - 1, or clears the result. */
function shiftBy(w: IrWriter, count: Op, opcode: Opcode, bits: number, corrects: 'count' | 'result'): void {
  const { code } = w;
  const local = w.local(count);
  const selectBelow = (): void => {
    code.localGet(local);
    code.i32(bits);
    code.op('i32.lt_u');
    code.op('select');
  };
  code.localGet(local);
  if (corrects === 'count') {
    code.i32(bits - 1);
    selectBelow();
  }
  code.op(opcode);
  if (corrects === 'result') {
    code.v128(new Uint8Array(16));
    selectBelow();
  }
}

function shuffle(w: IrWriter, { args: [a, b], tag }: Op): void {
  const { code } = w;
  const lanes = parseLanes(tag);
  const hasZeros = lanes.includes(32);
  const takesA = lanes.some((lane) => lane < 16);
  const takesB = lanes.some((lane) => lane >= 16 && lane < 32);
  if (!takesA && !takesB) return code.v128(new Uint8Array(16));
  if (takesA && takesB) {
    w.push(a);
    w.push(b);
    code.shuffle(lanes.map((lane) => lane & 31));
    if (!hasZeros) return;
    code.v128(new Uint8Array(16));
    code.shuffle(lanes.map((lane, i) => (lane === 32 ? 16 : i)));
    return;
  }
  const source = w.local(takesA ? a : b);
  code.localGet(source);
  if (hasZeros) code.v128(new Uint8Array(16));
  else code.localGet(source);
  code.shuffle(lanes.map((lane) => (lane === 32 ? 16 : lane & 15)));
}

export const VECTOR = {
  ...each(TEXTS, bySequence),
  ...each(SHIFTS, shift),
  splat32: (w, { args: [a] }) => {
    const word = w.constant(a);
    if (word !== null) return w.code.v128(new Uint8Array(Int32Array.of(word, word, word, word).buffer));
    w.push(a);
    w.code.op('i32x4.splat');
  },
  pair128: (w, { args: [a, b] }) => {
    w.push(a);
    w.code.op('i64x2.splat');
    w.push(b);
    w.code.lane('i64x2.replace_lane', 1);
  },
  zext64: (w, { args: [a] }) => {
    w.code.v128(new Uint8Array(16));
    w.push(a);
    w.code.lane('i64x2.replace_lane', 0);
  },
  extract32: extract('i32x4.extract_lane', 'i32'),
  extract64: extract('i64x2.extract_lane', 'i64'),
  replace32: laneOf('i32x4.replace_lane'),
  replace64: laneOf('i64x2.replace_lane'),
  shuffle8x16: shuffle,
} as const satisfies Record<keyof typeof vector, Emit>;

function laneOf(opcode: Opcode): Emit {
  return (w, { args, imm }) => {
    for (const arg of args) w.push(arg);
    w.code.lane(opcode, imm);
  };
}

/** The low lane may lie in a local of its own already. */
function extract(opcode: Opcode, type: 'i32' | 'i64'): Emit {
  return (w, op) => {
    if (op.imm === 0) pushScalar(w, op.args[0], type);
    else laneOf(opcode)(w, op);
  };
}
