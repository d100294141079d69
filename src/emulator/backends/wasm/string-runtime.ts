/**
 * REP string instructions in WebAssembly, for both tiers: `(S, source segment base, how) → STRING_OUTCOME`, on the registers
 * in the state. They go page by page: a run of steps that stays in its pages has its permissions tested once, and is a bulk
 * operation where that is the same as one step after another. Each step is one retired instruction (fuel.ts), whose fuel
 * is taken in the state.
 *
 * A run that a permission byte forbids is left undone: registers show the steps before it, and the reference interpreter
 * goes on from there and faults if it must (DESIGN decision 2). Its meanings are in reference-strings.ts.
 *
 *   how   log2 of the element size | 4 with 67h | 8 while elements are equal (REPE; else REPNE)
 */
import type { Op } from '../../ir/block.ts';
import { flagsCode } from '../../ir/lazy-flags.ts';
import { STATE_OFFSET } from '../../ir/state-layout.ts';
import { FAR_BITS, PERMISSIONS_BASE } from '../../memory/address-space.ts';
import { PAGE, PAGE_SHIFT, PAGE_SIZE } from '../../memory/page-permissions.ts';
import type { Routine } from './encoder/assembly.ts';
import type { FunctionType } from './function-type.ts';

export const STRING_OUTCOME = {
  /** Go on behind the instruction. */
  done: 0,
  /** The reference interpreter must execute the rest; one instruction less is retired than the steps show. */
  slow: 1,
  /** Steps are left, and the fuel test behind the last one ends the run. */
  budget: 2,
} as const;

const how: FunctionType = { parameters: ['i32', 'i64', 'i32'], results: ['i32'] };

export const STRING_FUNCTIONS = { repeatMovs: how, repeatStos: how, repeatCmps: how, repeatScas: how } as const;

export type StringFunction = keyof typeof STRING_FUNCTIONS;

const FUNCTION_OF: Readonly<Record<string, StringFunction>> = {
  movs: 'repeatMovs', stos: 'repeatStos', cmps: 'repeatCmps', scas: 'repeatScas',
}; // oxfmt-ignore

export interface StringCall {
  readonly name: StringFunction;
  readonly how: number;
  /** It may set the status flags, in the state. */
  readonly setsFlags: boolean;
}

/** What executes a repeatString op; null for REP LODS, which nobody uses. */
export function stringCall({ tag, imm }: Op): StringCall | null {
  const name = FUNCTION_OF[tag.slice(0, 4)];
  if (name === undefined) return null;
  const isNarrow = tag.endsWith('.a32');
  const rest = tag.slice(4).replace('.a32', '');
  return {
    name,
    how: Math.log2(imm / 8) | (isNarrow ? 4 : 0) | (rest === 'E' ? 8 : 0),
    setsFlags: rest !== '',
  };
}

const RAX = STATE_OFFSET.gpr;
const RCX = STATE_OFFSET.gpr + 8;
const RSI = STATE_OFFSET.gpr + 48;
const RDI = STATE_OFFSET.gpr + 56;
const DF = 0x400;
/** Of an address: whether it lies where no memory can be. */
const IS_FAR = `0 i64.load@${FAR_BITS} i64.and i64:0 i64.ne`;
/** As many ones as an element has bits. */
const ELEMENT = 'i64:-1 64 8 shift i32.shl i32.sub i64.extend_i32_u i64.shr_u';
/** Elements up to which a loop costs less than the host's memmove. */
const FEW = 8;

interface Size {
  readonly load: string;
  readonly store: string;
}

const SIZES: readonly Size[] = [
  { load: 'i64.load8_u@0', store: 'i64.store8@0' },
  { load: 'i64.load16_u@0', store: 'i64.store16@0' },
  { load: 'i64.load32_u@0', store: 'i64.store32@0' },
  { load: 'i64.load@0', store: 'i64.store@0' },
];

/** The text for the element size at hand. */
function bySize(write: (size: Size, log2: number) => string): string {
  const cases = SIZES.map((size, log2) => `shift ${log2} i32.eq if ${write(size, log2)} end`);
  return cases.join(' ');
}

