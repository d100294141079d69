/** Vector instructions that look across all lanes, as helpers (operands: vector-operands.ts). */
import { aesdec, aesdeclast, aesenc, aesenclast, aesimc, aeskeygenassist, pclmulqdq } from './aes.ts';
import type { Helper, HelperContext } from './helper-context.ts';
import { stringCompare } from './string-compare.ts';
import { IMMEDIATE_SHIFT, sourceAt, xmmAt } from './vector-operands.ts';

const BYTES = 16;

function operands(context: HelperContext, first: number, second: number): [Uint8Array, Uint8Array] {
  const { u8 } = context.space;
  const source = sourceAt(context, first, second);
  const destination = xmmAt(context.state, first & 15);
  return [u8.slice(destination, destination + BYTES), u8.slice(source, source + BYTES)];
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
