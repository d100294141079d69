import { describe, expect, it } from 'vitest';
import { REG } from '../cpu.ts';
import { VECTOR } from '../exit.ts';
import { createGuest } from '../testing/guest.ts';
import { CPU_FEATURES, CPU_LEVELS, cpuDescription, cpuid, featuresOf } from './cpuid.ts';
import { INSTRUCTIONS } from './instructions/index.ts';

function textOf(...words: readonly number[]): string {
  return Buffer.from(Int32Array.from(words).buffer).toString('latin1').replaceAll('\0', '');
}

/** Registers that hold features: leaf, index in the answer. */
const REGISTERS = {
  edx1: [1, 3],
  ecx1: [1, 2],
  ebx7: [7, 1],
  edx81: [0x8000_0001, 3],
  ecx81: [0x8000_0001, 2],
} as const;

describe.each(CPU_LEVELS)('CPUID at level %s', (level) => {
  it('names a vendor that glibc knows, our hypervisor and our brand', () => {
    const [, ebx, ecx, edx] = cpuid(level, 0, 0);
    expect(textOf(ebx, edx, ecx)).toBe('GenuineIntel');
    expect(textOf(...cpuid(level, 0x4000_0000, 0).slice(1))).toBe('OSvOSvOSv');
    const brand = [0x8000_0002, 0x8000_0003, 0x8000_0004].flatMap((leaf) => [...cpuid(level, leaf, 0)]);
    expect(textOf(...brand)).toBe(`OSv virtual CPU in a browser tab, x86-64-${level}`);
    expect(textOf(...brand)).toBe(cpuDescription(level).name);
  });

  it('sets the bits of its features and no other', () => {
    for (const [register, [leaf, index]] of Object.entries(REGISTERS)) {
      const bits = featuresOf(level).filter((one) => one.register === register);
      const expected = bits.reduce((all, { bit }) => (all | (1 << bit)) >>> 0, 0);
      expect([register, cpuid(level, leaf, 0)[index] >>> 0]).toEqual([register, expected]);
    }
    const others = [cpuid(level, 7, 0)[2], cpuid(level, 7, 0)[3], cpuid(level, 7, 1)[0], cpuid(level, 0xd, 0)[0]];
    expect(others).toEqual([0, 0, 0, 0]);
  });

  it('promises no instruction without a row', () => {
    const inRows = new Set(INSTRUCTIONS.map(({ feature = '' }) => feature));
    expect(featuresOf(level).filter(({ rows }) => rows !== '' && !inRows.has(rows))).toEqual([]);
  });

  it('gives zeros for leaves that do not exist', () => {
    expect(cpuid(level, 0x1234_5678, 0)).toEqual([0, 0, 0, 0]);
    expect(cpuid(level, 4, 3)).toEqual([0, 0, 0, 0]);
  });
});

describe('levels', () => {
  // x86-64 psABI 3.1.1, table 3.1
  const V1 = ['cmov', 'cx8', 'fpu', 'fxsr', 'mmx', 'syscall', 'sse', 'sse2'];
  const V2 = ['cx16', 'lahf_lm', 'popcnt', 'pni', 'sse4_1', 'sse4_2', 'ssse3'];

  it.each([['v1', V1] as const, ['v2', [...V1, ...V2]] as const])('%s has what the psABI asks for', (level, names) => {
    const flags = cpuDescription(level).flags.split(' ');
    expect(names.filter((name) => !flags.includes(name))).toEqual([]);
  });

  it('v1 hides what v2 adds, which runs all the same', () => {
    const added = CPU_FEATURES.filter(({ level }) => level === 'v2').map(({ name }) => name);
    const flags = cpuDescription('v1').flags.split(' ');
    expect(added.filter((name) => flags.includes(name))).toEqual([]);
    expect(added).toEqual(
      expect.arrayContaining(['popcnt', 'sse4_2', 'aes', 'pclmulqdq', 'movbe', 'rdrand', 'rdseed']),
    );
  });

  it('every feature that rows name has a bit', () => {
    const known = new Set(CPU_FEATURES.map(({ rows }) => rows));
    expect(INSTRUCTIONS.filter(({ feature = '' }) => !known.has(feature)).map(({ name }) => name)).toEqual([]);
  });
});

