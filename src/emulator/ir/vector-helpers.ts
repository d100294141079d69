/**
 * Vector instructions that look across all lanes: string compares of SSE4.2, MPSADBW, PHMINPOSUW, AES and carry-less products. They work on the state,
 * with a source that is an xmm register or sixteen checked bytes of guest memory.
 *
 *   first   bits 0-3 destination, 4-7 source register, 8 source in memory, 9 64-bit lengths, 16-23 immediate
 *   second  address of the source in memory
 */
import { aesdec, aesdeclast, aesenc, aesenclast, aesimc, aeskeygenassist, pclmulqdq } from './aes.ts';
import type { Helper, HelperContext } from './helpers.ts';
import { CF, OF, SF, ZF } from './lazy-flags.ts';
import { STATE_OFFSET } from './state-layout.ts';

export const SOURCE_SHIFT = 4;
export const SOURCE_IN_MEMORY = 0x100;
export const WIDE_LENGTHS = 0x200;
export const IMMEDIATE_SHIFT = 16;

const BYTES = 16;

function xmmAt(state: number, register: number): number {
  return state + STATE_OFFSET.vector + 32 * register;
}

function operands({ space, state }: HelperContext, first: number, second: number): [Uint8Array, Uint8Array] {
  const source = (first & SOURCE_IN_MEMORY) !== 0 ? second >>> 0 : xmmAt(state, (first >> SOURCE_SHIFT) & 15);
  const destination = xmmAt(state, first & 15);
  return [space.u8.slice(destination, destination + BYTES), space.u8.slice(source, source + BYTES)];
}

// String compares (Intel SDM 2B, 4.1)

/** The elements of one operand and how many of them count. */
interface Text {
  readonly elements: ArrayLike<number>;
  readonly length: number;
}

function elementsOf(bytes: Uint8Array, format: number): ArrayLike<number> {
  if (format === 0) return bytes;
  if (format === 1) return new Uint16Array(bytes.buffer);
  return format === 2 ? new Int8Array(bytes.buffer) : new Int16Array(bytes.buffer);
}

function implicitLength(elements: ArrayLike<number>): number {
  const end = Array.from(elements).indexOf(0);
  return end < 0 ? elements.length : end;
}

/** |EAX| or |EDX| (RAX, RDX when wide), at most `limit`. */
function explicitLength({ space, state }: HelperContext, register: number, isWide: boolean, limit: number): number {
  const at = state + STATE_OFFSET.gpr + 8 * register;
  const value = isWide ? Number(space.data.getBigInt64(at, true)) : space.data.getInt32(at, true);
  return Math.min(Math.abs(value), limit);
}

/** IntRes1: bit i tells of element i of the second text. */
function aggregate(kind: number, a: Text, b: Text, count: number): number {
  let bits = 0;
  for (let i = 0; i < count; i++) if (matches(kind, a, b, i, count)) bits |= 1 << i;
  return bits;
}

function matches(kind: number, a: Text, b: Text, i: number, count: number): boolean {
  const element = b.elements[i];
  switch (kind) {
    case 0: // equal any
      return i < b.length && Array.from(a.elements).slice(0, a.length).includes(element);
    case 1: // ranges
      for (let j = 0; j + 1 < a.length && i < b.length; j += 2) {
        if (element >= a.elements[j] && element <= a.elements[j + 1]) return true;
      }
      return false;
    case 2: // equal each
      return i < a.length && i < b.length ? element === a.elements[i] : i >= a.length && i >= b.length;
    default: // equal ordered
      for (let j = 0; j < a.length && i + j < count; j++) {
        if (i + j >= b.length || b.elements[i + j] !== a.elements[j]) return false;
      }
      return true;
  }
}

function withPolarity(polarity: number, bits: number, length: number, count: number): number {
  const all = (1 << count) - 1;
  if (polarity === 1) return ~bits & all;
  return polarity === 3 ? bits ^ ((1 << length) - 1) : bits;
}

