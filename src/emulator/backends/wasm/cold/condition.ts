/** Conditions from the six status flags at their RFLAGS positions. */
import { CF, OF, PF, SF, ZF } from '../../../ir/lazy-flags.ts';
import type { CodeWriter } from '../encoder/code-writer.ts';

const BITS: Readonly<Record<string, number>> = { o: OF, b: CF, e: ZF, be: CF | ZF, s: SF, p: PF };
/** Each condition's even code, and whether it is the negation of it (Intel SDM 1, appendix B). */
const EVEN: Readonly<Record<string, string>> = {
  no: 'o',
  ae: 'b',
  ne: 'e',
  a: 'be',
  ns: 's',
  np: 'p',
  ge: 'l',
  g: 'le',
};

/** Pops the flags, pushes 1 when the condition holds, else 0. */
export function conditionFromFlags(code: CodeWriter, condition: string): void {
  const even = EVEN[condition] ?? condition;
  const mask = BITS[even];
  if (mask === undefined) pushLess(code, even === 'le');
  else {
    code.i32(mask);
    code.op('i32.and');
  }
  // What was pushed is 0 when the even condition does not hold.
  code.op('i32.eqz');
  if (even === condition) code.op('i32.eqz');
}

/** SF ≠ OF, or ZF too: not 0 when so. SF is bit 7, OF bit 11. */
function pushLess(code: CodeWriter, orEqual: boolean): void {
  const flags = code.newLocal('i32');
  code.localTee(flags);
  code.i32(4);
  code.op('i32.shr_u');
  code.localGet(flags);
  code.op('i32.xor');
  code.i32(SF);
  code.op('i32.and');
  if (orEqual) {
    code.localGet(flags);
    code.i32(ZF);
    code.op('i32.and');
    code.op('i32.or');
  }
  code.release(flags);
}
