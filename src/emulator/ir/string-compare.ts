/** PCMPESTRI, PCMPESTRM, PCMPISTRI and PCMPISTRM (Intel SDM 2B, 4.1). Operands as vector-helpers.ts says. */
import type { Helper, HelperContext } from './helper-context.ts';
import { CF, OF, SF, ZF } from './lazy-flags.ts';
import { STATE_OFFSET } from './state-layout.ts';
import { IMMEDIATE_SHIFT, sourceAt, WIDE_LENGTHS, xmmAt } from './vector-operands.ts';

const BYTES = 16;
const RAX = 0;
const RDX = 2;

// Elements of the two texts, extended to int32; one call at a time uses them. glibc's strcspn and strspn execute these
// instructions for every sixteen characters: a fresh array for each operand cost fifty times as much as the comparison.
const a = new Int32Array(BYTES);
const b = new Int32Array(BYTES);

/** Writes ECX or XMM0. @returns the flags at their RFLAGS positions. */
export function stringCompare(isExplicit: boolean, isIndex: boolean): Helper {
  return (context, first, second) => {
    const imm = (first >> IMMEDIATE_SHIFT) & 0xff;
    const count = (imm & 1) === 0 ? BYTES : BYTES / 2;
    loadElements(context, xmmAt(context.state, first & 15), imm & 3, a);
    loadElements(context, sourceAt(context, first, second), imm & 3, b);
    const isWide = (first & WIDE_LENGTHS) !== 0;
    const lengthA = isExplicit ? explicitLength(context, RAX, isWide, count) : implicitLength(a, count);
    const lengthB = isExplicit ? explicitLength(context, RDX, isWide, count) : implicitLength(b, count);
    const plain = AGGREGATIONS[(imm >> 2) & 3](lengthA, lengthB, count);
    const bits = withPolarity((imm >> 4) & 3, plain, lengthB, count);
    if (isIndex) storeIndex(context, bits, (imm & 0x40) !== 0, count);
    else storeMask(context, bits, (imm & 0x40) !== 0, count);
    return (
      (bits !== 0 ? CF : 0) | (lengthB < count ? ZF : 0) | (lengthA < count ? SF : 0) | ((bits & 1) !== 0 ? OF : 0)
    );
  };
}

/** Formats: unsigned bytes, unsigned words, signed bytes, signed words. */
function loadElements({ space: { u8 } }: HelperContext, at: number, format: number, elements: Int32Array): void {
  for (let i = 0; i < BYTES; i++) {
    if ((format & 1) === 0) elements[i] = format === 0 ? u8[at + i] : (u8[at + i] << 24) >> 24;
    else if (i < BYTES / 2) {
      const word = u8[at + 2 * i] | (u8[at + 2 * i + 1] << 8);
      elements[i] = format === 1 ? word : (word << 16) >> 16;
    }
  }
}

function implicitLength(elements: Int32Array, count: number): number {
  for (let i = 0; i < count; i++) if (elements[i] === 0) return i;
  return count;
}

/** |EAX| or |EDX| (RAX, RDX when wide), at most `limit`. */
function explicitLength({ space, state }: HelperContext, register: number, isWide: boolean, limit: number): number {
  const at = state + STATE_OFFSET.gpr + 8 * register;
  const value = isWide ? Number(space.data.getBigInt64(at, true)) : space.data.getInt32(at, true);
  return Math.min(Math.abs(value), limit);
}

/** IntRes1 by kind of comparison: bit i tells of element i of the second text. */
type Aggregation = (lengthA: number, lengthB: number, count: number) => number;

const AGGREGATIONS: readonly Aggregation[] = [equalAny, ranges, equalEach, equalOrdered];

function equalAny(lengthA: number, lengthB: number): number {
  let bits = 0;
  for (let i = 0; i < lengthB; i++) {
    for (let j = 0; j < lengthA; j++) if (a[j] === b[i]) bits |= 1 << i;
  }
  return bits;
}

function ranges(lengthA: number, lengthB: number): number {
  let bits = 0;
  for (let i = 0; i < lengthB; i++) {
    for (let j = 0; j + 1 < lengthA; j += 2) if (b[i] >= a[j] && b[i] <= a[j + 1]) bits |= 1 << i;
  }
  return bits;
}

// Elements behind both ends are equal, those behind one are not.
function equalEach(lengthA: number, lengthB: number, count: number): number {
  let bits = 0;
  for (let i = 0; i < count; i++) {
    if (i < lengthA && i < lengthB ? a[i] === b[i] : i >= lengthA && i >= lengthB) bits |= 1 << i;
  }
  return bits;
}

// Where the first text lies inside the second, as far as the sixteen bytes show.
function equalOrdered(lengthA: number, lengthB: number, count: number): number {
  let bits = 0;
  for (let i = 0; i < count; i++) {
    let j = 0;
    while (j < lengthA && i + j < lengthB && a[j] === b[i + j]) j++;
    if (j >= lengthA || i + j >= count) bits |= 1 << i;
  }
  return bits;
}

function withPolarity(polarity: number, bits: number, length: number, count: number): number {
  const all = (1 << count) - 1;
  if (polarity === 1) return ~bits & all;
  return polarity === 3 ? bits ^ ((1 << length) - 1) : bits;
}

function storeIndex({ space, state }: HelperContext, bits: number, isLast: boolean, count: number): void {
  const index = bits === 0 ? count : 31 - Math.clz32(isLast ? bits : bits & -bits);
  const at = state + STATE_OFFSET.gpr + 8; // RCX
  space.data.setInt32(at, index, true);
  space.data.setInt32(at + 4, 0, true);
}

function storeMask({ space, state }: HelperContext, bits: number, isExpanded: boolean, count: number): void {
  const at = xmmAt(state, 0);
  space.u8.fill(0, at, at + BYTES);
  if (!isExpanded) {
    space.data.setUint16(at, bits, true);
    return;
  }
  const step = BYTES / count;
  for (let i = 0; i < count; i++) {
    if (((bits >> i) & 1) !== 0) space.u8.fill(0xff, at + i * step, at + (i + 1) * step);
  }
}
