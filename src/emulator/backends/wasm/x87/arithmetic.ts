/**
 * FADD, FSUB, FMUL, FDIV and FSQRT. Each form has its operation written out in it: x m and y n become sign, e and hi, which
 * lacks lo / 2^64, and are rounded to where `at` says. What the operands decide by chance has no branches: a wrong guess
 * costs as much as half of the operation.
 */
import type { Routine } from '../encoder/assembly.ts';
import { ARITHMETIC_OPERANDS, LOAD } from './loads.ts';
import {
  BEGIN, BIAS, FREE_POPPED, isFull, isUsual, LOAD_TOP, loadRegister, MAX_EXPONENT, moveTop, place, SIGN, twin,
} from './parts.ts'; // oxfmt-ignore
import { CANCELLED_SIGN, roundAndStore, storeZero } from './rounding.ts';

export const exponentOf = (x: string): string => `${x} ${MAX_EXPONENT} i32.and`;
/** 1 where bits fell off. */
const sticky = (dropped: string): string => `${dropped} i64:0 i64.ne i64.extend_i32_u`;
const isNormal = (x: string): string => `${exponentOf(x)} 1 i32.sub ${MAX_EXPONENT - 1} i32.lt_u`;
/** Zeros are looked for when the numbers are not both normal. */
const bothUsual = `
  ${isNormal('x')} ${isNormal('y')} i32.and  m n i64.and i64:0 i64.lt_s  i32.and i32.eqz if
    ${isUsual('x', 'm')} ${isUsual('y', 'n')} i32.and i32.eqz br_if:host
  end`;

/** The leading bit of hi comes to its top. hi is not 0. */
const NORMALISE = `
  hi i64.clz :t i32.wrap_i64 =d
  hi t i64.shl  lo i64:1 i64.shr_u i64:63 t i64.sub i64.shr_u  i64.or =hi
  lo t i64.shl =lo
  e d i32.sub =e`;

type Verb = (done: string) => string;

// Of both numbers halves are taken, so that the sum has room: m with `lo` behind it, and n with `u`, which moves to the larger
// number's exponent and is negated if the signs differ.
const sum: Verb = (done) => `
  ${bothUsual}
  ${exponentOf('x')} =e ${exponentOf('y')} =d
  i64:0  e d i32.lt_u  e d i32.eq m n i64.lt_u i32.and  i32.or i64.extend_i32_u  i64.sub =t
  m n i64.xor t i64.and :u m i64.xor =m  n u i64.xor =n
  x y i32.xor t i32.wrap_i64 i32.and :d x i32.xor =x  y d i32.xor =y
  ${exponentOf('x')} :e ${exponentOf('y')} i32.sub =d
  x ${SIGN} i32.and =sign
  d i64.extend_i32_u =t
  d 63 i32.lt_u if
    n i64:63 t i64.sub i64.shl =u
    n t i64.shr_u i64:1 i64.shr_u =n
  else
    d 127 i32.lt_u if
      n t i64:63 i64.sub i64.shr_u  ${sticky('n i64:1 i64.shl i64:126 t i64.sub i64.shl')}  i64.or =u
    else
      ${sticky('n')} =u
    end
    i64:0 =n
  end
  i64:0  x y i32.xor ${SIGN} i32.and i32.eqz i32.eqz i64.extend_i32_u  i64.sub =t
  u t i64.xor t i64.sub =u
  n t i64.xor  u i64.eqz i64.extend_i32_u t i64.and  i64.add =n
  m i64:63 i64.shl :lo u i64.add :lo u i64.lt_u i64.extend_i32_u
  m i64:1 i64.shr_u i64.add n i64.add =hi
  e 1 i32.add =e
  hi i64.eqz if
    lo i64.eqz if
      t i64.eqz i32.eqz if ${CANCELLED_SIGN} =sign end
      ${storeZero(done)}
    end
    lo =hi i64:0 =lo e 64 i32.sub =e
  end
  ${NORMALISE}
  ${roundAndStore(done)}`;

const LOW_HALF = 'i64:0xffffffff i64.and';
const HIGH_HALF = 'i64:32 i64.shr_u';

const product: Verb = (done) => `
  ${bothUsual}
  x y i32.xor ${SIGN} i32.and =sign
  ${exponentOf('x')} ${exponentOf('y')} i32.add ${BIAS - 1} i32.sub =e
  m ${LOW_HALF} =m0 m ${HIGH_HALF} =m1 n ${LOW_HALF} =n0 n ${HIGH_HALF} =n1
  m1 n0 i64.mul  m0 n0 i64.mul ${HIGH_HALF}  i64.add =t
  m0 n1 i64.mul  t ${LOW_HALF}  i64.add =u
  m1 n1 i64.mul  t ${HIGH_HALF} i64.add  u ${HIGH_HALF} i64.add =hi
  m n i64.mul =lo
  hi i64.eqz if ${storeZero(done)} end
  ${NORMALISE}
  ${roundAndStore(done)}`;

/** Halves of n, for `divideDigit`. */
export const SPLIT_DIVISOR = `n ${LOW_HALF} =n0 n ${HIGH_HALF} =n1`;

