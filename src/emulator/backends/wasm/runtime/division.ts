/**
 * 128 by 64 bits: rare, since compilers divide what was extended from 64 bits (integer64.ts does that itself). Dividend
 * locals 0 (high) and 1 (low), divisor local 2; quotients are taken mod 2^64, and division by 0 gives 0, as in the op table.
 */
import type { CodeWriter } from '../encoder/code-writer.ts';
import type { WriteBody } from './write-body.ts';

export const writeDivision = {
  divU128: (code) => divideUnsigned(code, 'quotient'),
  remU128: (code) => divideUnsigned(code, 'remainder'),
  divS128: (code, call) => {
    absoluteOperands(code, () => call('divU128'), [0, 2]);
  },
  // The remainder has the sign of the dividend.
  remS128: (code, call) => {
    absoluteOperands(code, () => call('remU128'), [0]);
  },
  divOverflowsS128: (code, call) => overflows(code, call),
} as const satisfies Record<string, WriteBody>;

// Schoolbook in bits: the remainder takes one bit of the low word at a time and gives the divisor away when it holds it.
function divideUnsigned(code: CodeWriter, result: 'quotient' | 'remainder'): void {
  const [high, low, divisor] = [0, 1, 2];
  const rest = code.newLocal('i64');
  const carry = code.newLocal('i64');
  const count = code.newLocal('i32');
  code.localGet(divisor);
  code.op('i64.eqz');
  code.if();
  code.i64(0);
  code.return();
  code.end();
  code.localGet(high);
  code.localGet(divisor);
  code.op('i64.rem_u');
  code.localSet(rest);
  code.i32(64);
  code.localSet(count);
  const again = code.loop();
  // (carry, rest, low) <<= 1; what leaves `low` at the top makes room for a quotient bit at its bottom.
  code.localGet(rest);
  code.i64(63);
  code.op('i64.shr_u');
  code.localSet(carry);
  shiftIn(code, rest, low);
  code.localGet(low);
  code.i64(1);
  code.op('i64.shl');
  code.localSet(low);
  code.localGet(carry);
  code.op('i64.eqz');
  code.op('i32.eqz');
  code.localGet(rest);
  code.localGet(divisor);
  code.op('i64.ge_u');
  code.op('i32.or');
  code.if();
  code.localGet(rest);
  code.localGet(divisor);
  code.op('i64.sub');
  code.localSet(rest);
  code.localGet(low);
  code.i64(1);
  code.op('i64.or');
  code.localSet(low);
  code.end();
  code.localGet(count);
  code.i32(1);
  code.op('i32.sub');
  code.localTee(count);
  code.brIf(again);
  code.end();
  code.localGet(result === 'quotient' ? low : rest);
}

/** rest = rest << 1 | low >>> 63 */
function shiftIn(code: CodeWriter, rest: number, low: number): void {
  code.localGet(rest);
  code.i64(1);
  code.op('i64.shl');
  code.localGet(low);
  code.i64(63);
  code.op('i64.shr_u');
  code.op('i64.or');
  code.localSet(rest);
}

/** Divides absolute values, then negates when an odd number of `signs` (locals) are negative. */
function absoluteOperands(code: CodeWriter, divide: () => void, signs: readonly number[]): void {
  const sign = code.newLocal('i64');
  code.i64(0);
  for (const local of signs) {
    code.localGet(local);
    code.op('i64.xor');
  }
  code.i64(63);
  code.op('i64.shr_s');
  code.localSet(sign);
  makeAbsolute(code);
  for (const local of [0, 1, 2]) code.localGet(local);
  divide();
  // (x ^ sign) - sign
  code.localGet(sign);
  code.op('i64.xor');
  code.localGet(sign);
  code.op('i64.sub');
}

/** Locals 0:1 and 2 become their absolute values. */
function makeAbsolute(code: CodeWriter): void {
  code.localGet(0);
  code.i64(0);
  code.op('i64.lt_s');
  code.if();
  // -(high:low) = (0 - low) and the complement of high, plus 1 when low is 0.
  code.localGet(0);
  code.i64(-1);
  code.op('i64.xor');
  code.localGet(1);
  code.op('i64.eqz');
  code.op('i64.extend_i32_u');
  code.op('i64.add');
  code.localSet(0);
  code.i64(0);
  code.localGet(1);
  code.op('i64.sub');
  code.localSet(1);
  code.end();
  code.localGet(2);
  code.i64(0);
  code.op('i64.lt_s');
  code.if();
  code.i64(0);
  code.localGet(2);
  code.op('i64.sub');
  code.localSet(2);
  code.end();
}

/** 1 unless the quotient of the absolute values fits: below 2^63, or 2^63 when it is negative. */
function overflows(code: CodeWriter, call: (name: 'divU128') => void): void {
  const isNegative = code.newLocal('i64');
  const quotient = code.newLocal('i64');
  code.localGet(0);
  code.localGet(2);
  code.op('i64.xor');
  code.i64(63);
  code.op('i64.shr_u');
  code.localSet(isNegative);
  makeAbsolute(code);
  // high ≥ divisor: more than 64 bits, or a division by 0
  code.localGet(0);
  code.localGet(2);
  code.op('i64.ge_u');
  code.if();
  code.i32(1);
  code.return();
  code.end();
  for (const local of [0, 1, 2]) code.localGet(local);
  call('divU128');
  code.localTee(quotient);
  code.i64(-1, 0x7fff_ffff);
  code.localGet(isNegative);
  code.op('i64.add');
  code.op('i64.gt_u');
}
