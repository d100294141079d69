/**
 * One line per op: how it is written in JavaScript. Exhaustive: a new op does not compile until it has its line.
 *
 * `w.i32(op)` and friends give an operand's text, to be written once; `w.atom` a name that may be repeated. All i32
 * expressions are int32 (`| 0`), so V8 keeps them in integer registers without checks.
 */
import type { Op } from '../../ir/block.ts';
import type { OpName } from '../../ir/ops.ts';
import { VARIABLE } from '../../ir/state-layout.ts';
import { VECTOR_EMIT, VECTOR_STATE_EMIT } from './emit-vector.ts';
import { FAST_FLOAT } from './fast-float.ts';
import type { RegionWriter } from './region-writer.ts';

type Emit = (w: RegionWriter, op: Op) => void;

export const EMIT = {
  // Integers of 32 bits
  const32: (w, op) => w.define(op, String(op.imm)),
  add32: infix('+', '| 0'),
  sub32: infix('-', '| 0'),
  mul32: (w, op) => w.define(op, `Math.imul(${w.i32(op.args[0])}, ${w.i32(op.args[1])})`),
  and32: infix('&', ''),
  or32: infix('|', ''),
  xor32: (w, op) => (isNegation(w, op) ? w.defineBoolean(op, `!(${w.condition(op.args[0])})`) : infix('^', '')(w, op)),
  shl32: infix('<<', ''),
  shr32: infix('>>>', '| 0'),
  sar32: infix('>>', ''),
  rotl32: (w, op) => {
    const [a, count] = [w.atom(op.args[0]), w.atom(op.args[1])];
    const c = w.constant(op.args[1]);
    w.define(
      op,
      c === null ? `(${a} << ${count}) | (${a} >>> -${count})` : `(${a} << ${c & 31}) | (${a} >>> ${-c & 31})`,
    );
  },
  clz32: (w, op) => w.define(op, `Math.clz32(${w.i32(op.args[0])})`),
  ctz32: call32('ctz32'),
  popcnt32: call32('popcnt32'),
  bswap32: call32('bswap32'),
  parity8: call32('parity8'),
  sext8: (w, op) => w.define(op, `(${w.i32(op.args[0])} << 24) >> 24`),
  sext16: (w, op) => w.define(op, `(${w.i32(op.args[0])} << 16) >> 16`),
  eq32: compare('===', ''),
  ne32: compare('!==', ''),
  ltS32: compare('<', ''),
  leS32: compare('<=', ''),
  ltU32: compare('<', ' >>> 0'),
  leU32: compare('<=', ' >>> 0'),
  select32: (w, op) => {
    const [condition, then, otherwise] = op.args;
    w.define(op, `${w.condition(condition)} ? ${w.i32(then)} : ${w.i32(otherwise)}`);
  },

  // Integers of 64 bits
  const64: (w, op) => w.define64(op, String(op.imm), String(op.imm2)),
  add64,
  sub64,
  mul64: (w, op) => {
    const [a, b] = op.args;
    const [al, bl] = [w.atom(a), w.atom(b)];
    w.define64(op, `Math.imul(${al}, ${bl})`, () => {
      const cross = `Math.imul(${w.high(a)}, ${bl}) + Math.imul(${al}, ${w.high(b)})`;
      return `(${mulHigh(al, bl)} + ${cross}) | 0`;
    });
  },
  mulHighU64: call64('mulHighU64'),
  // Mostly wanted for flags alone, which nobody asks for: an expression, not a statement.
  mulHighS64: (w, op) => {
    w.define64(op, `mulHighS64(${operandHalves(w, op)})`, `mulHighestS64(${operandHalves(w, op)})`);
  },
  mulWideU32: (w, op) => {
    const [a, b] = [w.atom(op.args[0]), w.atom(op.args[1])];
    w.define64(op, `Math.imul(${a}, ${b})`, mulHigh(a, b));
  },
  mulWideS32: (w, op) => {
    const [a, b] = [w.atom(op.args[0]), w.atom(op.args[1])];
    // The unsigned product counts a negative operand 2^32 times the other one too much.
    w.define64(op, `Math.imul(${a}, ${b})`, `(${mulHigh(a, b)} - ((${a} >> 31) & ${b}) - ((${b} >> 31) & ${a})) | 0`);
  },
  and64: halves('&'),
  or64: halves('|'),
  xor64: halves('^'),
  shl64,
  shr64,
  sar64,
  rotl64,
  clz64: (w, op) => {
    const [low, high] = [w.low(op.args[0]), w.atom(op.args[0], 1)];
    w.define(op, `${high} === 0 ? 32 + Math.clz32(${low}) : Math.clz32(${high})`);
  },
  ctz64: (w, op) => {
    const [low, high] = [w.atom(op.args[0]), w.high(op.args[0])];
    w.define(op, `${low} === 0 ? 32 + ctz32(${high}) : ctz32(${low})`);
  },
  popcnt64: (w, op) => w.define(op, `popcnt32(${w.low(op.args[0])}) + popcnt32(${w.high(op.args[0])})`),
  bswap64: (w, op) => w.define64(op, `bswap32(${w.high(op.args[0])})`, `bswap32(${w.low(op.args[0])})`),
  eq64: (w, op) => w.defineBoolean(op, `${difference(w, op)} === 0`),
  ne64: (w, op) => w.defineBoolean(op, `${difference(w, op)} !== 0`),
  ltS64: compare64('<', ''),
  leS64: compare64('<=', ''),
  ltU64: compare64('<', ' >>> 0'),
  leU64: compare64('<=', ' >>> 0'),
  select64: (w, op) => {
    const [condition, then, otherwise] = op.args;
    const text = `${w.atom(condition)} !== 0`;
    w.define64(op, `${text} ? ${w.wantsLow(op) ? w.low(then) : 0} : ${w.wantsLow(op) ? w.low(otherwise) : 0}`, () => {
      return `${text} ? ${w.high(then)} : ${w.high(otherwise)}`;
    });
  },
  zext32: (w, op) => w.define64(op, w.i32(op.args[0]), '0'),
  sext32: (w, op) => {
    const a = w.wantsHigh(op) ? w.atom(op.args[0]) : w.i32(op.args[0]);
    w.define64(op, a, `${a} >> 31`);
  },
  low32: (w, op) => w.define(op, w.low(op.args[0])),
  high32: (w, op) => w.define(op, w.high(op.args[0])),
  pair64: (w, op) => w.define64(op, w.i32(op.args[0]), w.i32(op.args[1])),
  divU64: call64('divU64'),
  remU64: call64('remU64'),
  divS64: call64('divS64'),
  remS64: call64('remS64'),
  divU128: call64('divU128'),
  remU128: call64('remU128'),
  divS128: call64('divS128'),
  remS128: call64('remS128'),
  divOverflowsU128: (w, op) => {
    const [a, , c] = op.args;
    w.defineBoolean(op, unsignedNotBelow(w.atom(a), w.atom(a, 1), w.atom(c), w.atom(c, 1)));
  },
  divOverflowsS128: (w, op) => w.define(op, `divOverflowsS128(${operandHalves(w, op)})`),

  // State
  get64: (w, op) => {
    w.alias(op, 0, w.local(op.imm));
    if (w.wantsHigh(op)) w.alias(op, 1, w.local(op.imm, 1));
  },
  get32: (w, op) => w.alias(op, 0, w.local(op.imm)),
  set64: (w, op) =>
    w.assign(op, [
      [w.local(op.imm, 1), op.args[0], 1],
      [w.local(op.imm), op.args[0], 0],
    ]),
  set32: (w, op) =>
    w.assign(op, [
      [w.local(op.imm, 1), '0'],
      [w.local(op.imm), op.args[0], 0],
    ]),
  setLow32: (w, op) => w.assign(op, [[w.local(op.imm), op.args[0], 0]]),
  setFlags32: (w, op) => w.setFlags(op, op.tag, op.imm),
  setFlags64: (w, op) => w.setFlags(op, op.tag, 64),
  setFlagsIf32: (w, op) => w.setFlagsIf(op, op.tag, op.imm),
  setFlagsIf64: (w, op) => w.setFlagsIf(op, op.tag, 64),
  getFlags: (w, op) => w.getFlags(op),
  condition: (w, op) => w.getCondition(op),

  // Memory
  load8: (w, op) => void w.bind(op, `D.getUint8(${w.readable(op, 1)})`),
  load16: (w, op) => void w.bind(op, `D.getUint16(${w.readable(op, 2)}, true)`),
  load32: (w, op) => void w.bind(op, `D.getInt32(${w.readable(op, 4)}, true)`),
  load64: (w, op) => {
    const addr = w.readable(op, 8);
    w.bind(op, `D.getInt32(${addr}, true)`);
    if (w.wantsHigh(op)) w.bind(op, `D.getInt32(${addr} + 4, true)`, 1);
  },
  store8: (w, op) => w.statement(`D.setUint8(${w.writable(op, 1)}, ${w.i32(op.args[1])});`),
  store16: (w, op) => w.statement(`D.setInt16(${w.writable(op, 2)}, ${w.i32(op.args[1])}, true);`),
  store32: (w, op) => w.statement(`D.setInt32(${w.writable(op, 4)}, ${w.i32(op.args[1])}, true);`),
  store64: (w, op) => {
    const addr = w.writable(op, 8);
    const high = w.high(op.args[1]);
    w.line(`D.setInt32(${addr}, ${w.low(op.args[1])}, true);`);
    w.statement(`D.setInt32(${addr} + 4, ${high}, true);`);
  },
  checkWrite: (w, op) => void w.writable(op, op.imm),
  atomicUpdate32: (w, op) => {
    const { get, set, addr } = access(w, op, op.imm);
    const old = w.bind(op, get);
    w.statement(`${set}${addr}, ${updated32(op.tag, old, w.i32(op.args[1]))}${op.imm === 8 ? '' : ', true'});`);
  },
  atomicUpdate64: (w, op) => {
    const addr = w.writable(op, 8);
    const low = w.bind(op, `D.getInt32(${addr}, true)`);
    const high = w.bind(op, `D.getInt32(${addr} + 4, true)`, 1);
    const [bl, bh] = [w.atom(op.args[1]), w.atom(op.args[1], 1)];
    const [newLow, newHigh] = updated64(op.tag, low, high, bl, bh);
    w.line(`D.setInt32(${addr}, ${newLow}, true);`);
    w.statement(`D.setInt32(${addr} + 4, ${newHigh}, true);`);
  },
  compareExchange32: (w, op) => {
    const { get, set, addr } = access(w, op, op.imm);
    const old = w.bind(op, get);
    const [expected, replacement] = [w.i32(op.args[1]), w.i32(op.args[2])];
    w.statement(`if (${old} === ${expected}) ${set}${addr}, ${replacement}${op.imm === 8 ? '' : ', true'});`);
  },
  compareExchange64: (w, op) => {
    const addr = w.writable(op, 8);
    const low = w.bind(op, `D.getInt32(${addr}, true)`);
    const high = w.bind(op, `D.getInt32(${addr} + 4, true)`, 1);
    const [, expected, replacement] = op.args;
    w.open(`if (${low} === ${w.low(expected)} && ${high} === ${w.high(expected)}) {`);
    w.line(`D.setInt32(${addr}, ${w.low(replacement)}, true);`);
    w.line(`D.setInt32(${addr} + 4, ${w.high(replacement)}, true);`);
    w.close();
    w.endStatement();
  },

  checkRead: (w, op) => void w.readable(op, op.imm),

  // Vectors and floats
  ...VECTOR_EMIT,
  ...VECTOR_STATE_EMIT,
  float: (w, op) => {
    const operands = op.args.flatMap((arg) => [0, 1, 2, 3].map((i) => w.lane(arg, i)));
    const mxcsr = w.local(VARIABLE.mxcsr);
    const name = op.tag in FAST_FLOAT ? `FAST_FLOAT.${op.tag}(` : `float('${op.tag}', `;
    const after = w.temporary(`${name}${mxcsr}, ${operands.join(', ')})`);
    w.statement(`if (${after} < 0) ${w.slowExit()}`);
    for (const i of [0, 1, 2, 3]) w.bind(op, `LANES[${i}]`, i);
    w.assign(op, [[mxcsr, after]]);
  },

  // Control
  instruction: (w, op) => w.beginInstruction(op),
  raiseIf: (w, op) => w.statement(`if (${w.condition(op.args[0])}) ${w.slowExit()}`),
  checkTarget: (w, op) => w.statement(`if (${w.high(op.args[0])} !== 0) ${w.slowExit()}`),
  interpret: (w) => w.statement(`if (true) ${w.slowExit()}`),
  helper: (w, op) => w.callHelper(op),
  x87: (w, op) => w.callHelper(op),
  jump: (w, op) => w.goTo(op.imm),
  branch: (w, op) => w.branch(op),
  jumpIndirect: (w, op) => w.goToValue(op.args[0], false),
  call: (w, op) => w.callGuest(op.imm, op.imm2),
  callIndirect: (w, op) => w.callGuestValue(op.args[0], op.imm),
  ret: (w, op) => w.goToValue(op.args[0], true),
  syscall: (w, op) => w.leaveForSyscall(op.imm),
  redispatch: (w, op) => w.leaveToDispatcher(op.imm),
  repeatString: (w) => w.line(w.slowExit()),
  raise: (w) => w.line(w.slowExit()),
  fetchFault: (w) => w.line(w.slowExit()),
} as const satisfies Record<OpName, Emit>;

