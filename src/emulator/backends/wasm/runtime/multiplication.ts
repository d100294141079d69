/** High halves of 64-bit products, of four products of 32-bit halves (Hacker's Delight, 8-2). */
import type { CodeWriter } from '../encoder/code-writer.ts';
import type { WriteBody } from './write-body.ts';

export const writeMultiplication = {
  mulHighU64: (code) => pushHigh(code),
  // The unsigned product counts a negative operand 2^64 times the other one too much.
  mulHighS64: (code) => {
    pushHigh(code);
    for (const [negative, other] of [
      [0, 1],
      [1, 0],
    ]) {
      code.localGet(negative);
      code.i64(63);
      code.op('i64.shr_s');
      code.localGet(other);
      code.op('i64.and');
      code.op('i64.sub');
    }
  },
} as const satisfies Record<string, WriteBody>;

/** Pushes the high half of the unsigned product of locals 0 and 1. */
function pushHigh(code: CodeWriter): void {
  const middle = code.newLocal('i64');
  const half = (local: number, isHigh: boolean): void => {
    code.localGet(local);
    if (isHigh) {
      code.i64(32);
      code.op('i64.shr_u');
    } else {
      code.i64(-1, 0);
      code.op('i64.and');
    }
  };
  const product = (isHighA: boolean, isHighB: boolean): void => {
    half(0, isHighA);
    half(1, isHighB);
    code.op('i64.mul');
  };
  // middle = high·low + (low·low >> 32); neither this sum nor the next can carry out of 64 bits.
  product(true, false);
  product(false, false);
  code.i64(32);
  code.op('i64.shr_u');
  code.op('i64.add');
  code.localSet(middle);
  product(true, true);
  half(middle, true);
  code.op('i64.add');
  product(false, true);
  half(middle, false);
  code.op('i64.add');
  code.i64(32);
  code.op('i64.shr_u');
  code.op('i64.add');
}
