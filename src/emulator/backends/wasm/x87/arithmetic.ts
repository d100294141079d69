/**
 * FADD, FSUB, FMUL, FDIV and FSQRT.
 *
 *   sum, product, quotient   (S, control, at, x, m, y, n) → i32     stores the result and FSW; 0, with nothing done, is for the host
 *   root                     (S, control, at, x, m) → i32
 */
import type { ValueType } from '../../../ir/op-spec.ts';
import type { Routine } from '../encoder/assembly.ts';
import { ARITHMETIC_OPERANDS, LOAD } from './loads.ts';
import {
  BEGIN, BIAS, FREE_POPPED, isFull, isUsual, LEAD, LOAD_TOP, loadRegister, MAX_EXPONENT, moveTop, place, SIGN, twin,
} from './parts.ts'; // oxfmt-ignore
import { CANCELLED_SIGN, ROUND_AND_RETURN, ZERO_AND_RETURN } from './rounding.ts';

const RESULT = { e: 'i32', sign: 'i32', hi: 'i64', lo: 'i64' } as const;

function core(locals: Readonly<Record<string, ValueType>>, body: string): Routine {
  return {
    parameters: { S: 'i32', control: 'i32', at: 'i32', x: 'i32', m: 'i64', y: 'i32', n: 'i64' },
    results: ['i32'],
    locals: { ...RESULT, ...locals },
    body: `${isUsual('x', 'm')} ${isUsual('y', 'n')} i32.and i32.eqz if 0 return end ${body}`,
  };
}

const exponentOf = (x: string): string => `${x} ${MAX_EXPONENT} i32.and`;
/** 1 where bits fell off. */
const sticky = (dropped: string): string => `${dropped} i64:0 i64.ne i64.extend_i32_u`;

// The smaller number, n with `lo` behind it, moves to the larger one's exponent.
const SUM = core(
  { d: 'i32', t: 'i64' },
  `
  ${exponentOf('x')} =e ${exponentOf('y')} =d
  e d i32.lt_u  e d i32.eq m n i64.lt_u i32.and  i32.or if
    d e =d =e  x y =x =y  m n =m =n
  end
  e d i32.sub =d
  x ${SIGN} i32.and =sign
  d if
    d 64 i32.lt_u if
      n i64:64 d i64.extend_i32_u i64.sub i64.shl =lo
      n d i64.extend_i32_u i64.shr_u =n
    else d 128 i32.lt_u if
      d 64 i32.sub i64.extend_i32_u =t
      n t i64.shr_u  ${sticky('n i64:1 i64.shl i64:63 t i64.sub i64.shl')}  i64.or =lo i64:0 =n
    else
      ${sticky('n')} =lo i64:0 =n
    end end
  end
  x y i32.xor ${SIGN} i32.and if
    lo i64.eqz i64.extend_i32_u i64:1 i64.sub m n i64.sub i64.add =hi
    i64:0 lo i64.sub =lo
    hi i64:0 i64.ge_s if
      hi lo i64.or i64.eqz if ${CANCELLED_SIGN} =sign ${ZERO_AND_RETURN} return end
      hi i64.eqz if lo =hi i64:0 =lo e 64 i32.sub =e end
      hi i64.clz =t
      t i64.eqz i32.eqz if
        hi t i64.shl  lo i64:64 t i64.sub i64.shr_u  i64.or =hi
        lo t i64.shl =lo
        e t i32.wrap_i64 i32.sub =e
      end
    end
  else
    m n i64.add :hi m i64.lt_u if
      lo i64:1 i64.shr_u  lo i64:1 i64.and i64.or  hi i64:63 i64.shl i64.or =lo
      hi i64:1 i64.shr_u ${LEAD} i64.or =hi
      e 1 i32.add =e
    end
    hi i64.eqz if ${ZERO_AND_RETURN} return end
  end
  ${ROUND_AND_RETURN}`,
);

const LOW_HALF = 'i64:0xffffffff i64.and';
const HIGH_HALF = 'i64:32 i64.shr_u';

const PRODUCT = core(
  { m0: 'i64', m1: 'i64', n0: 'i64', n1: 'i64', t: 'i64', u: 'i64' },
  `
  x y i32.xor ${SIGN} i32.and =sign
  ${exponentOf('x')} ${exponentOf('y')} i32.add ${BIAS - 1} i32.sub =e
  m ${LOW_HALF} =m0 m ${HIGH_HALF} =m1 n ${LOW_HALF} =n0 n ${HIGH_HALF} =n1
  m1 n0 i64.mul  m0 n0 i64.mul ${HIGH_HALF}  i64.add =t
  m0 n1 i64.mul  t ${LOW_HALF}  i64.add =u
  m1 n1 i64.mul  t ${HIGH_HALF} i64.add  u ${HIGH_HALF} i64.add =hi
  m n i64.mul =lo
  hi i64:0 i64.ge_s if
    hi i64.eqz if ${ZERO_AND_RETURN} return end
    hi i64:1 i64.shl lo i64:63 i64.shr_u i64.or =hi
    lo i64:1 i64.shl =lo
    e 1 i32.sub =e
  end
  ${ROUND_AND_RETURN}`,
);

