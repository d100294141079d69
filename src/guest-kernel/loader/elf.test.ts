import { describe, expect, it } from 'vitest';
import { compile } from '../testing/compile.ts';
import { describeElf } from './describe-elf.ts';
import { parseElf } from './elf.ts';
import { VDSO_IMAGE_OFFSET, buildVdso } from './vdso.ts';

const HELLO = '#include <stdio.h>\nint main(void) { puts("x"); return 0; }';
const LIBRARY = 'int helper(void) { return 1; }';

function patched(bytes: Uint8Array, at: number, ...values: number[]): Uint8Array {
  const copy = bytes.slice();
  copy.set(values, at);
  return copy;
}

function reason(bytes: Uint8Array): string {
  const description = describeElf(bytes);
  return description.kind === 'not-runnable' ? description.reason : 'runnable';
}

describe('describeElf', () => {
  it('tells forms apart', () => {
    const forms = [
      [[], 'position-independent executable'],
      [['-no-pie'], 'executable'],
      [['-static'], 'static executable'],
      [['-static-pie'], 'static PIE'],
      [['-shared', '-fPIC'], 'shared object'],
    ] as const;
    for (const [flags, form] of forms) {
      expect(describeElf(compile(HELLO, flags).bytes)).toMatchObject({ kind: 'runnable', form });
    }
  });

  it('tells interpreter, libraries, versions and main', () => {
    expect(describeElf(compile(HELLO, ['-shared', '-fPIC']).bytes)).toMatchObject({
      hasMain: true,
      interpreter: undefined,
      needed: ['libc.so.6'],
      glibc: '2.2',
    });
    expect(describeElf(compile(HELLO).bytes)).toMatchObject({ interpreter: '/lib64/ld-linux-x86-64.so.2' });
    expect(describeElf(compile(LIBRARY, ['-shared', '-fPIC']).bytes)).toMatchObject({ hasMain: false });
  });

  it("refuses with OSv's texts", () => {
    const { bytes } = compile(HELLO);
    const rows: readonly (readonly [Uint8Array, string])[] = [
      [new Uint8Array(0), 'bad elf header'],
      [new TextEncoder().encode('#!/bin/sh\necho hello there\n'), 'bad elf header'],
      [patched(bytes, 4, 1), 'bad elf class'],
      [patched(bytes, 5, 2), 'bad elf endianness'],
      [patched(bytes, 6, 0), 'bad elf version'],
      [patched(bytes, 7, 9), 'bad os abi'],
      [patched(bytes, 16, 1), 'bad executable type (only shared-object or PIE supported)'],
      [patched(bytes, 18, 183), 'bad elf machine'],
    ];
    for (const [file, text] of rows) expect(reason(file)).toBe(text);
  });

  it('a file cut anywhere is refused or described, never anything else', () => {
    const { bytes } = compile(HELLO);
    for (let size = 0; size < bytes.length; size += size < 4096 ? 7 : 97) {
      expect(['runnable', 'not-runnable']).toContain(describeElf(bytes.subarray(0, size)).kind);
    }
    expect(reason(bytes.subarray(0, 63))).toBe('bad elf header');
    expect(reason(bytes.subarray(0, 200))).toBe('bad elf: the file is truncated');
    expect(reason(bytes.subarray(0, 4096))).toBe('bad elf: the file is truncated');
  });

  it('bytes changed at random do not confuse it', () => {
    const { bytes } = compile(HELLO, ['-shared', '-fPIC']);
    let seed = 7;
    const next = (below: number): number => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    for (let round = 0; round < 300; round++) {
      const copy = bytes.slice();
      for (let i = 0; i < 8; i++) copy[next(1024)] = next(256);
      expect(['runnable', 'not-runnable']).toContain(describeElf(copy).kind);
    }
  });
});

describe('the vDSO', () => {
  it('is a shared object that exports the four functions', () => {
    const bytes = buildVdso(5n).subarray(VDSO_IMAGE_OFFSET);
    const source = { sizeBytes: bytes.length, read: (at: number, size: number) => bytes.subarray(at, at + size) };
    const elf = parseElf(source);
    expect(elf.dynamic).toMatchObject({ soname: 'linux-vdso.so.1', needed: [], hasMain: false });
    expect(elf.segments).toHaveLength(2);
  });
});