/** Steps from the address in `at` that stay in its page; an element across its end is a run of its own. */
function limitToPage(at: string): string {
  return `
    ${at} ${PAGE_SIZE - 1} i32.and =inPage
    backward if
      inPage shift i32.shr_u 1 i32.add =room
      inPage size i32.add ${PAGE_SIZE} i32.gt_u if 1 =room end
    else
      ${PAGE_SIZE} inPage i32.sub shift i32.shr_u =room
      room i32.eqz if 1 =room end
    end
    room n i32.lt_u if room =n end`;
}

/** Sets `low` to the run's lowest address; leaves when one of its two ends has not the permission. */
function check(at: string, low: string, bit: number): string {
  const permission = `${PAGE_SHIFT} i32.shr_u i32.load8_u@${PERMISSIONS_BASE}`;
  return `
    ${at} =${low}
    backward if ${at} bytes i32.sub size i32.add =${low} end
    ${low} ${permission}  ${low} bytes i32.add 1 i32.sub ${permission}  i32.and ${bit} i32.and i32.eqz br_if:slow`;
}

function narrowed(name: string): string {
  return `${name} i64:0xffffffff i64.and =${name}`;
}

function advance(name: string): string {
  return `${name} delta i64.add =${name}  how 4 i32.and if ${narrowed(name)} end`;
}

interface Parts {
  readonly usesSource: boolean;
  readonly usesDestination: boolean;
  /** Permission of the destination's pages. */
  readonly bit: number;
  /** Executes `n` steps, or fewer and says so in `n` and sets `stopped`. */
  readonly run: string;
  /** When steps were made. */
  readonly finish?: string;
}

/**
 * Locals: n steps of the run, from s to d (their lowest bytes: sLow, dLow); `left` steps of those that fuel and RCX allow;
 * `steps` made so far.
 */
function routine({ usesSource, usesDestination, bit, run, finish = '' }: Parts): Routine {
  return {
    parameters: { S: 'i32', base: 'i64', how: 'i32' },
    results: ['i32'],
    locals: {
      rcx: 'i64', rsi: 'i64', rdi: 'i64', source: 'i64', delta: 'i64', x: 'i64', y: 'i64',
      shift: 'i32', size: 'i32', backward: 'i32', fuel: 'i32', left: 'i32', steps: 'i32', n: 'i32', bytes: 'i32',
      s: 'i32', d: 'i32', sLow: 'i32', dLow: 'i32', inPage: 'i32', room: 'i32', a: 'i32', b: 'i32', k: 'i32',
      step: 'i32', stopped: 'i32', outcome: 'i32',
    }, // oxfmt-ignore
    body: `
      how 3 i32.and =shift  1 shift i32.shl =size
      S i32.load@${STATE_OFFSET.systemFlags} ${DF} i32.and =backward
      size =step  backward if 0 size i32.sub =step end
      S i64.load@${RCX} =rcx  S i64.load@${RSI} =rsi  S i64.load@${RDI} =rdi
      how 4 i32.and if ${narrowed('rcx')} ${narrowed('rsi')} ${narrowed('rdi')} end
      S i32.load@${STATE_OFFSET.fuel} :fuel 1 i32.add =left
      left 1 i32.lt_s if 1 =left end
      rcx left i64.extend_i32_u i64.lt_u if rcx i32.wrap_i64 =left end
      block:end
        block:slow
          loop:run
            left i32.eqz br_if:end
            left =n
            ${usesSource ? `base rsi i64.add :source ${IS_FAR} br_if:slow source i32.wrap_i64 =s ${limitToPage('s')}` : ''}
            ${usesDestination ? `rdi ${IS_FAR} br_if:slow rdi i32.wrap_i64 =d ${limitToPage('d')}` : ''}
            n shift i32.shl =bytes
            ${usesSource ? check('s', 'sLow', PAGE.FAST_READ) : ''}
            ${usesDestination ? check('d', 'dLow', bit) : ''}
            ${run}
            n step i32.mul i64.extend_i32_s =delta
            ${usesSource ? advance('rsi') : ''}
            ${usesDestination ? advance('rdi') : ''}
            rcx n i64.extend_i32_u i64.sub =rcx
            steps n i32.add =steps
            left n i32.sub =left
            stopped br_if:end
            br:run
          end
        end
        ${STRING_OUTCOME.slow} =outcome
      end
      steps if
        S rcx i64.store@${RCX}
        ${usesSource ? `S rsi i64.store@${RSI}` : ''}
        ${usesDestination ? `S rdi i64.store@${RDI}` : ''}
        ${finish}
      end
      outcome i32.eqz if
        rcx i64.eqz stopped i32.or i32.eqz if ${STRING_OUTCOME.budget} =outcome end
        steps if steps 1 i32.sub =steps end
      end
      S fuel steps i32.sub i32.store@${STATE_OFFSET.fuel}
      outcome`,
  };
}

