/**
 * The 64-bit integer ops of the reference interpreter in int32 halves. The op table's meanings hold i64 as BigInt, which
 * costs an allocation per op; these say the same three times faster and are compared with the meanings by
 * reference-integers.test.ts. Ops that are not here run by their meaning.
 */
import type { OpName } from '../ir/ops.ts';
import type { EffectMaker } from './reference-machine.ts';

export const INTEGER_STEPS: Partial<Record<OpName, EffectMaker>> = {
  add64:
    ({ low, high, at, a, b }) =>
    () => {
      const sum = (low[a] >>> 0) + (low[b] >>> 0);
      high[at] = high[a] + high[b] + (sum > 0xffff_ffff ? 1 : 0);
      low[at] = sum;
      return false;
    },
  sub64:
    ({ low, high, at, a, b }) =>
    () => {
      const difference = (low[a] >>> 0) - (low[b] >>> 0);
      high[at] = high[a] - high[b] - (difference < 0 ? 1 : 0);
      low[at] = difference;
      return false;
    },
  mul64:
    ({ low, high, at, a, b }) =>
    () => {
      const cross = Math.imul(low[a], high[b]) + Math.imul(high[a], low[b]);
      high[at] = highProduct(low[a], low[b]) + cross;
      low[at] = Math.imul(low[a], low[b]);
      return false;
    },
  mulWideU32:
    ({ low, high, at, a, b }) =>
    () => {
      high[at] = highProduct(low[a], low[b]);
      low[at] = Math.imul(low[a], low[b]);
      return false;
    },
  mulHighU64:
    ({ low, high, at, a, b }) =>
    () => {
      storeHighProduct(low, high, at, a, b);
      return false;
    },
  // The signed product is the unsigned one less 2^64 times the other factor for each negative factor.
  mulHighS64:
    ({ low, high, at, a, b }) =>
    () => {
      storeHighProduct(low, high, at, a, b);
      if (high[a] < 0) subtractFrom(low, high, at, b);
      if (high[b] < 0) subtractFrom(low, high, at, a);
      return false;
    },
  rotl64:
    ({ low, high, at, a, b }) =>
    () => {
      const count = low[b] & 63;
      const [x, y] = count >= 32 ? [high[a], low[a]] : [low[a], high[a]];
      const turn = count & 31;
      low[at] = turn === 0 ? x : (x << turn) | (y >>> -turn);
      high[at] = turn === 0 ? y : (y << turn) | (x >>> -turn);
      return false;
    },
  and64: bitwise((x, y) => x & y),
  or64: bitwise((x, y) => x | y),
  xor64: bitwise((x, y) => x ^ y),
  shl64:
    ({ low, high, at, a, b }) =>
    () => {
      const count = low[b] & 63;
      const [x, y] = [low[a], high[a]];
      if (count >= 32) {
        high[at] = x << count;
        low[at] = 0;
      } else {
        high[at] = count === 0 ? y : (y << count) | (x >>> -count);
        low[at] = x << count;
      }
      return false;
    },
  shr64:
    ({ low, high, at, a, b }) =>
    () => {
      const count = low[b] & 63;
      const [x, y] = [low[a], high[a]];
      if (count >= 32) {
        low[at] = y >>> count;
        high[at] = 0;
      } else {
        low[at] = count === 0 ? x : (x >>> count) | (y << -count);
        high[at] = y >>> count;
      }
      return false;
    },
  sar64:
    ({ low, high, at, a, b }) =>
    () => {
      const count = low[b] & 63;
      const [x, y] = [low[a], high[a]];
      if (count >= 32) {
        low[at] = y >> count;
        high[at] = y >> 31;
      } else {
        low[at] = count === 0 ? x : (x >>> count) | (y << -count);
        high[at] = y >> count;
      }
      return false;
    },
  eq64: compare((x0, x1, y0, y1) => x0 === y0 && x1 === y1),
  ne64: compare((x0, x1, y0, y1) => x0 !== y0 || x1 !== y1),
  ltS64: compare((x0, x1, y0, y1) => (x1 === y1 ? x0 >>> 0 < y0 >>> 0 : x1 < y1)),
  leS64: compare((x0, x1, y0, y1) => (x1 === y1 ? x0 >>> 0 <= y0 >>> 0 : x1 < y1)),
  ltU64: compare((x0, x1, y0, y1) => (x1 === y1 ? x0 >>> 0 < y0 >>> 0 : x1 >>> 0 < y1 >>> 0)),
  leU64: compare((x0, x1, y0, y1) => (x1 === y1 ? x0 >>> 0 <= y0 >>> 0 : x1 >>> 0 < y1 >>> 0)),
  select64:
    ({ low, high, at, a, b, c }) =>
    () => {
      const chosen = low[a] === 0 ? c : b;
      low[at] = low[chosen];
      high[at] = high[chosen];
      return false;
    },
  zext32:
    ({ low, high, at, a }) =>
    () => {
      low[at] = low[a];
      high[at] = 0;
      return false;
    },
  sext32:
    ({ low, high, at, a }) =>
    () => {
      low[at] = low[a];
      high[at] = low[a] >> 31;
      return false;
    },
  low32:
    ({ low, at, a }) =>
    () => {
      low[at] = low[a];
      return false;
    },
  high32:
    ({ low, high, at, a }) =>
    () => {
      low[at] = high[a];
      return false;
    },
  pair64:
    ({ low, high, at, a, b }) =>
    () => {
      low[at] = low[a];
      high[at] = low[b];
      return false;
    },
};

function bitwise(f: (x: number, y: number) => number): EffectMaker {
  return ({ low, high, at, a, b }) =>
    () => {
      low[at] = f(low[a], low[b]);
      high[at] = f(high[a], high[b]);
      return false;
    };
}

/** Halves of x, then of y; low halves first. */
function compare(f: (x0: number, x1: number, y0: number, y1: number) => boolean): EffectMaker {
  return ({ low, high, at, a, b }) =>
    () => {
      low[at] = f(low[a], high[a], low[b], high[b]) ? 1 : 0;
      return false;
    };
}

/** High 32 bits of the unsigned product, by halves of 16 bits that are exact in doubles. */
function highProduct(x: number, y: number): number {
  const [x0, x1] = [x & 0xffff, x >>> 16];
  const [y0, y1] = [y & 0xffff, y >>> 16];
  const middle = x1 * y0 + ((x0 * y0) >>> 16);
  const other = x0 * y1 + (middle & 0xffff);
  return x1 * y1 + Math.floor(middle / 0x1_0000) + Math.floor(other / 0x1_0000);
}

/** High 64 bits of the unsigned product of slots a and b. Sums of 32-bit parts stay exact in doubles. */
function storeHighProduct(low: Int32Array, high: Int32Array, at: number, a: number, b: number): void {
  const [a0, a1, b0, b1] = [low[a], high[a], low[b], high[b]];
  const middle = highProduct(a0, b0) + (Math.imul(a1, b0) >>> 0) + (Math.imul(a0, b1) >>> 0);
  const carry = Math.floor(middle / 0x1_0000_0000);
  const upper = highProduct(a1, b0) + highProduct(a0, b1) + (Math.imul(a1, b1) >>> 0) + carry;
  low[at] = upper;
  high[at] = highProduct(a1, b1) + Math.floor(upper / 0x1_0000_0000);
}

function subtractFrom(low: Int32Array, high: Int32Array, at: number, slot: number): void {
  const difference = (low[at] >>> 0) - (low[slot] >>> 0);
  high[at] = high[at] - high[slot] - (difference < 0 ? 1 : 0);
  low[at] = difference;
}
