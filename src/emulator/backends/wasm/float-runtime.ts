/**
 * Sums, products, quotients and roots for which the test after the plain instruction failed: zeros, infinities, NaN, any
 * result while MXCSR.PE is not yet set, DAZ, FTZ, and rounding that is not to nearest, where the sign of the rounding error
 * tells which neighbour of the plain result is due. Written in WebAssembly (encoder/assembly.ts), so that these common
 * cases cost nanoseconds; what is left (denormals, overflow, underflow, unmasked exceptions) the host decides.
 *
 *   try.addF64  (MXCSR, a, b) → (result, flags)    flags to be set, or -1 for the host
 *   addF64      (S, bar, a, b) → (result, bar)     the whole operation: MXCSR in the state gets its flags
 *
 * The bar (FLOAT_BAR) tells whether generated code may take the fast way, which tests results but not operands that came
 * from an earlier test.
 */
import { FLOAT_OPERATIONS } from '../../ir/float-unit.ts';
import { STATE_OFFSET } from '../../ir/state-layout.ts';
import type { Routine } from './encoder/assembly.ts';
import type { FunctionType } from './function-type.ts';

export const FLOAT_BAR = {
  open: 0,
  /** MXCSR is not usual. */
  shut: -1,
  /** A register may hold a denormal that nobody tests for. */
  denormal: -2,
  /** Nothing was done: the reference interpreter must do this instruction. */
  undone: 1,
} as const;

/**
 * MXCSR lets the plain instruction stand: round to nearest, PRECISION masked and already set. All else is told by the
 * operands and the result.
 */
export const USUAL_MXCSR = { mask: 0x7020, value: 0x1020 } as const;

const FLAG = { invalid: 1, divide: 4, underflow: 0x10, precision: 0x20 } as const;
const MASKED = { invalid: 0x80, divide: 0x200, underflow: 0x800, precision: 0x1000 } as const;
/** The rounding, which is to nearest when both are 0. */
const ROUNDING = { down: 0x2000, up: 0x4000, both: 0x6000 } as const;
const FTZ = 0x8000;
const DAZ = 0x40;

type Scalar = 'f64' | 'f32';

interface Format {
  readonly type: Scalar;
  readonly integer: 'i64' | 'i32';
  readonly suffix: 'F64' | 'F32';
  /** Significand bits without the leading one. */
  readonly fraction: number;
  readonly quiet: string;
  readonly indefinite: string;
  /** The least number that is not denormal: it hides rounding up from a tiny result. */
  readonly least: string;
  /** From here on the number below is not denormal either. */
  readonly leastRounded: string;
  /** From here on Knuth's two-sum might overflow. */
  readonly greatest: string;
}

const F64: Format = {
  type: 'f64',
  integer: 'i64',
  suffix: 'F64',
  fraction: 52,
  quiet: 'i64:0x8000000000000',
  indefinite: 'i64:0xfff8000000000000',
  least: `f64:${2 ** -1022}`,
  leastRounded: `f64:${2 ** -1021}`,
  greatest: `f64:${2 ** 1022}`,
};

const F32: Format = {
  type: 'f32',
  integer: 'i32',
  suffix: 'F32',
  fraction: 23,
  quiet: '0x400000',
  indefinite: '0xffc00000',
  least: `f32:${2 ** -126}`,
  leastRounded: `f32:${2 ** -125}`,
  greatest: `f32:${2 ** 126}`,
};

const constant = ({ integer }: Format, value: string): string => (integer === 'i64' ? `i64:${value}` : value);

/** Whether the exponent field is zero and the value is not. */
function isDenormal(f: Format, name: string): string {
  const one = constant(f, '1');
  const limit = constant(f, String((1n << BigInt(f.fraction + 1)) - 1n));
  const { integer, type } = f;
  return `${name} ${integer}.reinterpret_${type} ${one} ${integer}.shl ${one} ${integer}.sub ${limit} ${integer}.lt_u`;
}

