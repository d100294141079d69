/**
 * x87 instructions as helpers. Each takes a guest address (memory forms; the row has checked the access) or register
 * numbers, and works on the unit of the thread state.
 */
import {
  addValues,
  divValues,
  invalid,
  mulValues,
  nanResult,
  noteDenormals,
  sqrt,
  subValues,
} from '../../util/soft-float/arithmetic.ts';
import {
  compareValues,
  convert,
  fromInteger,
  roundToIntegral,
  toInteger,
  type Order,
} from '../../util/soft-float/convert.ts';
import {
  F32,
  F64,
  F80,
  packIndefinite,
  packInfinity,
  packZero,
  unpack,
  widen,
  type FloatFormat,
  type Unpacked,
} from '../../util/soft-float/format.ts';
import { FP_FLAG, ROUND, roundAndPack, roundToMultiple, type FloatContext } from '../../util/soft-float/round.ts';
import { CONSTANTS } from './constants.ts';
import { bcdDigits, loadBcd, storeBcd } from './bcd.ts';
import { loadEnvironment, restoreState, saveState, storeEnvironment } from './environment.ts';
import { FUNCTIONS } from './functions.ts';
import { FSW, type X87 } from './unit.ts';

/** Runs on an attached unit; the result is the helper op's. */
export type X87Operation = (unit: X87, first: number, second: number) => number;

/** The name of an operation's helper: an identifier, since backends write it into code. */
export function helperName(operation: string): string {
  return `x87_${operation.replaceAll('.', '_')}`;
}

type Arithmetic = (context: FloatContext, format: FloatFormat, a: Unpacked, b: Unpacked, precision?: number) => bigint;

const ARITHMETIC: Readonly<Record<string, Arithmetic>> = {
  add: addValues,
  mul: mulValues,
  sub: subValues,
  subr: (context, format, a, b, precision) => subValues(context, format, b, a, precision),
  div: divValues,
  divr: (context, format, a, b, precision) => divValues(context, format, b, a, precision),
};

/** What a memory operand may be: its bytes and its value on the unit. */
interface MemoryFormat {
  readonly bytes: number;
  load(unit: X87, addr: number): Unpacked;
}

const signedInteger = (value: bigint): Unpacked => ({
  kind: 'finite',
  sign: value < 0n ? 1 : 0,
  significand: value < 0n ? -value : value,
  exponent: 0,
  isDenormal: false,
  isSignaling: false,
});

const MEMORY_FORMATS: Readonly<Record<string, MemoryFormat>> = {
  m32: { bytes: 4, load: ({ data }, addr) => widen(unpack(F32, BigInt(data.getUint32(addr, true))), F32, F80) },
  m64: { bytes: 8, load: ({ data }, addr) => widen(unpack(F64, data.getBigUint64(addr, true)), F64, F80) },
  i16: { bytes: 2, load: ({ data }, addr) => signedInteger(BigInt(data.getInt16(addr, true))) },
  i32: { bytes: 4, load: ({ data }, addr) => signedInteger(BigInt(data.getInt32(addr, true))) },
};

/** ST(0) = ST(0) operation memory. */
function arithmeticMemory(operation: Arithmetic, format: MemoryFormat): X87Operation {
  return (unit, addr) => {
    unit.replace(0, [0], () =>
      operation(unit.context, F80, unpack(F80, unit.get(0)), format.load(unit, addr), unit.precision),
    );
    return 0;
  };
}

/** ST(dst) = ST(dst) operation ST(src); `second` is 1 to pop. */
function arithmeticRegisters(operation: Arithmetic): X87Operation {
  return (unit, registers, pops) => {
    const [dst, src] = [registers & 7, (registers >> 3) & 7];
    const isDelivered = unit.replace(dst, [dst, src], () =>
      operation(unit.context, F80, unpack(F80, unit.get(dst)), unpack(F80, unit.get(src)), unit.precision),
    );
    if (isDelivered && pops !== 0) unit.pop();
    return 0;
  };
}

// Comparison

const ORDER_CODES: Readonly<Record<Order, number>> = {
  less: FSW.C0,
  equal: FSW.C3,
  greater: 0,
  unordered: FSW.C0 | FSW.C2 | FSW.C3,
};
const ORDER_FLAGS: Readonly<Record<Order, number>> = { less: 0x01, equal: 0x40, greater: 0, unordered: 0x45 };

function order(unit: X87, operands: readonly number[], other: () => Unpacked, isSignaling: boolean): Order {
  unit.begin();
  if (unit.misses(...operands)) return 'unordered';
  return compareValues(unit.context, unpack(F80, unit.get(0)), other(), isSignaling);
}

