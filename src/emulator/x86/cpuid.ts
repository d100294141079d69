/**
 * What CPUID answers: exactly what works, level x86-64-v1 plus SSE3 and CX16 (facts: no distribution binary needs more).
 * XSAVE is not advertised, so ld.so saves vectors with FXSAVE.
 */

/** x86-64 feature level that programs see. */
export type CpuLevel = 'v1' | 'v2';

export type CpuidLeaf = readonly [eax: number, ebx: number, ecx: number, edx: number];

const NOTHING: CpuidLeaf = [0, 0, 0, 0];

/** Four characters, first in the low byte. */
function text(chars: string): number {
  return chars.charCodeAt(0) | (chars.charCodeAt(1) << 8) | (chars.charCodeAt(2) << 16) | (chars.charCodeAt(3) << 24);
}

function bits(...positions: number[]): number {
  return positions.reduce((mask, position) => mask | (1 << position), 0);
}

// glibc reads leaf 1 for vendors it knows only (sysdeps/x86/cpu-features.c), and refuses to start without its bits.
const VENDOR = 'GenuineIntel';
const BRAND = 'OSv virtual x86-64 processor in a browser tab'.padEnd(48, '\0');

// Intel SDM 2A, CPUID, tables 3-10 and 3-11, by bit number.
// oxfmt-ignore
const EDX1 = { FPU: 0, TSC: 4, CX8: 8, SEP: 11, CMOV: 15, CLFSH: 19, MMX: 23, FXSR: 24, SSE: 25, SSE2: 26 } as const;
// oxfmt-ignore
const ECX1 = { SSE3: 0, SSSE3: 9, CX16: 13, SSE4_1: 19, SSE4_2: 20, POPCNT: 23, HYPERVISOR: 31 } as const;

const ECX1_BY_LEVEL: Readonly<Record<CpuLevel, number>> = {
  v1: bits(ECX1.SSE3, ECX1.CX16, ECX1.HYPERVISOR),
  v2: bits(ECX1.SSE3, ECX1.SSSE3, ECX1.CX16, ECX1.SSE4_1, ECX1.SSE4_2, ECX1.POPCNT, ECX1.HYPERVISOR),
};

/** Family 6, model 15, stepping 1: a 64-bit processor without what came later. */
const SIGNATURE = 0x0000_06f1;
/** CLFLUSH lines of 64 bytes (in units of 8), one logical processor. */
const CLFLUSH_AND_COUNT = (8 << 8) | (1 << 16);
const MAX_LEAF = 0xb;
const MAX_EXTENDED = 0x8000_0008;

// Deterministic cache parameters that glibc sizes its memcpy by: 32 KiB L1, 1 MiB L2, both with 64-byte lines, 8 ways.
const CACHES: readonly CpuidLeaf[] = [cache(1, 1, 64), cache(2, 1, 64), cache(3, 2, 2048)];

function cache(type: number, level: number, sets: number): CpuidLeaf {
  return [type | (level << 5) | (1 << 8), 63 | (7 << 22), sets - 1, 0];
}

/** The four registers for EAX = leaf, ECX = subleaf. Leaves that do not exist give zeros. */
export function cpuid(level: CpuLevel, leaf: number, subleaf: number): CpuidLeaf {
  switch (leaf >>> 0) {
    case 0:
      return [MAX_LEAF, text(VENDOR), text(VENDOR.slice(8)), text(VENDOR.slice(4))];
    case 1:
      return [SIGNATURE, CLFLUSH_AND_COUNT, ECX1_BY_LEVEL[level], bits(...Object.values(EDX1))];
    case 2:
      return [0x0000_ff01, 0, 0, 0]; // descriptor FF: ask leaf 4
    case 4:
      return CACHES[subleaf] ?? NOTHING;
    case 0x4000_0000: // hypervisors: greatest leaf, then the name
      return [0x4000_0000, text('OSv\0'), text('OSv\0'), text('OSv\0')];
    case 0x8000_0000:
      return [MAX_EXTENDED | 0, 0, 0, 0];
    case 0x8000_0001:
      return [0, 0, bits(0), bits(11, 20, 29)]; // LAHF in 64-bit mode; SYSCALL, NX, long mode
    case 0x8000_0002:
    case 0x8000_0003:
    case 0x8000_0004:
      return brand((leaf >>> 0) - 0x8000_0002);
    case 0x8000_0006:
      return [0, 0, (1024 << 16) | (8 << 12) | 64, 0]; // L2: 1 MiB, 16-way code 8, 64-byte lines
    case 0x8000_0008:
      return [0x3030, 0, 0, 0]; // 48 bits of physical and of linear address
    default:
      return NOTHING;
  }
}

function brand(part: number): CpuidLeaf {
  const at = 16 * part;
  return [text(BRAND.slice(at)), text(BRAND.slice(at + 4)), text(BRAND.slice(at + 8)), text(BRAND.slice(at + 12))];
}
