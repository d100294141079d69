/** CRC-32C (RFC 3720 B.4) as ext4 uses it: seeded, without final inversion. */

const REVERSED_CASTAGNOLI = 0x82f6_3b78;

// Slicing by four: TABLE[256 k + byte] is the effect of a byte k places before the end of a four-byte group.
const TABLE = makeTable();

function makeTable(): Int32Array {
  const table = new Int32Array(1024);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ REVERSED_CASTAGNOLI;
    table[byte] = crc;
  }
  for (let at = 256; at < 1024; at++) {
    const crc = table[at - 256] ?? 0;
    table[at] = (crc >>> 8) ^ (table[crc & 255] ?? 0);
  }
  return table;
}

/** CRC of bytes [from, end), continuing from `seed`. @returns unsigned */
export function crc32c(seed: number, bytes: Uint8Array, from = 0, end = bytes.length): number {
  const table = TABLE;
  let crc = seed | 0;
  let at = from;
  for (; at + 4 <= end; at += 4) {
    crc ^= (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
    const high = (table[768 + (crc & 255)] ?? 0) ^ (table[512 + ((crc >>> 8) & 255)] ?? 0);
    crc = high ^ (table[256 + ((crc >>> 16) & 255)] ?? 0) ^ (table[crc >>> 24] ?? 0);
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ (table[(crc ^ (bytes[at] ?? 0)) & 255] ?? 0);
  return crc >>> 0;
}

const NUMBER = new Uint8Array(8);

/** CRC over a little-endian 32-bit number. */
export function crc32cOfU32(seed: number, value: number): number {
  NUMBER[0] = value;
  NUMBER[1] = value >>> 8;
  NUMBER[2] = value >>> 16;
  NUMBER[3] = value >>> 24;
  return crc32c(seed, NUMBER, 0, 4);
}

/** CRC-16 (reflected 0x8005) of group descriptors under the older gdt_csum feature. */
export function crc16(seed: number, bytes: Uint8Array, from = 0, end = bytes.length): number {
  let crc = seed;
  for (let at = from; at < end; at++) {
    crc ^= bytes[at] ?? 0;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0xa001;
  }
  return crc;
}