/** mulHigh of runtime.ts, written out: V8 stops inlining calls when a function has many. */
function mulHigh(a: string, b: string): string {
  const cross = `Math.floor(((${a} & 65535) * (${b} >>> 0)) / 65536)`;
  return `((((${a} >>> 16) * (${b} >>> 0) + ${cross}) / 65536) | 0)`;
}

function infix(operator: string, suffix: string): Emit {
  return (w, op) => {
    const text = `${w.i32(op.args[0])} ${operator} ${w.i32(op.args[1])}`;
    w.define(op, suffix === '' ? text : `(${text}) ${suffix}`);
  };
}

function call32(name: string): Emit {
  return (w, op) => w.define(op, `${name}(${w.i32(op.args[0])})`);
}

function compare(operator: string, cast: string): Emit {
  return (w, op) => w.defineBoolean(op, `${w.i32(op.args[0])}${cast} ${operator} ${w.i32(op.args[1])}${cast}`);
}

// Conditions are 0 or 1: their exclusive or with 1 is "not".
function isNegation(w: RegionWriter, op: Op): boolean {
  return w.isBoolean(op.args[0]) && w.constant(op.args[1]) === 1;
}

function halves(operator: string): Emit {
  return (w, op) => {
    const [a, b] = op.args;
    const low = w.wantsLow(op) ? `${w.low(a)} ${operator} ${w.low(b)}` : '0';
    w.define64(op, low, () => `${w.high(a)} ${operator} ${w.high(b)}`);
  };
}