function areDenormal(f: Format, ...names: readonly string[]): string {
  return names.map((name, i) => `${isDenormal(f, name)}${i === 0 ? '' : ' i32.or'}`).join(' ');
}

function isSignaling(f: Format, name: string): string {
  const { integer, type } = f;
  const bit = `${name} ${integer}.reinterpret_${type} ${f.quiet} ${integer}.and ${integer}.eqz`;
  return `${name} ${name} ${type}.ne ${bit} i32.and`;
}

/** (MXCSR, a, b) → (NaN, flags): what an operation gives whose plain result is NaN. */
function nanRoutine(f: Format): Routine {
  const { type, integer } = f;
  const quieted = (name: string): string =>
    `${name} ${integer}.reinterpret_${type} ${f.quiet} ${integer}.or ${type}.reinterpret_${integer}`;
  return {
    parameters: { mxcsr: 'i32', a: type, b: type },
    results: [type, 'i32'],
    locals: { flags: 'i32' },
    body: `
      a a ${type}.eq b b ${type}.eq i32.and
      ${isSignaling(f, 'a')} ${isSignaling(f, 'b')} i32.or i32.or =flags
      flags mxcsr ${MASKED.invalid} i32.and i32.eqz i32.and if ${type}:0 -1 return end
      a a ${type}.ne if ${quieted('a')} flags return end
      b b ${type}.ne if ${quieted('b')} flags return end
      ${f.indefinite} ${type}.reinterpret_${integer} flags`,
  };
}

// What makes a verb: its instruction, and what tells a zero, a small or infinite result apart from a rounded one.

interface Verb {
  readonly compute: (f: Format) => string;
  /** i32: a zero result is exact. */
  readonly isTrueZero: (f: Format) => string;
  /** Small results are exact: sums are, unless they are flushed. */
  readonly isSmallExact: boolean;
  /** i32: the result r, neither tiny nor huge, is exact. */
  readonly isExact: (f: Format) => string;
  /** f64 with the sign of what r, neither tiny nor huge, lacks to be exact; 0 when it is. */
  readonly error: (f: Format) => string;
}

const isZero = ({ type }: Format, name: string): string => `${name} ${type}:0 ${type}.eq`;
const isInfinite = ({ type }: Format, name: string): string => `${name} ${type}.abs ${type}:Infinity ${type}.eq`;
const wide = (name: string): string => `${name} f64.promote_f32`;

function sumIsExact(verb: 'add' | 'sub'): (f: Format) => string {
  // Knuth's two-sum: rest = r - a; the error is (a - (r - rest)) + (b - rest). A single sum is taken in double.
  const addend = (name: string): string => (verb === 'add' ? name : `${name} f64.neg`);
  const twoSum = (r: string, a: string, b: string): string =>
    `${r} ${a} f64.sub =rest ${a} ${r} rest f64.sub f64.sub ${addend(b)} rest f64.sub f64.add f64:0 f64.eq`;
  return ({ type }) =>
    type === 'f64'
      ? twoSum('r', 'a', 'b')
      : `${wide('a')} ${wide('b')} f64.${verb} =w ${twoSum('w', wide('a'), wide('b'))} ${wide('r')} w f64.eq i32.and`;
}

/** Whether x y = p exactly. Products of singles are exact in double. */
function productIsExact(x: string, y: string, p: string): (f: Format) => string {
  return ({ type }) =>
    type === 'f64' ? `${x} ${y} ${p} call:isProduct` : `${wide(x)} ${wide(y)} f64.mul ${wide(p)} f64.eq`;
}

const widened = ({ type }: Format, name: string): string => (type === 'f64' ? name : wide(name));

function sumError(verb: 'add' | 'sub'): (f: Format) => string {
  const addend = (name: string): string => (verb === 'add' ? name : `${name} f64.neg`);
  const rest = (r: string, a: string, b: string): string =>
    `${r} ${a} f64.sub =rest ${a} ${r} rest f64.sub f64.sub ${addend(b)} rest f64.sub f64.add`;
  return ({ type }) =>
    type === 'f64'
      ? rest('r', 'a', 'b')
      : `${wide('a')} ${wide('b')} f64.${verb} =w ${rest('w', wide('a'), wide('b'))} w ${wide('r')} f64.sub f64.add`;
}