/** Writes ECX or XMM0. @returns the flags at their RFLAGS positions. */
function stringCompare(isExplicit: boolean, isIndex: boolean): Helper {
  return (context, first, second) => {
    const imm = (first >> IMMEDIATE_SHIFT) & 0xff;
    const [a, b] = operands(context, first, second).map((bytes) => elementsOf(bytes, imm & 3));
    const count = a.length;
    const isWide = (first & WIDE_LENGTHS) !== 0;
    const lengthOf = (elements: ArrayLike<number>, register: number): number =>
      isExplicit ? explicitLength(context, register, isWide, count) : implicitLength(elements);
    const [x, y] = [
      { elements: a, length: lengthOf(a, 0) },
      { elements: b, length: lengthOf(b, 2) },
    ];
    const bits = withPolarity((imm >> 4) & 3, aggregate((imm >> 2) & 3, x, y, count), y.length, count);
    if (isIndex) storeIndex(context, bits, (imm & 0x40) !== 0, count);
    else storeMask(context, bits, (imm & 0x40) !== 0, count);
    return (
      (bits !== 0 ? CF : 0) | (y.length < count ? ZF : 0) | (x.length < count ? SF : 0) | ((bits & 1) !== 0 ? OF : 0)
    );
  };
}

function storeIndex({ space, state }: HelperContext, bits: number, isLast: boolean, count: number): void {
  const index = bits === 0 ? count : isLast ? 31 - Math.clz32(bits) : 31 - Math.clz32(bits & -bits);
  space.data.setBigUint64(state + STATE_OFFSET.gpr + 8, BigInt(index), true); // RCX
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

/** MPSADBW: eight sums of four absolute differences (Intel SDM 2B, MPSADBW). */
function mpsadbw(context: HelperContext, first: number, second: number): number {
  const imm = first >> IMMEDIATE_SHIFT;
  const [a, b] = operands(context, first, second);
  const [from, block] = [4 * ((imm >> 2) & 1), 4 * (imm & 3)];
  for (let i = 0; i < 8; i++) {
    let sum = 0;
    for (let k = 0; k < 4; k++) sum += Math.abs(a[from + i + k] - b[block + k]);
    context.space.data.setUint16(xmmAt(context.state, first & 15) + 2 * i, sum, true);
  }
  return 0;
}

/** PHMINPOSUW: the least 16-bit lane and its number. */
function phminposuw(context: HelperContext, first: number, second: number): number {
  const lanes = new Uint16Array(operands(context, first, second)[1].buffer);
  const least = Math.min(...lanes);
  const at = xmmAt(context.state, first & 15);
  context.space.u8.fill(0, at, at + BYTES);
  context.space.data.setUint16(at, least, true);
  context.space.data.setUint16(at + 2, lanes.indexOf(least), true);
  return 0;
}

/** A function of both operands and the immediate, to the destination. */
function whole(compute: (first: Uint8Array, second: Uint8Array, imm: number) => Uint8Array): Helper {
  return (context, first, second) => {
    const [a, b] = operands(context, first, second);
    context.space.u8.set(compute(a, b, (first >> IMMEDIATE_SHIFT) & 0xff), xmmAt(context.state, first & 15));
    return 0;
  };
}

export const VECTOR_HELPERS: readonly (readonly [string, Helper])[] = [
  ['pcmpestrm', stringCompare(true, false)],
  ['pcmpestri', stringCompare(true, true)],
  ['pcmpistrm', stringCompare(false, false)],
  ['pcmpistri', stringCompare(false, true)],
  ['mpsadbw', mpsadbw],
  ['phminposuw', phminposuw],
  ['aesenc', whole(aesenc)],
  ['aesenclast', whole(aesenclast)],
  ['aesdec', whole(aesdec)],
  ['aesdeclast', whole(aesdeclast)],
  ['aesimc', whole(aesimc)],
  ['aeskeygenassist', whole(aeskeygenassist)],
  ['pclmulqdq', whole(pclmulqdq)],
];