function difference(w: RegionWriter, op: Op): string {
  const [a, b] = op.args;
  if (w.constant(b) === 0) return `(${w.low(a)} | ${w.high(a)})`;
  return `((${w.low(a)} ^ ${w.low(b)}) | (${w.high(a)} ^ ${w.high(b)}))`;
}

function compare64(operator: string, cast: string): Emit {
  return (w, op) => {
    const [a, b] = op.args;
    const [ah, bh] = [w.atom(a, 1), w.atom(b, 1)];
    const low = `${w.low(a)} >>> 0 ${operator} ${w.low(b)} >>> 0`;
    w.defineBoolean(op, `(${ah} === ${bh} ? ${low} : ${ah}${cast} < ${bh}${cast})`);
  };
}

function unsignedNotBelow(al: string, ah: string, bl: string, bh: string): string {
  return `(${ah} === ${bh} ? ${al} >>> 0 >= ${bl} >>> 0 : ${ah} >>> 0 >= ${bh} >>> 0)`;
}

function operandHalves(w: RegionWriter, op: Op): string {
  return op.args.map((arg) => `${w.atom(arg)}, ${w.atom(arg, 1)}`).join(', ');
}

/** A function of runtime.ts that leaves the high half in HIGH. */
function call64(name: string): Emit {
  return (w, op) => {
    w.bind(op, `${name}(${operandHalves(w, op)})`);
    if (w.wantsHigh(op)) w.bind(op, 'HIGH[0]', 1);
  };
}