/** x y - p, whose sign is right. */
function productError({ type }: Format, x: string, y: string, p: string): string {
  return type === 'f64' ? `${x} ${y} ${p} call:productError` : `${wide(x)} ${wide(y)} f64.mul ${wide(p)} f64.sub`;
}

const VERBS: Readonly<Record<string, Verb>> = {
  add: {
    compute: ({ type }) => `a b ${type}.add`,
    isTrueZero: () => '1',
    isSmallExact: true,
    isExact: sumIsExact('add'),
    error: sumError('add'),
  },
  sub: {
    compute: ({ type }) => `a b ${type}.sub`,
    isTrueZero: () => '1',
    isSmallExact: true,
    isExact: sumIsExact('sub'),
    error: sumError('sub'),
  },
  mul: {
    compute: ({ type }) => `a b ${type}.mul`,
    isTrueZero: (f) => `${isZero(f, 'a')} ${isZero(f, 'b')} i32.or`,
    isSmallExact: false,
    isExact: productIsExact('a', 'b', 'r'),
    error: (f) => productError(f, 'a', 'b', 'r'),
  },
  div: {
    compute: ({ type }) => `a b ${type}.div`,
    isTrueZero: (f) => `${isZero(f, 'a')} ${isInfinite(f, 'b')} i32.or`,
    isSmallExact: false,
    isExact: productIsExact('r', 'b', 'a'),
    error: (f) => `${productError(f, 'r', 'b', 'a')} f64.neg f64:1 ${widened(f, 'b')} f64.copysign f64.mul`,
  },
  // Takes its operand twice.
  sqrt: {
    compute: ({ type }) => `b ${type}.sqrt`,
    isTrueZero: () => '1',
    isSmallExact: false,
    isExact: productIsExact('r', 'r', 'b'),
    error: (f) => `${productError(f, 'r', 'r', 'b')} f64.neg`,
  },
};

/** (x, y, p) → 1 when x y = p, p being the rounded product of normal numbers: the odd parts of the significands decide. */
const IS_PRODUCT: Routine = {
  parameters: { x: 'f64', y: 'f64', p: 'f64' },
  results: ['i32'],
  locals: { m: 'i64', n: 'i64' },
  body: `
    ${oddPart('x')} =m ${oddPart('y')} =n
    i64:128 m i64.clz n i64.clz i64.add i64.sub i64:54 i64.gt_u if 0 return end
    m n i64.mul ${oddPart('p')} i64.eq`,
};

/**
 * (x, y, p) → x y - p, for p = x y (1 + ε) and products of middling size. T. J. Dekker (1971): halves of 26 bits multiply
 * exactly. NaN when a half overflows, or the product might overflow or its error be too small.
 */
const PRODUCT_ERROR: Routine = {
  parameters: { x: 'f64', y: 'f64', p: 'f64' },
  results: ['f64'],
  locals: { q: 'f64', u: 'f64', v: 'f64', xh: 'f64', xl: 'f64', yh: 'f64', yl: 'f64' },
  body: `
    p f64.abs f64:${2 ** -960} f64.lt p f64.abs f64:${2 ** 1000} f64.ge i32.or if f64:NaN return end
    ${halves('x')} ${halves('y')} x y f64.mul =q
    q p f64.sub
    xh yh f64.mul q f64.sub xh yl f64.mul f64.add xl yh f64.mul f64.add xl yl f64.mul f64.add
    f64.add`,
};

function halves(name: string): string {
  return `${name} f64:134217729 f64.mul =u u u ${name} f64.sub f64.sub =${name}h ${name} ${name}h f64.sub =${name}l`;
}

