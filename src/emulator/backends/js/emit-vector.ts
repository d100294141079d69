/** How the 128-bit ops are written: families word by word (ir/ops/vector.ts), xmm registers straight from the state. */
import type { Op } from '../../ir/block.ts';
import { PACKS, PAIR_SHIFTS, PAIRWISE, parseLanes, type vector, WORD_SHIFTS, WORDWISE } from '../../ir/ops/vector.ts';
import { STATE_VARIABLES } from '../../ir/state-layout.ts';
import type { RegionWriter } from './region-writer.ts';

type Emit = (w: RegionWriter, op: Op) => void;

const WORDS = [0, 1, 2, 3] as const;
/** Word operations that are one operator in JavaScript. */
const INFIX: Readonly<Record<string, (a: string, b: string) => string>> = {
  and128: (a, b) => `${a} & ${b}`,
  or128: (a, b) => `${a} | ${b}`,
  xor128: (a, b) => `${a} ^ ${b}`,
  andNot128: (a, b) => `~${a} & ${b}`,
  addI32x4: (a, b) => `(${a} + ${b}) | 0`,
  subI32x4: (a, b) => `(${a} - ${b}) | 0`,
  eqI32x4: (a, b) => `${a} === ${b} ? -1 : 0`,
};

function family<K extends string>(rows: Readonly<Record<K, unknown>>, emit: (name: string) => Emit): Record<K, Emit> {
  const made: Partial<Record<K, Emit>> = {};
  for (const name of Object.keys(rows) as K[]) made[name] = emit(name);
  return made as Record<K, Emit>;
}

export const VECTOR_EMIT = {
  ...family(WORDWISE, (name) => (w, op) => {
    const write = INFIX[name] ?? ((a: string, b: string) => `WORDWISE.${name}(${a}, ${b})`);
    w.defineLanes(
      op,
      WORDS.map((i) => write(w.lane(op.args[0], i), w.lane(op.args[1], i))),
    );
  }),
  ...family(WORD_SHIFTS, (name) => (w, op) => {
    const count = w.atom(op.args[1]);
    w.defineLanes(
      op,
      WORDS.map((i) => `WORD_SHIFTS.${name}(${w.lane(op.args[0], i)}, ${count})`),
    );
  }),
  ...family(PAIRWISE, (name) => (w, op) => {
    const pair = (i: number): string => {
      const [a, b] = op.args;
      return `(${w.lane(a, i & 2)}, ${w.lane(a, i | 1)}, ${w.lane(b, i & 2)}, ${w.lane(b, i | 1)})`;
    };
    w.defineLanes(
      op,
      WORDS.map((i) => `PAIRWISE.${name}.${half(i)}${pair(i)}`),
    );
  }),
  ...family(PAIR_SHIFTS, (name) => (w, op) => {
    const [a, count] = [op.args[0], w.atom(op.args[1])];
    const text = (i: number): string => `(${w.lane(a, i & 2)}, ${w.lane(a, i | 1)}, ${count})`;
    w.defineLanes(
      op,
      WORDS.map((i) => `PAIR_SHIFTS.${name}.${half(i)}${text(i)}`),
    );
  }),
  ...family(PACKS, (name) => (w, op) => {
    const [a, b] = op.args;
    const sources = [[a, 0], [a, 2], [b, 0], [b, 2]] as const; // oxfmt-ignore
    w.defineLanes(
      op,
      sources.map(([from, i]) => `PACKS.${name}(${w.lane(from, i)}, ${w.lane(from, i + 1)})`),
    );
  }),
  splat32: (w, op) => {
    const a = w.atom(op.args[0]);
    w.defineLanes(op, [a, a, a, a]);
  },
  pair128: (w, op) => {
    const [a, b] = op.args;
    w.defineLanes(op, [w.low(a), w.high(a), w.low(b), w.high(b)]);
  },
  zext64: (w, op) => w.defineLanes(op, [w.low(op.args[0]), w.high(op.args[0]), '0', '0']),
  signs8x16: (w, op) => {
    // Times 0x204081 gathers bits 0, 8, 16 and 24 of a word in its bits 21 to 24, without carries.
    const nibbles = WORDS.map((i) => {
      const signs = `(${w.lane(op.args[0], i)} >>> 7) & 0x1010101`;
      return `(((Math.imul(${signs}, 0x204081) >>> 21) & 15) << ${4 * i})`;
    });
    w.define(op, nibbles.join(' | '));
  },
  signs32x4: (w, op) => w.define(op, WORDS.map((i) => `((${w.lane(op.args[0], i)} >>> 31) << ${i})`).join(' | ')),
  signs64x2: (w, op) => w.define(op, `(${w.lane(op.args[0], 1)} >>> 31) | ((${w.lane(op.args[0], 3)} >>> 31) << 1)`),
  anyTrue128: (w, op) => {
    const any = WORDS.map((i) => w.lane(op.args[0], i)).join(' | ');
    w.defineBoolean(op, `(${any}) !== 0`);
  },
  extract32: (w, op) => w.define(op, w.lane(op.args[0], op.imm)),
  extract64: (w, op) => w.define64(op, w.lane(op.args[0], 2 * op.imm), w.lane(op.args[0], 2 * op.imm + 1)),
  replace32: (w, op) =>
    w.defineLanes(
      op,
      WORDS.map((i) => (i === op.imm ? w.i32(op.args[1]) : w.lane(op.args[0], i))),
    ),
  replace64: (w, op) => {
    const [a, b] = op.args;
    w.defineLanes(
      op,
      WORDS.map((i) => (i >> 1 !== op.imm ? w.lane(a, i) : (i & 1) === 0 ? w.low(b) : w.high(b))),
    );
  },
  shuffle8x16: (w, op) => {
    const lanes = parseLanes(op.tag);
    w.defineLanes(
      op,
      WORDS.map((i) => shuffledWord(w, op, lanes.slice(4 * i, 4 * i + 4))),
    );
  },
  swizzle8x16: (w, op) => {
    const operands = WORDS.map((i) => w.lane(op.args[0], i)).concat(WORDS.map((i) => w.lane(op.args[1], i)));
    w.statement(`swizzle(${operands.join(', ')});`);
    w.defineLanes(
      op,
      WORDS.map((i) => `LANES[${i}]`),
    );
  },
} satisfies Record<keyof typeof vector, Emit>;