function popTimes(unit: X87, count: number): void {
  if (!unit.isDelivered) return;
  for (let i = 0; i < count; i++) unit.pop();
}

/** FCOM and FUCOM with a register: sets C0, C2, C3; `second` is how often to pop. */
function compareRegister(isSignaling: boolean): X87Operation {
  return (unit, i, pops) => {
    const result = order(unit, [0, i], () => unpack(F80, unit.get(i)), isSignaling);
    unit.commit(ORDER_CODES[result]);
    popTimes(unit, pops);
    return 0;
  };
}

/** FCOMI and FUCOMI: gives ZF, PF and CF at their RFLAGS positions. */
function compareToFlags(isSignaling: boolean): X87Operation {
  return (unit, i, pops) => {
    const result = order(unit, [0, i], () => unpack(F80, unit.get(i)), isSignaling);
    unit.commit();
    popTimes(unit, pops);
    return ORDER_FLAGS[result];
  };
}

function compareMemory(format: MemoryFormat): X87Operation {
  return (unit, addr, pops) => {
    const result = order(unit, [0], () => format.load(unit, addr), true);
    unit.commit(ORDER_CODES[result]);
    popTimes(unit, pops);
    return 0;
  };
}

// Loads and stores

function loadFloat(format: FloatFormat): X87Operation {
  return (unit, addr) => {
    const bits = format === F32 ? BigInt(unit.data.getUint32(addr, true)) : unit.data.getBigUint64(addr, true);
    // A denormal that is not masked is pushed all the same; a signaling NaN is not.
    unit.push(() => convert(unit.context, format, F80, bits), { blocking: FP_FLAG.INVALID });
    return 0;
  };
}

/** FLD m80 moves bits: no exception but a stack fault. */
function loadExtended(unit: X87, addr: number): number {
  const bits = (BigInt(unit.data.getUint16(addr + 8, true)) << 64n) | unit.data.getBigUint64(addr, true);
  unit.push(() => bits);
  return 0;
}

function loadInteger(bytes: 2 | 4 | 8): X87Operation {
  return (unit, addr) => {
    const { data } = unit;
    const value =
      bytes === 2
        ? BigInt(data.getInt16(addr, true))
        : bytes === 4
          ? BigInt(data.getInt32(addr, true))
          : data.getBigInt64(addr, true);
    unit.push(() => fromInteger(unit.context, F80, value));
    return 0;
  };
}

/** Stores what `make` computes from ST(0), or `indefinite` when that is empty; `pops` 1 pops. */
function storeWith(
  unit: X87,
  pops: number,
  indefinite: bigint,
  make: () => bigint,
  store: (bits: bigint) => void,
): number {
  unit.begin();
  const bits = unit.misses(0) ? indefinite : make();
  const isStored = isStorable(unit);
  if (isStored) store(bits);
  unit.commit();
  if (isStored && pops !== 0) unit.pop();
  return 0;
}

// An unmasked PRECISION alone does not keep the result from being stored (SDM 1, 8.5.6); what does, hides PRECISION.
function isStorable({ context }: X87): boolean {
  if ((context.flags & ~context.masks & ~FP_FLAG.PRECISION) === 0) return true;
  context.flags &= ~FP_FLAG.PRECISION;
  return false;
}

// Storing a denormal does not raise DENORMAL.
function narrow(context: FloatContext, format: FloatFormat, bits: bigint): bigint {
  const before = context.flags;
  const narrowed = convert(context, F80, format, bits);
  context.flags = before | (context.flags & ~FP_FLAG.DENORMAL);
  return narrowed;
}

function storeFloat(format: FloatFormat): X87Operation {
  return (unit, addr, pops) =>
    storeWith(
      unit,
      pops,
      packIndefinite(format),
      () => narrow(unit.context, format, unit.get(0)),
      (bits) => {
        if (format === F32) unit.data.setUint32(addr, Number(bits), true);
        else unit.data.setBigUint64(addr, bits, true);
      },
    );
}

function storeExtended(unit: X87, addr: number): number {
  return storeWith(
    unit,
    1,
    packIndefinite(F80),
    () => unit.get(0),
    (bits) => {
      unit.data.setBigUint64(addr, BigInt.asUintN(64, bits), true);
      unit.data.setUint16(addr + 8, Number(bits >> 64n), true);
    },
  );
}