function add64(w: RegionWriter, op: Op): void {
  const [a, b] = op.args;
  const c = w.constant(b);
  const al = w.wantsHigh(op) ? w.atom(a) : w.low(a);
  if (c === null) {
    w.define64(op, `(${al} + ${w.low(b)}) | 0`, () => {
      return `(${w.high(a)} + ${w.high(b)} + (${w.low(op)} >>> 0 < ${al} >>> 0 ? 1 : 0)) | 0`;
    });
  } else if (c >= 0) {
    w.define64(op, `(${al} + ${c}) | 0`, () => `(${w.high(a)} + (${w.low(op)} >>> 0 < ${c} ? 1 : 0)) | 0`);
  } else {
    w.define64(op, `(${al} - ${-c}) | 0`, `(${w.wantsHigh(op) ? w.high(a) : 0} - (${al} >>> 0 < ${-c} ? 1 : 0)) | 0`);
  }
}

function sub64(w: RegionWriter, op: Op): void {
  const [a, b] = op.args;
  if (!w.wantsHigh(op)) {
    w.define64(op, `(${w.low(a)} - ${w.low(b)}) | 0`, '');
    return;
  }
  const [al, bl] = [w.atom(a), w.atom(b)];
  const borrow = `(${al} >>> 0 < ${bl} >>> 0 ? 1 : 0)`;
  w.define64(op, `(${al} - ${bl}) | 0`, `(${w.high(a)} - ${w.high(b)} - ${borrow}) | 0`);
}

