import { describe, expect, it } from 'vitest';
import { STATE_OFFSET, STATES_BASE } from '../../../ir/state-layout.ts';
import { helperName, OPERATIONS } from '../../../ir/x87/operations.ts';
import { X87 } from '../../../ir/x87/unit.ts';
import { Random } from '../../../testing/random.ts';
import { HELPER_NAMES } from '../host-functions.ts';
import { x87On } from './module.ts';
import { isTwin, WITH_TOP } from './routines.ts';

const S = STATES_BASE;
const OPERAND = 0x400;
const memory = new WebAssembly.Memory({ initial: 1, maximum: 0x1_0000 });
const u8 = new Uint8Array(memory.buffer);
const data = new DataView(memory.buffer);
const unit = new X87();

let hostCalls = 0;

const operations = new Map(OPERATIONS.map(([name, operation]) => [helperName(name), operation]));

function run(name: string, first: number, second: number): number {
  return operations.get(name)?.(unit.attach(u8, data, S), first, second) ?? NaN;
}

const twins = x87On(memory, (_state, index, first, second) => {
  hostCalls++;
  return run(HELPER_NAMES[index] ?? '', first, second);
}) as Readonly<
  Record<string, (state: number, first: number, second: number, top?: number) => number | readonly [number, number]>
>;

const LEAD = 1n << 63n;
const HARD: readonly bigint[] = [
  0n, 1n << 79n, (0x3fffn << 64n) | LEAD, (0xbfffn << 64n) | LEAD, (0x7fffn << 64n) | LEAD, (0xffffn << 64n) | LEAD,
  (0x7fffn << 64n) | (3n << 62n), (0x7fffn << 64n) | LEAD | 1n, 1n, LEAD, (1n << 64n) | LEAD, (0x7ffen << 64n) | (2n * LEAD - 1n),
  (0x3fffn << 64n) | 1n, (0x7fffn << 64n) | 1n, (0x403en << 64n) | LEAD, (0xc03en << 64n) | LEAD, (0xc01en << 64n) | LEAD,
]; // oxfmt-ignore

const ones = (bits: number): bigint => (1n << BigInt(bits)) - 1n;

/** A significand, often near a tie or a carry of one of the three precisions. */
function significand(random: Random): bigint {
  switch (random.below(5)) {
    case 0:
      return LEAD | ((random.u64() >> 1n) & ~ones(random.pick([11, 12, 40, 41, 62, 33])));
    case 1:
      return LEAD | (random.u64() >> 1n) | ones(random.pick([10, 11, 39, 40, 63]));
    case 2: // half an ulp, and what is next to it
      return BigInt.asUintN(
        64,
        (LEAD | ((random.u64() >> 1n) & ~ones(random.pick([11, 40])))) +
          (1n << BigInt(random.pick([10, 39]))) +
          BigInt(random.below(3) - 1),
      );
    case 3:
      return LEAD + BigInt(random.below(4));
    default:
      return LEAD | (random.u64() >> 1n);
  }
}

function randomRegister(random: Random): bigint {
  if (random.oneIn(12)) return random.pick(HARD);
  if (random.oneIn(40)) return BigInt.asUintN(80, (random.u64() << 16n) ^ random.u64());
  const exponent = random.oneIn(8)
    ? random.pick([1, 2, 63, 64, 0x7ffe, 0x7ffd, 0x3c00, 0x3c01, 0x43fe, 0x43ff, 0x3f80, 0x3f81, 0x407e, 0x407f])
    : 0x3fff + random.below(random.pick([4, 140, 2000])) - random.below(random.pick([4, 70, 2000]));
  return (BigInt((random.oneIn(2) ? 0x8000 : 0) | exponent) << 64n) | significand(random);
}

/** Puts a random unit into the state and a random operand into memory. */
function fill(random: Random): void {
  const isUsual = !random.oneIn(10);
  const rc = random.pick([0, 0, 1, 2, 3]) << 10;
  const pc = random.pick([3, 3, 2, 0, 1]) << 8;
  const control = (isUsual ? 0x7f : 0x40 | random.below(64)) | rc | pc;
  data.setUint16(S + STATE_OFFSET.fcw, control, true);
  const status = random.u32() & 0x7f7f;
  const pending = (status & ~control & 0x3f) === 0 ? 0 : 0x8080;
  data.setUint16(S + STATE_OFFSET.fsw, status | pending, true);
  u8[S + STATE_OFFSET.ftw] = random.oneIn(4) ? random.below(256) : random.pick([0xff, 0x7f, 0x3f, 0xf7, 0xfe, 0xfc]);
  for (let i = 0; i < 8; i++) {
    const at = S + STATE_OFFSET.x87Registers + 16 * i;
    const value = i > 0 && random.oneIn(8) ? near(random, at - 16) : randomRegister(random);
    data.setBigUint64(at, BigInt.asUintN(64, value), true);
    data.setUint16(at + 8, Number(value >> 64n), true);
  }
  fillOperand(random);
}