/** (MXCSR, r, error) → (r, flags): r to nearest becomes what MXCSR's rounding gives; -1 for the host. */
function roundRoutine({ type, integer }: Format): Routine {
  const one = integer === 'i64' ? 'i64:1' : '1';
  const minus = integer === 'i64' ? 'i64:-1' : '-1';
  const moved = (step: string): string =>
    `r ${integer}.reinterpret_${type} ${step} ${integer}.add ${type}.reinterpret_${integer} ${FLAG.precision} return`;
  const away = `r ${type}:0 ${type}.gt`;
  return {
    parameters: { mxcsr: 'i32', r: type, error: 'f64' },
    results: [type, 'i32'],
    locals: { mode: 'i32', above: 'i32' },
    body: `
      error error f64.ne if ${type}:0 -1 return end
      error f64:0 f64.eq if r 0 return end
      mxcsr ${ROUNDING.both} i32.and =mode error f64:0 f64.gt =above
      mode ${ROUNDING.up} i32.eq above i32.and if ${away} if ${moved(one)} end ${moved(minus)} end
      mode ${ROUNDING.down} i32.eq above i32.eqz i32.and if ${away} if ${moved(minus)} end ${moved(one)} end
      mode ${ROUNDING.both} i32.eq above ${away} i32.ne i32.and if ${moved(minus)} end
      r ${FLAG.precision}`,
  };
}

function oddPart(name: string): string {
  const significand = `${name} i64.reinterpret_f64 i64:0xfffffffffffff i64.and i64:0x10000000000000 i64.or`;
  return `${significand} ${significand} i64.ctz i64.shr_u`;
}

function tryRoutine(f: Format, verb: Verb): Routine {
  const { type } = f;
  const host = `${type}:0 -1 return`;
  // What is tiny is flushed to a zero of its sign when the exception is masked (Intel SDM 1, 10.2.3.3).
  const flush = `${type}:0 r ${type}.copysign ${FLAG.underflow | FLAG.precision} return`;
  const flushed = `mxcsr ${FTZ | MASKED.underflow} i32.and ${FTZ | MASKED.underflow} i32.eq if ${flush} end`;
  const isToNearest = `mxcsr ${ROUNDING.both} i32.and i32.eqz`;
  const isTiny = `r ${type}.abs ${f.least} ${type}.lt`;
  const small = verb.isSmallExact
    ? `${isTiny} if ${flushed} mxcsr ${MASKED.underflow} i32.and i32.eqz if ${host} end end r 0 return`
    : `${isTiny} if ${flushed} end ${host}`;
  const zeroed = (name: string): string => `${isDenormal(f, name)} if ${type}:0 ${name} ${type}.copysign =${name} end`;
  return {
    parameters: { mxcsr: 'i32', a: type, b: type },
    results: [type, 'i32'],
    locals: { r: type, rest: 'f64', w: 'f64' },
    body: `
      mxcsr ${DAZ} i32.and if ${zeroed('a')} ${zeroed('b')} end
      mxcsr ${MASKED.precision} i32.and i32.eqz ${isDenormal(f, 'a')} ${isDenormal(f, 'b')} i32.or i32.or if ${host} end
      ${verb.compute(f)} :r r ${type}.ne if mxcsr a b call:nan${f.suffix} return end
      ${isZero(f, 'r')} if ${verb.isTrueZero(f)} ${verb.isSmallExact ? isToNearest : '1'} i32.and if r 0 return end ${verb === VERBS['mul'] || verb === VERBS['div'] ? flushed : ''} ${host} end
      ${isInfinite(f, 'r')} if
        ${isInfinite(f, 'a')} ${isInfinite(f, 'b')} i32.or if r 0 return end
        ${verb === VERBS['div'] ? divideByZero(f) : ''} ${host}
      end
      r ${type}.abs ${f.least} ${type}.le if ${small} end
      ${isToNearest} i32.eqz if
        r ${type}.abs ${f.leastRounded} ${type}.lt r ${type}.abs ${f.greatest} ${type}.ge i32.or if ${host} end
        mxcsr r ${verb.error(f)} call:round${f.suffix} return
      end
      mxcsr ${FLAG.precision} i32.and if r 0 return end
      r ${type}.abs ${f.greatest} ${type}.ge if ${host} end
      ${verb.isExact(f)} if r 0 return end r ${FLAG.precision}`,
  };
}

