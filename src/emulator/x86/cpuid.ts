/**
 * What CPUID answers: exactly what works. Level v1 is x86-64-v1 with SSE3, CMPXCHG16B and LAHF; v2 is x86-64-v2 and what
 * else has rows (AES, PCLMULQDQ, MOVBE, RDRAND, RDSEED, RDTSCP). Instructions beyond a level's bits run all the same where
 * rows exist. XSAVE is not advertised, so ld.so saves vectors with FXSAVE.
 */

/** x86-64 feature level that programs see. */
export type CpuLevel = 'v1' | 'v2';

export const CPU_LEVELS: readonly CpuLevel[] = ['v1', 'v2'];

/**
 * Measured with Debian 12's glibc, 300 bytes: at v2 memcpy, memset, strlen, memcmp and strcmp take the same time, strcpy
 * half of it, but strcspn, strspn and strpbrk go through PCMPISTRI and take twenty times as long. No program of the
 * distribution needs v2.
 */
export const DEFAULT_CPU_LEVEL: CpuLevel = 'v1';

export type CpuidLeaf = readonly [eax: number, ebx: number, ecx: number, edx: number];

const NOTHING: CpuidLeaf = [0, 0, 0, 0];

/** Four characters, first in the low byte. */
function text(chars: string): number {
  return chars.charCodeAt(0) | (chars.charCodeAt(1) << 8) | (chars.charCodeAt(2) << 16) | (chars.charCodeAt(3) << 24);
}

// glibc reads leaf 1 for vendors it knows only (sysdeps/x86/cpu-features.c), and refuses to start without its bits.
const VENDOR = 'GenuineIntel';
const BRANDS: Readonly<Record<CpuLevel, string>> = {
  v1: 'OSv virtual CPU in a browser tab, x86-64-v1',
  v2: 'OSv virtual CPU in a browser tab, x86-64-v2',
};

/** A register of a leaf: EDX and ECX of leaf 1, EBX of leaf 7, EDX and ECX of leaf 8000_0001h. */
type FeatureRegister = 'edx1' | 'ecx1' | 'ebx7' | 'edx81' | 'ecx81';

export interface CpuFeature {
  /** As Linux writes it in /proc/cpuinfo (arch/x86/include/asm/cpufeatures.h). */
  readonly name: string;
  readonly register: FeatureRegister;
  readonly bit: number;
  /** The lowest level that advertises it. */
  readonly level: CpuLevel;
  /** `feature` of the rows that the bit promises; '' when it promises none of its own. */
  readonly rows: string;
}

// Intel SDM 2A, CPUID, tables 3-10, 3-11 and 3-8.
export const CPU_FEATURES: readonly CpuFeature[] = [
  feature('fpu', 'edx1', 0, 'v1', 'fpu'), feature('tsc', 'edx1', 4, 'v1'), feature('cx8', 'edx1', 8, 'v1'),
  feature('sep', 'edx1', 11, 'v1'), feature('cmov', 'edx1', 15, 'v1'), feature('clflush', 'edx1', 19, 'v1', 'clflush'),
  feature('mmx', 'edx1', 23, 'v1', 'mmx'), feature('fxsr', 'edx1', 24, 'v1', 'fxsr'), feature('sse', 'edx1', 25, 'v1', 'sse'),
  feature('sse2', 'edx1', 26, 'v1', 'sse2'), feature('syscall', 'edx81', 11, 'v1'), feature('nx', 'edx81', 20, 'v1'),
  feature('rdtscp', 'edx81', 27, 'v2', 'rdtscp'), feature('lm', 'edx81', 29, 'v1'), feature('pni', 'ecx1', 0, 'v1', 'sse3'),
  feature('pclmulqdq', 'ecx1', 1, 'v2', 'pclmulqdq'), feature('ssse3', 'ecx1', 9, 'v2', 'ssse3'),
  feature('cx16', 'ecx1', 13, 'v1', 'cx16'), feature('sse4_1', 'ecx1', 19, 'v2', 'sse4.1'),
  feature('sse4_2', 'ecx1', 20, 'v2', 'sse4.2'), feature('movbe', 'ecx1', 22, 'v2', 'movbe'),
  feature('popcnt', 'ecx1', 23, 'v2', 'popcnt'), feature('aes', 'ecx1', 25, 'v2', 'aes'),
  feature('rdrand', 'ecx1', 30, 'v2', 'rdrand'), feature('hypervisor', 'ecx1', 31, 'v1'),
  feature('lahf_lm', 'ecx81', 0, 'v1'), feature('erms', 'ebx7', 9, 'v1'), feature('rdseed', 'ebx7', 18, 'v2', 'rdseed'),
]; // oxfmt-ignore

