/** AES-NI and PCLMULQDQ on sixteen bytes (FIPS 197; Intel SDM 2A, AESENC; 2B, PCLMULQDQ). State bytes in memory order. */

/** Product in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let x = a, rest = b; rest !== 0; rest >>= 1) {
    if ((rest & 1) !== 0) product ^= x;
    x = (x << 1) ^ ((x & 0x80) !== 0 ? 0x11b : 0);
  }
  return product;
}

function substitute(value: number): number {
  // The inverse is value^254.
  let inverse = value;
  for (let i = 0; i < 6; i++) inverse = multiply(multiply(inverse, inverse), value);
  inverse = multiply(inverse, inverse);
  const spread = inverse * 0x101;
  return (inverse ^ (spread >> 7) ^ (spread >> 6) ^ (spread >> 5) ^ (spread >> 4) ^ 0x63) & 0xff;
}

const S_BOX = Uint8Array.from({ length: 256 }, (_, value) => substitute(value));
const INVERSE_S_BOX = new Uint8Array(256);
S_BOX.forEach((image, value) => (INVERSE_S_BOX[image] = value));

type Bytes = Uint8Array;

// Byte i of the state is row i mod 4, column i div 4; row r turns left by r columns.
const shiftRows = (state: Bytes): Bytes => state.map((_, i) => state[(i + 4 * (i & 3)) & 15]);
const unshiftRows = (state: Bytes): Bytes => state.map((_, i) => state[(i - 4 * (i & 3)) & 15]);
const throughBox = (state: Bytes, box: Bytes): Bytes => state.map((value) => box[value]);
const exclusiveOr = (state: Bytes, key: Bytes): Bytes => state.map((value, i) => value ^ key[i]);

function mixColumns(state: Bytes, factors: readonly number[]): Bytes {
  return state.map((_, i) => {
    let sum = 0;
    for (let k = 0; k < 4; k++) sum ^= multiply(state[(i & 12) + ((i + k) & 3)], factors[k]);
    return sum;
  });
}

const MIX = [2, 3, 1, 1];
const UNMIX = [14, 11, 13, 9];

export const aesenc = (state: Bytes, key: Bytes): Bytes =>
  exclusiveOr(mixColumns(throughBox(shiftRows(state), S_BOX), MIX), key);
export const aesenclast = (state: Bytes, key: Bytes): Bytes => exclusiveOr(throughBox(shiftRows(state), S_BOX), key);
export const aesdec = (state: Bytes, key: Bytes): Bytes =>
  exclusiveOr(mixColumns(throughBox(unshiftRows(state), INVERSE_S_BOX), UNMIX), key);
export const aesdeclast = (state: Bytes, key: Bytes): Bytes =>
  exclusiveOr(throughBox(unshiftRows(state), INVERSE_S_BOX), key);
export const aesimc = (_state: Bytes, key: Bytes): Bytes => mixColumns(key, UNMIX);

/** Words 1 and 3 through the box, then turned and added to the round constant. */
export function aeskeygenassist(_state: Bytes, key: Bytes, roundConstant: number): Bytes {
  const box = throughBox(key, S_BOX);
  return box.map((_, i) => {
    const word = i & 8 ? 12 : 4;
    const isTurned = (i & 4) !== 0;
    const byte = box[word + ((isTurned ? i + 1 : i) & 3)];
    return isTurned && (i & 3) === 0 ? byte ^ roundConstant : byte;
  });
}

/** Carry-less product of a half of each operand. */
export function pclmulqdq(first: Bytes, second: Bytes, halves: number): Bytes {
  const half = (bytes: Bytes, isHigh: boolean): bigint =>
    new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(isHigh ? 8 : 0, true);
  const a = half(first, (halves & 1) !== 0);
  let product = 0n;
  for (let rest = half(second, (halves & 16) !== 0), x = a; rest !== 0n; rest >>= 1n, x <<= 1n) {
    if ((rest & 1n) === 1n) product ^= x;
  }
  const out = new Uint8Array(16);
  new BigUint64Array(out.buffer).set([BigInt.asUintN(64, product), product >> 64n]);
  return out;
}