// A digit of 32 bits of rest : digit / n, by Knuth's algorithm D; `rest` is what remains. The quotient is q, at most 2 too
// large before the loop, which looks at n's low half too.
function divideDigit(label: string, digit: string): string {
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

const QUOTIENT = core(
  { n0: 'i64', n1: 'i64', q: 'i64', t: 'i64', rest: 'i64', digit: 'i64' },
  `
  n i64.eqz if 0 return end
  x y i32.xor ${SIGN} i32.and =sign
  m i64.eqz if ${ZERO_AND_RETURN} return end
  ${exponentOf('x')} ${exponentOf('y')} i32.sub ${BIAS - 1} i32.add =e
  m =rest
  m n i64.ge_u if
    e 1 i32.add =e
    m i64:1 i64.shr_u =rest
    m i64:31 i64.shl i64:0x80000000 i64.and =digit
  end
  n ${LOW_HALF} =n0 n ${HIGH_HALF} =n1
  ${divideDigit('High', 'digit')}
  q i64:32 i64.shl =hi
  ${divideDigit('Low', 'i64:0')}
  hi q i64.or =hi
  rest i64.eqz i32.eqz if
    i64:0x4000000000000000 i64:0xc000000000000000 rest n rest i64.sub i64.lt_u select =lo
  end
  ${ROUND_AND_RETURN}`,
);

// P. Zimmermann, "Karatsuba square root" (1999), one step: the root of the upper half, then a digit by division.
const ROOT: Routine = {
  parameters: { S: 'i32', control: 'i32', at: 'i32', x: 'i32', m: 'i64' },
  results: ['i32'],
  locals: { ...RESULT, high: 'i64', low: 'i64', s: 'i64', q: 'i64', t: 'i64', u: 'i64' },
  body: `
    ${isUsual('x', 'm')} i32.eqz if 0 return end
    m i64.eqz if x =sign ${ZERO_AND_RETURN} return end
    x ${SIGN} i32.and if 0 return end
    x ${BIAS} i32.sub =e
    m =high
    e 1 i32.and i32.eqz if m i64:1 i64.shr_u =high m i64:63 i64.shl =low end
    e 1 i32.shr_s ${BIAS} i32.add =e
    high f64.convert_i64_u f64.sqrt i64.trunc_sat_f64_u =s
    s i64:0xffffffff i64.gt_u if i64:0xffffffff =s end
    s s i64.mul high i64.gt_u if s i64:1 i64.sub =s end
    high s s i64.mul i64.sub s i64:1 i64.shl i64.gt_u if s i64:1 i64.add =s end
    high s s i64.mul i64.sub i64:31 i64.shl low i64:33 i64.shr_u i64.or s i64.div_u =q
    q i64:0xffffffff i64.gt_u if i64:0xffffffff =q end
    s i64:32 i64.shl q i64.or =hi
    s q i64.mul =u
    q q i64.mul  u i64:33 i64.shl :t  i64.add =q
    s s i64.mul u i64:31 i64.shr_u i64.add  q t i64.lt_u i64.extend_i32_u i64.add =t
    high t i64.sub  low q i64.lt_u i64.extend_i32_u i64.sub =u
    low q i64.sub =q
    u i64:0 i64.lt_s if
      hi i64:1 i64.sub =hi
      q hi i64:1 i64.shl i64:1 i64.or :t i64.add =q
      u hi i64:63 i64.shr_u i64.add  q t i64.lt_u i64.extend_i32_u i64.add =u
    end
    q u i64.or i64.eqz i32.eqz if
      i64:0xc000000000000000 i64:0x4000000000000000 u i64.eqz i32.eqz q hi i64.gt_u i32.or select =lo
    end
    ${ROUND_AND_RETURN}`,
};

/** What a form asks of its core: how x m and y n are given to it. */
const VERBS: Readonly<Record<string, string>> = {
  add: 'x m y n call:sum',
  sub: `x m y ${SIGN} i32.xor n call:sum`,
  subr: `y n x ${SIGN} i32.xor m call:sum`,
  mul: 'x m y n call:product',
  div: 'x m y n call:quotient',
  divr: 'y n x m call:quotient',
};

// The core writes FSW, and TOP with it; tags follow when it has done its work.
const withRegister = (call: string): string => `
  ${BEGIN}
  first 3 i32.shr_u =from
  ${isFull('first')} ${isFull('from')} i32.and i32.eqz br_if:host
  ${place('at', 'first')} ${place('from', 'from')}
  ${loadRegister('at', 'x', 'm')} ${loadRegister('from', 'y', 'n')}
  second if ${moveTop('second')} end
  S control at ${call} i32.eqz br_if:host
  second if ${FREE_POPPED} end
  0 return`;

const withMemory = (load: string, call: string): string => `
  ${BEGIN} ${LOAD_TOP} ${load}
  S control at ${call} i32.eqz br_if:host
  0 return`;

export const ARITHMETIC: readonly (readonly [string, Routine])[] = [
  ['sum', SUM],
  ['product', PRODUCT],
  ['quotient', QUOTIENT],
  ['root', ROOT],
  ...Object.entries(VERBS).flatMap(([name, call]) => [
    twin(name, withRegister(call)),
    ...ARITHMETIC_OPERANDS.map((operand) => twin(`${name}.${operand}`, withMemory(LOAD[operand], call))),
  ]),
  twin('sqrt', withMemory('', 'x m call:root')),
];