/** One element after the other. */
const moveLoop = `
  s =a d =b n =k
  ${bySize(
    ({ load, store }, log2) => `
    loop:move${log2}
      b a ${load} ${store}
      a step i32.add =a  b step i32.add =b
      k 1 i32.sub :k br_if:move${log2}
    end`,
  )}`;

/**
 * A destination a little ahead of its source gets the elements that were just written: the bytes between the two repeat,
 * so each copy may be as long as what is there already. Nearer than an element, elements overlap themselves.
 */
const move = `
  d s i32.sub =room
  backward if s d i32.sub =room end
  n ${FEW} i32.le_u if
    ${moveLoop}
  else
    room 1 i32.sub bytes 1 i32.sub i32.ge_u if
      dLow sLow bytes memory.copy
    else
      backward room size i32.lt_u i32.or if
        ${moveLoop}
      else
        d =b bytes =k
        loop:repeat
          b s i32.sub =room
          room k i32.gt_u if k =room end
          b s room memory.copy
          b room i32.add =b
          k room i32.sub :k br_if:repeat
        end
      end
    end
  end`;

/** Like bytes are filled; other elements are copied from those that are there already. */
const store = `
  S i64.load@${RAX} =x
  n ${FEW} i32.le_u if
    dLow =b n =k
    ${bySize(
      ({ store: write }, log2) => `
      loop:store${log2}
        b x ${write}
        b size i32.add =b
        k 1 i32.sub :k br_if:store${log2}
      end`,
    )}
  else
    ${ELEMENT} =y
    x y i64.and  x i64:0xff i64.and i64:0x101010101010101 i64.mul y i64.and  i64.eq if
      dLow x i32.wrap_i64 bytes memory.fill
    else
      ${bySize(({ store: write }) => `dLow x ${write}`)}
      size =k
      loop:fill
        bytes k i32.sub =room
        room k i32.gt_u if k =room end
        dLow k i32.add dLow room memory.copy
        k room i32.add :k bytes i32.lt_u br_if:fill
      end
    end
  end`;

/** Compares until they differ (REPE) or are equal (REPNE): x with y. */
function compare(first: (size: Size) => string): string {
  return `
    s =a d =b n =k
    ${bySize(
      (size, log2) => `
      loop:compare${log2}
        ${first(size)}
        b ${size.load} =y
        a step i32.add =a  b step i32.add =b
        k 1 i32.sub =k
        x y i64.eq how 8 i32.and 3 i32.shr_u i32.ne =stopped
        stopped i32.eqz k 0 i32.ne i32.and br_if:compare${log2}
      end`,
    )}
    n k i32.sub =n`;
}

const setFlags = `
  S ${flagsCode('sub', 0)} 8 shift i32.shl i32.or i32.store@${STATE_OFFSET.flagsKind}
  S x y i64.sub ${ELEMENT} i64.and i64.store@${STATE_OFFSET.flagsResult}
  S x i64.store@${STATE_OFFSET.flagsFirst}
  S y i64.store@${STATE_OFFSET.flagsSecond}`;

const accumulator = `S i64.load@${RAX} ${ELEMENT} i64.and =x`;

export const STRING_ROUTINES: Readonly<Record<StringFunction, Routine>> = {
  repeatMovs: routine({ usesSource: true, usesDestination: true, bit: PAGE.FAST_WRITE, run: move }),
  repeatStos: routine({ usesSource: false, usesDestination: true, bit: PAGE.FAST_WRITE, run: store }),
  repeatCmps: routine({
    usesSource: true,
    usesDestination: true,
    bit: PAGE.FAST_READ,
    run: compare(({ load }) => `a ${load} =x`),
    finish: setFlags,
  }),
  repeatScas: routine({
    usesSource: false,
    usesDestination: true,
    bit: PAGE.FAST_READ,
    run: `${accumulator} ${compare(() => '')}`,
    finish: setFlags,
  }),
};
