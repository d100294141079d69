import { describe, expect, it } from 'vitest';
import { cpuid, type CpuLevel } from './cpuid.ts';
import { INSTRUCTIONS } from './instructions/index.ts';

const LEVELS: readonly CpuLevel[] = ['v1', 'v2'];

function textOf(...words: readonly number[]): string {
  return Buffer.from(Int32Array.from(words).buffer).toString('latin1').replaceAll('\0', '');
}

/** ECX bits of leaf 1 by the feature names that rows carry. */
const ECX_BITS: Readonly<Record<string, number>> = {
  SSE3: 0,
  SSSE3: 9,
  'SSE4.1': 19,
  'SSE4.2': 20,
  MOVBE: 22,
  POPCNT: 23,
  AES: 25,
  PCLMULQDQ: 1,
};

describe('CPUID', () => {
  it('names a vendor that glibc knows, and our hypervisor and brand', () => {
    const [, ebx, ecx, edx] = cpuid('v1', 0, 0);
    expect(textOf(ebx, edx, ecx)).toBe('GenuineIntel');
    expect(textOf(...cpuid('v1', 0x4000_0000, 0).slice(1))).toBe('OSvOSvOSv');
    const brand = [0x8000_0002, 0x8000_0003, 0x8000_0004].flatMap((leaf) => [...cpuid('v1', leaf, 0)]);
    expect(textOf(...brand)).toBe('OSv virtual x86-64 processor in a browser tab');
  });

  it.each(LEVELS)('advertises neither XSAVE nor AVX at level %s', (level) => {
    const [, , ecx] = cpuid(level, 1, 0);
    expect(ecx & ((1 << 26) | (1 << 27) | (1 << 28))).toBe(0);
    expect(cpuid(level, 7, 0)).toEqual([0, 0, 0, 0]);
  });

  it('v1 is the base set with SSE3 and CX16, behind a hypervisor', () => {
    const [, , ecx, edx] = cpuid('v1', 1, 0);
    expect(ecx >>> 0).toBe(0x8000_2001);
    for (const bit of [0, 4, 8, 15, 23, 24, 25, 26]) expect((edx >>> bit) & 1).toBe(1);
  });

  it('advertises no feature without a row', () => {
    const [, , ecx] = cpuid('v1', 1, 0);
    const features = new Set(INSTRUCTIONS.map(({ feature = '' }) => feature.toUpperCase()));
    const missing = Object.entries(ECX_BITS).filter(([name, bit]) => ((ecx >>> bit) & 1) !== 0 && !features.has(name));
    expect(missing).toEqual([]);
  });

  it('gives zeros for leaves that do not exist', () => {
    expect(cpuid('v2', 0x1234_5678, 0)).toEqual([0, 0, 0, 0]);
    expect(cpuid('v1', 4, 3)).toEqual([0, 0, 0, 0]);
  });
});