describe('what no level advertises is #UD', () => {
  // oxfmt-ignore
  const rows: readonly (readonly [feature: string, bytes: string])[] = [
    ['XSAVE', '0fae23'], ['XGETBV', '0f01d0'], ['XSAVEC', '0fc723'], ['AVX', 'c5f858c1'], ['AVX2', 'c5fdfec1'], ['FMA', 'c4e2e998c1'],
    ['F16C', 'c4e27913c1'], ['BMI1', 'c4e260f2c1'], ['BMI2', 'c4e263f6c1'], ['ADX', '660f38f6c1'], ['SHA', '0f38c8c1'],
    ['FSGSBASE', 'f3480faec0'], ['CLFLUSHOPT', '660fae3b'], ['CLWB', '660fae33'], ['RTM', 'c7f800000000'], ['PKU', '0f01ee'],
    ['AVX-512', '62f17c4858c1'], ['GFNI', '660f38cfc1'], ['VAES', 'c4e271dcc1'], ['SSE4A', '660f79c1'], ['3DNow!', '0f0fc19e'],
    ['XOP', '8fe878a2c120'], ['TBM', '8fe97801c8'], ['MONITOR', '0f01c8'], ['MOVDIRI', '0f38f903'], ['RDPID', 'f30fc7f8'],
    ['WAITPKG', '660faef0'], ['SERIALIZE', '0f01e8'], ['CET (INCSSP)', 'f3480faee8'],
  ];
  it.each(rows)('%s: %s', (_feature, bytes) => {
    const exit = createGuest(Uint8Array.from(Buffer.from(bytes, 'hex'))).run();
    expect(exit).toMatchObject({
      kind: 'fault',
      fault: { vector: VECTOR.UD, missingFeature: expect.stringMatching(/./) },
    });
  });

  // Encodings that older processors take for others: F3 has no meaning there.
  // oxfmt-ignore
  const older: readonly (readonly [feature: string, bytes: string, rax: bigint])[] = [
    ['LZCNT runs as BSR', 'f30fbdc10f05', 8n], ['TZCNT runs as BSF', 'f30fbcc10f05', 4n], ['RDSSP is a no-op', 'f3480f1ec80f05', 0n],
  ];
  it.each(older)('%s', (_name, bytes, rax) => {
    const guest = createGuest(Uint8Array.from(Buffer.from(bytes, 'hex')));
    guest.state.setNumber(REG.RCX, 0x110);
    expect(guest.run()).toEqual({ kind: 'syscall' });
    expect(guest.state.get64(REG.RAX)).toBe(rax);
  });
});

describe.each(['reference', 'js'] as const)('random numbers on the %s executor', (engine) => {
  // RDRAND and RDSEED of rax, eax, ax; the entropy port of the test gives 5A bytes.
  it.each([
    ['480fc7f0', 0x5a5a5a5a5a5a5a5an],
    ['480fc7f8', 0x5a5a5a5a5a5a5a5an],
    ['0fc7f0', 0x5a5a5a5an],
    ['660fc7f0', 0xffffffffffff5a5an],
  ])('%s', (bytes, rax) => {
    const guest = createGuest(Uint8Array.from(Buffer.from(`${bytes}0f05`, 'hex')), engine);
    guest.state.setNumber(REG.RAX, -1);
    guest.state.rflags = 0x8d6n;
    expect(guest.run()).toEqual({ kind: 'syscall' });
    expect([guest.state.get64(REG.RAX), guest.state.rflags & 0x8d5n]).toEqual([rax, 1n]);
  });
});