/** The register at `at` or what differs a little, perhaps in its sign: sums cancel. */
function near(random: Random, at: number): bigint {
  const exponent = data.getUint16(at + 8, true) ^ random.pick([0, 0x8000]) ^ random.pick([0, 0, 1]);
  return (BigInt(exponent) << 64n) | BigInt.asUintN(64, data.getBigUint64(at, true) ^ BigInt(random.below(3)));
}

function fillOperand(random: Random): void {
  const value = randomRegister(random);
  data.setBigUint64(OPERAND, BigInt.asUintN(64, value), true);
  data.setUint16(OPERAND + 8, Number(value >> 64n), true);
  switch (random.below(4)) {
    case 0:
      return data.setFloat64(OPERAND, (random.below(2000) - 1000) / random.pick([1, 4, 3]), true);
    case 1:
      return data.setFloat32(OPERAND, (random.below(2000) - 1000) / random.pick([1, 4, 3]), true);
    case 2:
      return data.setBigInt64(OPERAND, BigInt(random.below(200) - 100), true);
    default:
  }
}

interface Outcome {
  readonly result: number;
  readonly unit: string;
  readonly operand: string;
}

function textOf(from: number, count: number): string {
  return Buffer.from(memory.buffer, from, count).toString('hex');
}

function outcomeOf(act: () => number): Outcome {
  const result = act();
  return { result, unit: textOf(S + STATE_OFFSET.x87, 192), operand: textOf(OPERAND, 16) };
}

/** What the routine does that is told TOP and tells it, and that knows some of its operands. */
function runWithTop(random: Random, name: string, first: number, second: number): number {
  const known = `:${random.oneIn(2) || first === OPERAND ? '' : first}:${random.oneIn(2) ? '' : second}`;
  const both = twins[name + WITH_TOP + known](S, first, second, topOfUnit());
  expect(both).toEqual([expect.any(Number), topOfUnit()]);
  return (both as readonly [number, number])[0];
}

function topOfUnit(): number {
  return (data.getUint16(S + STATE_OFFSET.fsw, true) >> 11) & 7;
}

const names = [...operations.keys()].filter(isTwin);

/** Operands as rows have them. */
function argumentsOf(random: Random, name: string): readonly [number, number] {
  if (/_[mi]\d+$|ldcw$/.test(name)) return [OPERAND, name === 'x87_st_m80' ? 1 : random.below(2)];
  if (name === 'x87_tst') return [0, 0];
  if (name === 'x87_constant') return [random.below(7), 0];
  const [dst, src] = random.oneIn(2) ? [0, random.below(8)] : [random.below(8), 0];
  if (/add|sub|mul|div/.test(name)) return [dst | (src << 3), random.below(2)];
  return [random.below(8), name.endsWith('com') ? random.below(3) : random.below(2)];
}

describe('x87 routines', () => {
  it.each(names)('%s leaves the unit and memory as the exact operation does', (name) => {
    const random = new Random(name.length * 977 + name.charCodeAt(4));
    for (let round = 0; round < 1000; round++) {
      fill(random);
      const [first, second] = argumentsOf(random, name);
      const before = u8.slice(0, S + 1024);
      const expected = outcomeOf(() => run(name, first, second));
      u8.set(before);
      const isTold = random.oneIn(2);
      const given = outcomeOf(() =>
        isTold ? runWithTop(random, name, first, second) : (twins[name](S, first, second) as number),
      );
      const text = `round ${round}, ${name}(${first}, ${second})`;
      u8.set(before);
      expect(given, `${text}, unit ${textOf(S + STATE_OFFSET.x87, 192)}, ${textOf(OPERAND, 16)}`).toEqual(expected);
    }
  });

  it('leave the host alone with numbers under every rounding and precision', () => {
    hostCalls = 0;
    const random = new Random(5);
    for (let round = 0; round < 4000; round++) {
      fill(random);
      for (let i = 0; i < 8; i++) {
        const at = S + STATE_OFFSET.x87Registers + 16 * i;
        data.setBigUint64(at, significand(random), true);
        data.setUint16(at + 8, random.pick([0, 0x8000]) | (0x3fff + random.below(12)), true);
      }
      data.setUint16(S + STATE_OFFSET.fcw, 0x7f | (random.below(4) << 10) | (random.pick([0, 2, 3]) << 8), true);
      data.setUint16(S + STATE_OFFSET.fsw, 0, true);
      u8[S + STATE_OFFSET.ftw] = 0x7f;
      const name = random.pick(names);
      const value = random.pick([1, 3.25, -7]);
      if (name.endsWith('m32')) data.setFloat32(OPERAND, value, true);
      else if (/m64|m80/.test(name)) data.setFloat64(OPERAND, value, true);
      else data.setBigInt64(OPERAND, BigInt(Math.trunc(value)), true);
      if (name === 'x87_sqrt') u8[S + STATE_OFFSET.x87Registers + 9] &= 0x7f;
      twins[name](S, /_[mi]\d+$|ldcw/.test(name) ? OPERAND : random.below(7), random.below(2));
      expect(hostCalls, `${name} asked the host`).toBe(0);
    }
  });
});
