/** Multiplication and division: Intel SDM 1, 5.1.2. */
import { VECTOR } from '../../exit.ts';
import type { I32, I64 } from '../../ir/block.ts';
import { type Instruction, instruction } from '../instruction.ts';
import { type Int, as32, as64 } from '../int-builder.ts';
import type { Lifter } from '../lifter.ts';
import { type Operand, integerWidth } from '../operands.ts';
import { RAX, RDX } from '../registers.ts';

interface Product {
  readonly low: Int;
  readonly high: Int;
  /** 1 when the product does not fit the low half. */
  readonly isWide: I32;
}

export const multiplyDivide: readonly Instruction[] = [
  instruction({
    name: 'mul',
    sdm: '2B, MUL',
    support: 'full',
    undefinedFlags: 'SZAP',
    forms: ['F6 /4  Eb', 'F7 /4  Ev'],
    lift: (b, src) => multiplyAccumulator(b, src, unsignedProduct),
  }),
  instruction({
    name: 'imul',
    sdm: '2A, IMUL',
    support: 'full',
    undefinedFlags: 'SZAP',
    forms: ['F6 /5  Eb', 'F7 /5  Ev'],
    lift: (b, src) => multiplyAccumulator(b, src, signedProduct),
  }),
  instruction({
    name: 'imul',
    sdm: '2A, IMUL',
    support: 'full',
    undefinedFlags: 'SZAP',
    forms: ['0F AF /r  Gv,Ev', '69 /r iz  Gv,Ev,Iz', '6B /r ib  Gv,Ev,sIb'],
    lift(b, dst, first, second) {
      const { low, isWide } = signedProduct(b, b.read(first), b.read(second ?? dst));
      b.write(dst, low);
      b.setFlags('mul', low, low, b.zeroExtend(b.fromI32(32, isWide), low.width));
    },
  }),
  instruction({
    name: 'div',
    sdm: '2A, DIV',
    support: 'full',
    undefinedFlags: 'CPAZSO',
    forms: ['F6 /6  Eb', 'F7 /6  Ev'],
    lift(b, src) {
      if (integerWidth(src) === 64) divide128(b, b.read(src), 'U');
      else divide64(b, b.read(src), 'U');
    },
  }),
  instruction({
    name: 'idiv',
    sdm: '2A, IDIV',
    support: 'full',
    undefinedFlags: 'CPAZSO',
    forms: ['F6 /7  Eb', 'F7 /7  Ev'],
    lift(b, src) {
      if (integerWidth(src) === 64) divide128(b, b.read(src), 'S');
      else divide64(b, b.read(src), 'S');
    },
  }),
];

function multiplyAccumulator(b: Lifter, src: Operand, product: (b: Lifter, x: Int, y: Int) => Product): void {
  const width = integerWidth(src);
  const { low, high, isWide } = product(b, b.read(src), b.getRegister(RAX, width));
  b.setRegister(RAX, width === 8 ? doubleByte(b, low, high) : low);
  if (width !== 8) b.setRegister(RDX, high);
  b.setFlags('mul', low, low, b.zeroExtend(b.fromI32(32, isWide), width));
}

/** high:low as 16 bits: byte operations use AX where wider ones use DX:AX. */
function doubleByte(b: Lifter, low: Int, high: Int): Int {
  return b.or(b.zeroExtend(low, 16), b.shl(b.zeroExtend(high, 16), b.const32(8)));
}

function unsignedProduct(b: Lifter, x: Int, y: Int): Product {
  const { width } = x;
  if (width === 64) {
    const high = b.fromI64(b.ir.mulHighU64(as64(x), as64(y)));
    return { low: b.mul(x, y), high, isWide: b.logicalNot(b.isZero(high)) };
  }
  const wide = width === 32 ? b.ir.mulWideU32(as32(x), as32(y)) : b.ir.zext32(b.ir.mul32(as32(x), as32(y)));
  const { low, high } = split(b, wide, width);
  return { low, high, isWide: b.logicalNot(b.isZero(high)) };
}

function signedProduct(b: Lifter, x: Int, y: Int): Product {
  const { width } = x;
  if (width === 64) {
    const low = b.mul(x, y);
    const high = b.fromI64(b.ir.mulHighS64(as64(x), as64(y)));
    return { low, high, isWide: b.ir.ne64(as64(high), b.ir.sar64(as64(low), b.const32(63))) };
  }
  const wide = width === 32 ? b.ir.mulWideS32(as32(x), as32(y)) : b.ir.sext32(b.ir.mul32(b.signed32(x), b.signed32(y)));
  const { low, high } = split(b, wide, width);
  return { low, high, isWide: b.ir.ne64(wide, b.signed64(low)) };
}

function split(b: Lifter, wide: I64, width: 8 | 16 | 32): { low: Int; high: Int } {
  const whole = b.fromI64(wide);
  return {
    low: b.zeroExtend(whole, width),
    high: b.zeroExtend(b.shr(whole, b.const32(width)), width),
  };
}

/** Operands up to 32 bits: the dividend of twice the width fits an i64. */
function divide64(b: Lifter, divisor: Int, sign: 'U' | 'S'): void {
  const { width } = divisor;
  const dividend = sign === 'U' ? b.unsigned64(accumulator(b, width)) : b.signed64(accumulator(b, width));
  const wideDivisor = sign === 'U' ? b.unsigned64(divisor) : b.signed64(divisor);
  const quotient = b.ir[`div${sign}64`](dividend, wideDivisor);
  const remainder = b.ir[`rem${sign}64`](dividend, wideDivisor);
  const low = b.zeroExtend(b.fromI64(quotient), width);
  const restored = sign === 'U' ? b.unsigned64(low) : b.signed64(low);
  b.raiseIf(b.ir.or32(b.isZero(divisor), b.ir.ne64(quotient, restored)), VECTOR.DE);
  const rest = b.zeroExtend(b.fromI64(remainder), width);
  b.setRegister(RAX, width === 8 ? doubleByte(b, low, rest) : low);
  if (width !== 8) b.setRegister(RDX, rest);
}

/** AX, DX:AX or EDX:EAX. */
function accumulator(b: Lifter, width: 8 | 16 | 32 | 64): Int {
  if (width === 8) return b.getRegister(RAX, 16);
  const low = as32(b.getRegister(RAX, width));
  const high = as32(b.getRegister(RDX, width));
  if (width === 32) return b.fromI64(b.ir.pair64(low, high));
  return b.fromI32(32, b.ir.or32(low, b.ir.shl32(high, b.const32(16))));
}

function divide128(b: Lifter, divisor: Int, sign: 'U' | 'S'): void {
  const operands = [b.ir.get64(RDX), b.ir.get64(RAX), as64(divisor)] as const;
  b.raiseIf(b.ir[`divOverflows${sign}128`](...operands), VECTOR.DE);
  const quotient = b.ir[`div${sign}128`](...operands);
  const remainder = b.ir[`rem${sign}128`](...operands);
  b.ir.set64(quotient, RAX);
  b.ir.set64(remainder, RDX);
}