// JavaScript takes shift counts mod 32. `>>> 1 >>> ~n` is `>>> (32 - n)` that gives 0 for n = 0.
function shl64(w: RegionWriter, op: Op): void {
  const [a, count] = op.args;
  const c = w.constant(count);
  if (c === null) {
    const [low, high, n] = [w.atom(a), w.atom(a, 1), w.atom(count)];
    const isFar = `(${n} & 32) !== 0`;
    const near = `(${high} << ${n}) | (${low} >>> 1 >>> ~${n})`;
    w.define64(op, `${isFar} ? 0 : ${low} << ${n}`, `${isFar} ? ${low} << ${n} : ${near}`);
    return;
  }
  const n = c & 63;
  const low = w.wantsHigh(op) ? w.atom(a) : w.low(a);
  if (n === 0) w.define64(op, low, () => w.high(a));
  else if (n < 32) w.define64(op, `${low} << ${n}`, () => `(${w.high(a)} << ${n}) | (${low} >>> ${32 - n})`);
  else w.define64(op, '0', n === 32 ? low : `${low} << ${n - 32}`);
}

function shr64(w: RegionWriter, op: Op): void {
  const [a, count] = op.args;
  const [low, high] = [w.atom(a), w.atom(a, 1)];
  const c = w.constant(count);
  if (c === null) {
    const n = w.atom(count);
    const isFar = `(${n} & 32) !== 0`;
    const near = `(${low} >>> ${n}) | (${high} << 1 << ~${n})`;
    w.define64(op, `${isFar} ? (${high} >>> ${n}) | 0 : ${near}`, `${isFar} ? 0 : (${high} >>> ${n}) | 0`);
    return;
  }
  const n = c & 63;
  if (n === 0) w.define64(op, low, high);
  else if (n < 32) w.define64(op, `(${low} >>> ${n}) | (${high} << ${32 - n})`, `(${high} >>> ${n}) | 0`);
  else w.define64(op, n === 32 ? high : `(${high} >>> ${n - 32}) | 0`, '0');
}