function storeInteger(bytes: 2 | 4 | 8, truncates: boolean): X87Operation {
  const width = 8 * bytes;
  return (unit, addr, pops) => {
    const rounding = truncates ? ROUND.ZERO : (unit.control >> 10) & 3;
    const make = (): bigint => toInteger(unit.context, F80, unit.get(0), width, rounding);
    return storeWith(unit, pops, -(1n << BigInt(width - 1)), make, (value) => {
      if (bytes === 2) unit.data.setInt16(addr, Number(value), true);
      else if (bytes === 4) unit.data.setInt32(addr, Number(value), true);
      else unit.data.setBigInt64(addr, value, true);
    });
  };
}

function storeDecimal(unit: X87, addr: number): number {
  unit.begin();
  const value = unit.misses(0) ? null : bcdDigits(unit.context, unit.get(0));
  const isStored = isStorable(unit);
  if (isStored) storeBcd(unit.u8, addr, value);
  unit.commit();
  if (isStored) unit.pop();
  return 0;
}

// Register moves and small operations

function exchange(unit: X87, i: number): number {
  unit.begin();
  const isMissing = unit.misses(0, i);
  const [a, b] = [0, i].map((register) => (unit.isEmpty(register) ? packIndefinite(F80) : unit.get(register)));
  if (!isMissing || unit.isDelivered) {
    unit.set(0, b);
    unit.set(i, a);
  }
  unit.commit();
  return 0;
}

/** FST ST(i); `pops` 1 pops. */
function storeRegister(unit: X87, i: number, pops: number): number {
  const isDelivered = unit.replace(i, [0], () => unit.get(0));
  if (isDelivered && pops !== 0) unit.pop();
  return 0;
}

/** FCMOVcc: `second` is the condition. */
function moveIf(unit: X87, i: number, condition: number): number {
  // C1 changes only with a stack fault.
  if (!unit.isEmpty(0) && !unit.isEmpty(i)) {
    if (condition !== 0) unit.set(0, unit.get(i));
    return 0;
  }
  unit.replace(0, [0, i], () => unit.get(i));
  return 0;
}

const SIGN = 1n << 79n;

function changeSign(change: (bits: bigint) => bigint): X87Operation {
  return (unit) => {
    unit.replace(0, [0], () => change(unit.get(0)));
    return 0;
  };
}

/** FXAM: C3 C2 C0 tell the class, C1 the sign (SDM 2A, FXAM); also of an empty register. */
function examine(unit: X87): number {
  const bits = unit.get(0);
  const value = unpack(F80, bits);
  const c1 = value.sign === 1 ? FSW.C1 : 0;
  unit.status =
    (unit.status & ~(FSW.C0 | FSW.C1 | FSW.C2 | FSW.C3)) | c1 | (unit.isEmpty(0) ? FSW.C3 | FSW.C0 : classOf(value));
  return 0;
}

function classOf(value: Unpacked): number {
  switch (value.kind) {
    case 'unsupported':
      return 0;
    case 'nan':
      return FSW.C0;
    case 'infinity':
      return FSW.C2 | FSW.C0;
    default:
      if (value.significand === 0n) return FSW.C3;
      return value.isDenormal ? FSW.C3 | FSW.C2 : FSW.C2;
  }
}

function loadConstant(unit: X87, index: number): number {
  unit.push(() => CONSTANTS[index](unit.context.rounding));
  return 0;
}

function squareRoot(unit: X87): number {
  unit.replace(0, [0], () => sqrt(unit.context, F80, unit.get(0), unit.precision));
  return 0;
}

function roundInteger(unit: X87): number {
  unit.replace(0, [0], () => {
    const value = unpack(F80, unit.get(0));
    if (value.kind === 'finite') noteDenormals(unit.context, value);
    return roundToIntegral(unit.context, F80, unit.get(0), unit.context.rounding);
  });
  return 0;
}

/** FSCALE: ST(0) × 2^trunc(ST(1)). */
function scale(unit: X87): number {
  unit.replace(0, [0, 1], () => {
    const { context } = unit;
    const [value, by] = [unpack(F80, unit.get(0)), unpack(F80, unit.get(1))];
    const nan = nanResult(context, F80, value, by);
    if (nan !== undefined) return nan;
    if (by.kind === 'infinity') return scaleByInfinity(unit, value, by.sign === 1);
    noteDenormals(context, value, by);
    if (value.kind === 'infinity') return packInfinity(F80, value.sign);
    const { significand } = roundToMultiple(by, Math.max(by.exponent, 0), ROUND.ZERO);
    // Beyond this everything overflows or underflows, also with the exponent that x87 wraps.
    const whole = Math.min(70_000, Number(significand) * 2 ** Math.max(by.exponent, 0));
    const exponent = by.sign === 0 ? whole : -whole;
    return roundAndPack(context, F80, { ...value, exponent: value.exponent + exponent });
  });
  return 0;
}