// A digit of 32 bits of rest : digit / n, by Knuth's algorithm D; `rest` is what remains. The quotient is q, at most 2 too
// large before the loop, which looks at n's low half too.
export function divideDigit(label: string, digit: string): string {
  return `
    rest n1 i64.div_u :q n1 i64.mul =t  rest t i64.sub =t
    block:done${label}
      loop:less${label}
        q ${HIGH_HALF} i64.eqz  q n0 i64.mul t i64:32 i64.shl ${digit} i64.or i64.le_u  i32.and br_if:done${label}
        q i64:1 i64.sub =q
        t n1 i64.add :t ${HIGH_HALF} i64.eqz br_if:less${label}
      end
    end
    rest i64:32 i64.shl ${digit} i64.or q n i64.mul i64.sub =rest`;
}

const quotient: Verb = (done) => `
  ${bothUsual}
  n i64.eqz br_if:host
  x y i32.xor ${SIGN} i32.and =sign
  m i64.eqz if ${storeZero(done)} end
  ${exponentOf('x')} ${exponentOf('y')} i32.sub ${BIAS - 1} i32.add =e
  m =rest
  m n i64.ge_u if
    e 1 i32.add =e
    m i64:1 i64.shr_u =rest
    m i64:31 i64.shl i64:0x80000000 i64.and =digit
  end
  ${SPLIT_DIVISOR}
  ${divideDigit('High', 'digit')}
  q i64:32 i64.shl =hi
  ${divideDigit('Low', 'i64:0')}
  hi q i64.or =hi
  rest i64.eqz i32.eqz if
    i64:0x4000000000000000 i64:0xc000000000000000 rest n rest i64.sub i64.lt_u select =lo
  end
  ${roundAndStore(done)}`;

// P. Zimmermann, "Karatsuba square root" (1999), one step: the root of the upper half, then a digit by division. What is
// rooted is m : n; u : q is what remains.
const ROOT = `
  ${BEGIN} ${LOAD_TOP}
  ${isUsual('x', 'm')} i32.eqz br_if:host
  m i64.eqz if x =sign ${storeZero('0 return')} end
  x ${SIGN} i32.and br_if:host
  x ${BIAS} i32.sub =e
  e 1 i32.and i32.eqz if m i64:63 i64.shl =n m i64:1 i64.shr_u =m end
  e 1 i32.shr_s ${BIAS} i32.add =e
  m f64.convert_i64_u f64.sqrt i64.trunc_sat_f64_u =s
  s i64:0xffffffff i64.gt_u if i64:0xffffffff =s end
  s s i64.mul m i64.gt_u if s i64:1 i64.sub =s end
  m s s i64.mul i64.sub s i64:1 i64.shl i64.gt_u if s i64:1 i64.add =s end
  m s s i64.mul i64.sub i64:31 i64.shl n i64:33 i64.shr_u i64.or s i64.div_u =q
  q i64:0xffffffff i64.gt_u if i64:0xffffffff =q end
  s i64:32 i64.shl q i64.or =hi
  s q i64.mul =u
  q q i64.mul  u i64:33 i64.shl :t  i64.add =q
  s s i64.mul u i64:31 i64.shr_u i64.add  q t i64.lt_u i64.extend_i32_u i64.add =t
  m t i64.sub  n q i64.lt_u i64.extend_i32_u i64.sub =u
  n q i64.sub =q
  u i64:0 i64.lt_s if
    hi i64:1 i64.sub =hi
    q hi i64:1 i64.shl i64:1 i64.or :t i64.add =q
    u hi i64:63 i64.shr_u i64.add  q t i64.lt_u i64.extend_i32_u i64.add =u
  end
  q u i64.or i64.eqz i32.eqz if
    i64:0xc000000000000000 i64:0x4000000000000000 u i64.eqz i32.eqz q hi i64.gt_u i32.or select =lo
  end
  ${roundAndStore('0 return')}`;

const negate = (x: string): string => `${x} ${SIGN} i32.xor =${x}`;
const EXCHANGE = 'x y =x =y m n =m =n';

/** What is done to x m, the destination, and y n. */
const VERBS: Readonly<Record<string, Verb>> = {
  add: sum,
  sub: (done) => `${negate('y')} ${sum(done)}`,
  subr: (done) => `${negate('x')} ${sum(done)}`,
  mul: product,
  div: quotient,
  divr: (done) => `${EXCHANGE} ${quotient(done)}`,
};

// FSW is stored with the result, and TOP with it; tags follow when all is done.
const withRegister = (verb: Verb): string => `
  ${BEGIN}
  first 3 i32.shr_u =from
  ${isFull('first')} ${isFull('from')} i32.and i32.eqz br_if:host
  ${place('at', 'first')} ${place('from', 'from')}
  ${loadRegister('at', 'x', 'm')} ${loadRegister('from', 'y', 'n')}
  second if ${moveTop('second')} end
  ${verb(`second if ${FREE_POPPED} end 0 return`)}`;

export const ARITHMETIC: readonly (readonly [string, Routine])[] = [
  ...Object.entries(VERBS).flatMap(([name, verb]) => [
    twin(name, withRegister(verb)),
    ...ARITHMETIC_OPERANDS.map((operand) =>
      twin(`${name}.${operand}`, `${BEGIN} ${LOAD_TOP} ${LOAD[operand]} ${verb('0 return')}`),
    ),
  ]),
  twin('sqrt', ROOT),
];