function divideByZero(f: Format): string {
  return `${isZero(f, 'b')} mxcsr ${MASKED.divide} i32.and 0 i32.ne i32.and if r ${FLAG.divide} return end`;
}

const MXCSR = STATE_OFFSET.mxcsr;
const SCRATCH = STATE_OFFSET.scratch;
const isUsual = (name: string): string => `${name} ${USUAL_MXCSR.mask} i32.and ${USUAL_MXCSR.value} i32.eq`;

/** With MXCSR after it in `new`, and `denormal` telling of operands and result: sets MXCSR, gives the bar. */
function finish(result: string): string {
  return `
    S new i32.store@${MXCSR}
    denormal if ${result} ${FLOAT_BAR.denormal} return end
    ${result} bar new call:nextBar`;
}

/** (bar, MXCSR) → bar. What a denormal shut stays shut: generated code does not look at the values once more. */
const NEXT_BAR: Routine = {
  parameters: { bar: 'i32', new: 'i32' },
  results: ['i32'],
  body: `${FLOAT_BAR.denormal} ${isUsual('new')} 1 i32.sub bar ${FLOAT_BAR.denormal} i32.eq select`,
};

const WHOLE_LOCALS = { old: 'i32', new: 'i32', denormal: 'i32' } as const;

/** Asks the host for operands that lie in the scratch area; leaves when an unmasked exception is due. */
function askHost(operation: string, result: string): string {
  return `
    S ${FLOAT_OPERATIONS.indexOf(operation)} old call:float :new 0 i32.lt_s if ${result} ${FLOAT_BAR.undone} return end`;
}

/**
 * Directed rounding of ordinary numbers, where PE is masked and set, so that MXCSR stays as it is. By chance the neighbour of
 * the plain result is due or not, so that is added without a branch: error, times the sign of r, tells whether the magnitude
 * is too small or too large.
 */
function roundDirected(f: Format, verb: Verb): string {
  const { type, integer } = f;
  const delta = integer === 'i64' ? 'i64.extend_i32_s' : '';
  const isOrdinary = `
    r ${type}.abs ${f.leastRounded} ${type}.ge  r ${type}.abs ${f.greatest} ${type}.lt i32.and
    ${areDenormal(f, 'a', 'b')} i32.eqz i32.and`;
  return `
    old ${ROUNDING.both} i32.and =mode
    mode 0 i32.ne  old ${USUAL_MXCSR.value} i32.and ${USUAL_MXCSR.value} i32.eq  i32.and if
      ${verb.compute(f)} =r
      ${isOrdinary} if
        ${verb.error(f)} f64:1 ${widened(f, 'r')} f64.copysign f64.mul :error error f64.eq if
          mode ${ROUNDING.up} ${ROUNDING.down} r ${type}:0 ${type}.gt select i32.eq =grows
          r ${integer}.reinterpret_${type}
          grows error f64:0 f64.gt i32.and  grows i32.eqz error f64:0 f64.lt i32.and  i32.sub ${delta}
          ${integer}.add ${type}.reinterpret_${integer}
          ${FLOAT_BAR.denormal} ${FLOAT_BAR.shut} bar ${FLOAT_BAR.denormal} i32.eq select return
        end
      end
    end`;
}