// SDM 2A FSCALE: 0 × 2^∞ and ∞ × 2^-∞ are invalid.
function scaleByInfinity({ context }: X87, value: Unpacked, isDown: boolean): bigint {
  const isZero = value.kind === 'finite' && value.significand === 0n;
  if (isDown ? value.kind === 'infinity' : isZero) return invalid(context, F80);
  noteDenormals(context, value);
  return isDown ? packZero(F80, value.sign) : packInfinity(F80, value.sign);
}

// Control

const fldcw: X87Operation = (unit, addr) => {
  unit.control = unit.data.getUint16(addr, true);
  return 0;
};

const fnclex: X87Operation = (unit) => {
  unit.status &= ~0x80ff;
  return 0;
};

const rotate =
  (by: number): X87Operation =>
  (unit) => {
    unit.status &= ~FSW.C1;
    unit.top += by;
    return 0;
  };

function each<T>(
  table: Readonly<Record<string, T>>,
  make: (name: string, entry: T) => readonly [string, X87Operation][],
): [string, X87Operation][] {
  return Object.entries(table).flatMap(([name, entry]) => make(name, entry));
}

/** Every operation by name; 'add.m32' is FADD with a 32-bit memory operand. */
export const OPERATIONS: readonly (readonly [string, X87Operation])[] = [
  ...each(ARITHMETIC, (name, operation) => [
    [name, arithmeticRegisters(operation)],
    ...each(MEMORY_FORMATS, (suffix, format) => [[`${name}.${suffix}`, arithmeticMemory(operation, format)]]),
  ]),
  ...each(MEMORY_FORMATS, (suffix, format) => [[`com.${suffix}`, compareMemory(format)]]),
  ['com', compareRegister(true)],
  ['ucom', compareRegister(false)],
  ['comi', compareToFlags(true)],
  ['ucomi', compareToFlags(false)],
  [
    'tst',
    (unit) => {
      unit.commit(ORDER_CODES[order(unit, [0], () => signedInteger(0n), true)]);
      return 0;
    },
  ],
  ['ld.m32', loadFloat(F32)],
  ['ld.m64', loadFloat(F64)],
  ['ld.m80', loadExtended],
  [
    'ld',
    (unit, i) => {
      const value = unit.get(i);
      unit.push(() => value, { isOperandEmpty: unit.isEmpty(i) });
      return 0;
    },
  ],
  ['ild.i16', loadInteger(2)],
  ['ild.i32', loadInteger(4)],
  ['ild.i64', loadInteger(8)],
  ['st.m32', storeFloat(F32)],
  ['st.m64', storeFloat(F64)],
  ['st.m80', storeExtended],
  ['st', storeRegister],
  ['ist.i16', storeInteger(2, false)],
  ['ist.i32', storeInteger(4, false)],
  ['ist.i64', storeInteger(8, false)],
  ['istt.i16', storeInteger(2, true)],
  ['istt.i32', storeInteger(4, true)],
  ['istt.i64', storeInteger(8, true)],
  [
    'bld',
    (unit, addr) => {
      const value = loadBcd(unit.u8, addr);
      unit.push(() => value);
      return 0;
    },
  ],
  ['bstp', storeDecimal],
  ['xch', exchange],
  ['cmov', moveIf],
  ['chs', changeSign((bits) => bits ^ SIGN)],
  ['abs', changeSign((bits) => bits & ~SIGN)],
  ['xam', examine],
  ['constant', loadConstant],
  ['sqrt', squareRoot],
  ['rndint', roundInteger],
  ['scale', scale],
  ['ldcw', fldcw],
  ['nclex', fnclex],
  [
    'ninit',
    (unit) => {
      unit.initialize();
      return 0;
    },
  ],
  ['incstp', rotate(1)],
  ['decstp', rotate(-1)],
  [
    'free',
    (unit, i) => {
      unit.free(i);
      return 0;
    },
  ],
  ...FUNCTIONS,
  ['nstenv', environment(storeEnvironment)],
  ['ldenv', environment(loadEnvironment)],
  ['nsave', environment(saveState)],
  ['rstor', environment(restoreState)],
];

function environment(move: (unit: X87, addr: number, isShort: boolean) => void): X87Operation {
  return (unit, addr, isShort) => {
    move(unit, addr, isShort !== 0);
    return 0;
  };
}
