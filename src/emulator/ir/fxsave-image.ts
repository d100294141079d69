/**
 * The 512-byte FXSAVE64 image (Intel SDM 2A, FXSAVE, table 3-45) of a thread state.
 *
 * The state keeps x87 registers by physical number; the image holds them from the top of stack on: ST(i) = R((TOP + i) mod 8).
 */
import { STATE_OFFSET } from './state-layout.ts';

const IMAGE_MXCSR = 24;
const IMAGE_MXCSR_MASK = 28;
const IMAGE_ST = 32;
const IMAGE_XMM = 160;
/** Bits of MXCSR that may be set: all, DAZ included. */
export const MXCSR_MASK = 0xffff;

const ENVIRONMENT_BYTES = 24;

/** Writes bytes 0 to 415 of the image; the rest is left as it is, as the instruction does. */
export function saveFxImage(u8: Uint8Array, state: number, dst: Uint8Array, dstOffset: number): void {
  const environment = state + STATE_OFFSET.x87;
  dst.set(u8.subarray(environment, environment + ENVIRONMENT_BYTES), dstOffset);
  dst.set(u8.subarray(state + STATE_OFFSET.mxcsr, state + STATE_OFFSET.mxcsr + 4), dstOffset + IMAGE_MXCSR);
  dst.set([MXCSR_MASK & 0xff, MXCSR_MASK >> 8, 0, 0], dstOffset + IMAGE_MXCSR_MASK);
  const top = topOf(u8, state);
  for (let i = 0; i < 8; i++) {
    const from = state + STATE_OFFSET.x87Registers + 16 * ((top + i) & 7);
    const to = dstOffset + IMAGE_ST + 16 * i;
    dst.set(u8.subarray(from, from + 10), to);
    dst.fill(0, to + 10, to + 16);
  }
  for (let i = 0; i < 16; i++) {
    const from = state + STATE_OFFSET.vector + 32 * i;
    dst.set(u8.subarray(from, from + 16), dstOffset + IMAGE_XMM + 16 * i);
  }
}

/** Loads the state from an image. Upper halves of ymm stay. @returns false, having changed nothing, when MXCSR has reserved bits. */
export function loadFxImage(u8: Uint8Array, state: number, src: Uint8Array, srcOffset: number): boolean {
  const mxcsr = srcOffset + IMAGE_MXCSR;
  if ((src[mxcsr + 2] | src[mxcsr + 3]) !== 0) return false;
  u8.set(src.subarray(srcOffset, srcOffset + ENVIRONMENT_BYTES), state + STATE_OFFSET.x87);
  u8.set(src.subarray(mxcsr, mxcsr + 4), state + STATE_OFFSET.mxcsr);
  normalizeStatus(u8, state);
  const top = topOf(u8, state);
  for (let i = 0; i < 8; i++) {
    const from = srcOffset + IMAGE_ST + 16 * i;
    u8.set(src.subarray(from, from + 10), state + STATE_OFFSET.x87Registers + 16 * ((top + i) & 7));
  }
  for (let i = 0; i < 16; i++) {
    const from = srcOffset + IMAGE_XMM + 16 * i;
    u8.set(src.subarray(from, from + 16), state + STATE_OFFSET.vector + 32 * i);
  }
  return true;
}

// Reserved bits of FCW read as processors have them; ES and B of FSW follow from the exceptions that are not masked.
function normalizeStatus(u8: Uint8Array, state: number): void {
  const [fcw, fsw] = [state + STATE_OFFSET.fcw, state + STATE_OFFSET.fsw];
  u8[fcw] = (u8[fcw] & 0x3f) | 0x40;
  u8[fcw + 1] &= 0x1f;
  const isPending = (u8[fsw] & ~u8[fcw] & 0x3f) !== 0;
  u8[fsw] = (u8[fsw] & 0x7f) | (isPending ? 0x80 : 0);
  u8[fsw + 1] = (u8[fsw + 1] & 0x7f) | (isPending ? 0x80 : 0);
}

/** TOP: bits 11 to 13 of FSW. */
function topOf(u8: Uint8Array, state: number): number {
  return (u8[state + STATE_OFFSET.fsw + 1] >> 3) & 7;
}