function sar64(w: RegionWriter, op: Op): void {
  const [a, count] = op.args;
  const [low, high] = [w.atom(a), w.atom(a, 1)];
  const c = w.constant(count);
  if (c === null) {
    const n = w.atom(count);
    const isFar = `(${n} & 32) !== 0`;
    const near = `(${low} >>> ${n}) | (${high} << 1 << ~${n})`;
    w.define64(op, `${isFar} ? ${high} >> ${n} : ${near}`, `${isFar} ? ${high} >> 31 : ${high} >> ${n}`);
    return;
  }
  const n = c & 63;
  if (n === 0) w.define64(op, low, high);
  else if (n < 32) w.define64(op, `(${low} >>> ${n}) | (${high} << ${32 - n})`, `${high} >> ${n}`);
  else w.define64(op, n === 32 ? high : `${high} >> ${n - 32}`, `${high} >> 31`);
}

function rotl64(w: RegionWriter, op: Op): void {
  const [a, count] = op.args;
  const [low, high] = [w.atom(a), w.atom(a, 1)];
  const c = w.constant(count);
  if (c === null) {
    const n = w.atom(count);
    const x = w.temporary(`(${n} & 32) !== 0 ? ${high} : ${low}`);
    const y = w.temporary(`(${n} & 32) !== 0 ? ${low} : ${high}`);
    const turned = (p: string, q: string): string => `(${p} << ${n}) | (${q} >>> 1 >>> ~${n})`;
    w.define64(op, turned(x, y), turned(y, x));
    return;
  }
  const n = c & 31;
  const [x, y] = (c & 32) === 0 ? [low, high] : [high, low];
  if (n === 0) w.define64(op, x, y);
  else w.define64(op, `(${x} << ${n}) | (${y} >>> ${32 - n})`, `(${y} << ${n}) | (${x} >>> ${32 - n})`);
}

// An integer of 8, 16 or 32 bits that is read and written in one step.
function access(w: RegionWriter, op: Op, width: number): { get: string; set: string; addr: string } {
  const addr = w.writable(op, width / 8);
  if (width === 8) return { get: `D.getUint8(${addr})`, set: 'D.setUint8(', addr };
  if (width === 16) return { get: `D.getUint16(${addr}, true)`, set: 'D.setInt16(', addr };
  return { get: `D.getInt32(${addr}, true)`, set: 'D.setInt32(', addr };
}

function updated32(operation: string, old: string, value: string): string {
  switch (operation) {
    case 'exchange':
      return value;
    case 'negate':
      return `-${old}`;
    case 'add':
      return `(${old} + ${value}) | 0`;
    default:
      return `${old} ${bitwise(operation)} ${value}`;
  }
}

function updated64(operation: string, al: string, ah: string, bl: string, bh: string): readonly [string, string] {
  switch (operation) {
    case 'exchange':
      return [bl, bh];
    case 'negate':
      return [`-${al}`, `(-${ah} - (${al} === 0 ? 0 : 1)) | 0`];
    case 'add':
      return [`(${al} + ${bl}) | 0`, `(${ah} + ${bh} + ((${al} + ${bl}) >>> 0 < ${al} >>> 0 ? 1 : 0)) | 0`];
    default:
      return [`${al} ${bitwise(operation)} ${bl}`, `${ah} ${bitwise(operation)} ${bh}`];
  }
}

function bitwise(operation: string): string {
  return operation === 'and' ? '&' : operation === 'or' ? '|' : '^';
}