function feature(name: string, register: FeatureRegister, position: number, level: CpuLevel, rows = ''): CpuFeature {
  return { name, register, bit: position, level, rows };
}

/** What a level advertises. */
export function featuresOf(level: CpuLevel): readonly CpuFeature[] {
  return CPU_FEATURES.filter((one) => one.level <= level);
}

function bitsOf(level: CpuLevel, register: FeatureRegister): number {
  return featuresOf(level).reduce((all, one) => (one.register === register ? all | (1 << one.bit) : all), 0);
}

/**
 * Family, model and stepping: v1 is Merom (6, 15), the first without what came later. v2 is Silvermont (6, 55), which has
 * the same features, and of which glibc knows (sysdeps/x86/cpu-features.c) that unaligned SSE2 copies beat SSSE3's and
 * that PCMPISTRI is slow: with Westmere's number its strcmp took 150 µs for 8,000 bytes here, and 0.6 µs at level v1.
 */
const SIGNATURES: Readonly<Record<CpuLevel, number>> = { v1: 0x0000_06f1, v2: 0x0003_0678 };
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
      return [SIGNATURES[level], CLFLUSH_AND_COUNT, bitsOf(level, 'ecx1'), bitsOf(level, 'edx1')];
    case 2:
      return [0x0000_ff01, 0, 0, 0]; // descriptor FF: ask leaf 4
    case 4:
      return CACHES[subleaf] ?? NOTHING;
    case 7:
      return subleaf === 0 ? [0, bitsOf(level, 'ebx7'), 0, 0] : NOTHING;
    case 0x4000_0000: // hypervisors: greatest leaf, then the name
      return [0x4000_0000, text('OSv\0'), text('OSv\0'), text('OSv\0')];
    case 0x8000_0000:
      return [MAX_EXTENDED | 0, 0, 0, 0];
    case 0x8000_0001:
      return [0, 0, bitsOf(level, 'ecx81'), bitsOf(level, 'edx81')];
    case 0x8000_0002:
    case 0x8000_0003:
    case 0x8000_0004:
      return brand(BRANDS[level].padEnd(48, '\0'), (leaf >>> 0) - 0x8000_0002);
    case 0x8000_0006:
      return [0, 0, (1024 << 16) | (8 << 12) | 64, 0]; // L2: 1 MiB, 16-way code 8, 64-byte lines
    case 0x8000_0008:
      return [0x3030, 0, 0, 0]; // 48 bits of physical and of linear address
    default:
      return NOTHING;
  }
}

function brand(name: string, part: number): CpuidLeaf {
  const at = 16 * part;
  return [text(name.slice(at)), text(name.slice(at + 4)), text(name.slice(at + 8)), text(name.slice(at + 12))];
}

/** What /proc/cpuinfo says of the processor. */
export interface CpuDescription {
  readonly vendor: string;
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
  readonly name: string;
  /** Linux' names of what is advertised, separated by blanks. */
  readonly flags: string;
}

export function cpuDescription(level: CpuLevel): CpuDescription {
  const signature = SIGNATURES[level];
  return {
    vendor: VENDOR,
    family: (signature >> 8) & 15,
    model: ((signature >> 4) & 15) | ((signature >> 12) & 0xf0),
    stepping: signature & 15,
    name: BRANDS[level],
    flags: featuresOf(level)
      .map(({ name }) => name)
      .join(' '),
  };
}