/** Some words of memory, zeros above. */
function loader(count: number): Emit {
  return (w, op) => {
    const addr = w.readable(op, 4 * count);
    for (const i of WORDS) {
      w.bind(op, i < count ? `D.getInt32(${addr}${i === 0 ? '' : ` + ${4 * i}`}, true)` : '0', i);
    }
  };
}

export const VECTOR_STATE_EMIT = {
  get128: (w: RegionWriter, op: Op): void => {
    const { offset } = STATE_VARIABLES[op.imm];
    w.defineLanes(
      op,
      WORDS.map((i) => `I[s + ${(offset >> 2) + i}]`),
    );
  },
  set128: (w: RegionWriter, op: Op): void => {
    const { offset } = STATE_VARIABLES[op.imm];
    for (const i of WORDS) w.statement(`I[s + ${(offset >> 2) + i}] = ${w.lane(op.args[0], i)};`);
  },
  load128: loader(4),
  loadLow32: loader(1),
  loadLow64: loader(2),
  store128: (w: RegionWriter, op: Op): void => {
    const addr = w.writable(op, 16);
    for (const i of WORDS)
      w.line(`D.setInt32(${addr}${i === 0 ? '' : ` + ${4 * i}`}, ${w.lane(op.args[1], i)}, true);`);
    w.endStatement();
  },
};

function half(i: number): 'low' | 'high' {
  return (i & 1) === 0 ? 'low' : 'high';
}

/** One word of a shuffle, from the numbers of its four bytes. */
function shuffledWord(w: RegionWriter, { args }: Op, lanes: readonly number[]): string {
  const word = (lane: number): string => w.lane(args[lane >> 4], (lane & 15) >> 2);
  if (lanes.every((lane) => lane > 31)) return '0';
  if (lanes.every((lane, i) => lane === lanes[0] + i) && (lanes[0] & 3) === 0) return word(lanes[0]);
  if (
    lanes[1] === lanes[0] + 1 &&
    lanes[3] === lanes[2] + 1 &&
    ((lanes[0] | lanes[2]) & 1) === 0 &&
    lanes[0] < 32 &&
    lanes[2] < 32
  ) {
    const low = (lanes[0] & 2) === 0 ? `(${word(lanes[0])} & 65535)` : `(${word(lanes[0])} >>> 16)`;
    const high = (lanes[2] & 2) === 0 ? `(${word(lanes[2])} << 16)` : `(${word(lanes[2])} & -65536)`;
    return `${low} | ${high}`;
  }
  const bytes = lanes.map((lane, i) => {
    if (lane > 31) return '';
    const byte = (lane & 3) === 0 ? `(${word(lane)} & 255)` : `((${word(lane)} >>> ${8 * (lane & 3)}) & 255)`;
    return i === 0 ? byte : `(${byte} << ${8 * i})`;
  });
  return bytes.filter((text) => text !== '').join(' | ');
}