function scalarRoutine(f: Format, verb: string): Routine {
  const { type, suffix } = f;
  return {
    parameters: { S: 'i32', bar: 'i32', a: type, b: type },
    results: [type, 'i32'],
    locals: { ...WHOLE_LOCALS, r: type, mode: 'i32', grows: 'i32', error: 'f64', rest: 'f64', w: 'f64' },
    body: `
      S i32.load@${MXCSR} =old
      ${roundDirected(f, VERBS[verb])}
      old a b call:try.${verb}${suffix} =new =r
      new 0 i32.lt_s if
        S a ${type}.store@${SCRATCH} S b ${type}.store@${SCRATCH + 16}
        ${askHost(verb + suffix, 'r')} S ${type}.load@${SCRATCH} =r
      else old new i32.or =new end
      ${areDenormal(f, 'r', 'a', 'b')} =denormal
      ${finish('r')}`,
  };
}

function packedRoutine(f: Format, verb: string): Routine {
  const { type, suffix } = f;
  const shape = type === 'f64' ? 'f64x2' : 'f32x4';
  const lanes = type === 'f64' ? [0, 1] : [0, 1, 2, 3];
  const operation = `${verb}${suffix}x${lanes.length}`;
  const step = (i: number): string => `
    old a ${shape}.extract_lane@${i} :x b ${shape}.extract_lane@${i} :y call:try.${verb}${suffix} =flags =r
    new flags i32.or =new result r ${shape}.replace_lane@${i} =result
    ${areDenormal(f, 'r', 'x', 'y')} denormal i32.or =denormal`;
  return {
    parameters: { S: 'i32', bar: 'i32', a: 'v128', b: 'v128' },
    results: ['v128', 'i32'],
    locals: { ...WHOLE_LOCALS, r: type, x: type, y: type, flags: 'i32', result: 'v128' },
    body: `
      S i32.load@${MXCSR} :old =new
      ${lanes.map(step).join('\n')}
      new 0 i32.lt_s if
        S a v128.store@${SCRATCH} S b v128.store@${SCRATCH + 16}
        ${askHost(operation, 'result')} S v128.load@${SCRATCH} =result
        ${lanes.map((i) => `result ${shape}.extract_lane@${i} =r ${isDenormal(f, 'r')} denormal i32.or =denormal`).join('\n')}
      end
      ${finish('result')}`,
  };
}

type VerbName = 'add' | 'sub' | 'mul' | 'div' | 'sqrt';
/** Operations of the float op that have a function here. */
export type UsualOperation = `${VerbName}${'F64' | 'F32' | 'F64x2' | 'F32x4'}`;

const VERB_NAMES = Object.keys(VERBS);

export const USUAL_OPERATIONS: readonly string[] = ['F64', 'F32', 'F64x2', 'F32x4'].flatMap((shape) =>
  VERB_NAMES.map((verb) => verb + shape),
);

/** All routines by name, those that others call first. They call `float`, the host's soft float. */
export const FLOAT_ROUTINES: ReadonlyMap<string, Routine> = new Map<string, Routine>([
  ['isProduct', IS_PRODUCT],
  ['productError', PRODUCT_ERROR],
  ['nextBar', NEXT_BAR],
  ...[F64, F32].flatMap((f): [string, Routine][] => [
    [`nan${f.suffix}`, nanRoutine(f)],
    [`round${f.suffix}`, roundRoutine(f)],
    ...VERB_NAMES.map((name): [string, Routine] => [`try.${name}${f.suffix}`, tryRoutine(f, VERBS[name])]),
    ...VERB_NAMES.map((name): [string, Routine] => [`${name}${f.suffix}`, scalarRoutine(f, name)]),
    ...VERB_NAMES.map((name): [string, Routine] => [
      `${name}${f.suffix}x${f.type === 'f64' ? 2 : 4}`,
      packedRoutine(f, name),
    ]),
  ]),
]);

const WHOLE = new Map<string, FunctionType>(
  [...USUAL_OPERATIONS, 'nextBar'].map((name) => {
    const { parameters, results } = FLOAT_ROUTINES.get(name) ?? NEXT_BAR;
    return [name, { parameters: Object.values(parameters), results }];
  }),
);

/** Types of the functions that generated code calls, for its imports. */
export const FLOAT_FUNCTIONS = Object.fromEntries(WHOLE) as Record<UsualOperation | 'nextBar', FunctionType>;
