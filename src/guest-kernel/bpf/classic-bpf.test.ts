import { describe, expect, test } from 'vitest';
import {
  check,
  decode,
  encode,
  type Instruction,
  instructionsOf,
  packetSubject,
  type Program,
  run,
} from './classic-bpf.ts';

const i = (code: number, k = 0, jumpTrue = 0, jumpFalse = 0): Instruction => ({ code, k, jumpTrue, jumpFalse });
const PACKET = Uint8Array.of(0x45, 1, 2, 3, 0xff, 0xfe, 0xfd, 0xfc);
const made = (instructions: readonly Instruction[]): Program =>
  Uint32Array.from(
    instructions.flatMap(({ code, jumpTrue, jumpFalse, k }) => [code | (jumpTrue << 16) | (jumpFalse << 24), k]),
  );
const answer = (...instructions: readonly Instruction[]): number => {
  const program = made(instructions);
  check(program);
  return run(program, packetSubject(PACKET));
};

describe('classic BPF', () => {
  test.each([
    ['a constant', [i(0x06, 7)], 7],
    ['the length', [i(0x80), i(0x16)], 8],
    ['a word in network order', [i(0x20, 4), i(0x16)], 0xfffefdfc],
    ['a half word', [i(0x28, 1), i(0x16)], 0x0102],
    ['a byte behind x', [i(0x01, 3), i(0x50, 2), i(0x16)], 0xfe],
    ['0 where a load is outside', [i(0x20, 6), i(0x06, 5)], 0],
    ['a word at an offset that wraps around', [i(0x01, 0xffffffff), i(0x40, 4), i(0x16)], 0x03fffefd],
    ['the header length of IPv4', [i(0xb1, 0), i(0x87), i(0x16)], 20],
    ['a difference that wraps around', [i(0x00, 1), i(0x14, 2), i(0x16)], 0xffffffff],
    ['a product of 32 bits', [i(0x00, 0x10001), i(0x24, 0x10001), i(0x16)], 0x20001],
    ['a quotient, unsigned', [i(0x00, 0xfffffffe), i(0x34, 2), i(0x16)], 0x7fffffff],
    ['0 where x divides and is 0', [i(0x00, 4), i(0x3c), i(0x06, 9)], 0],
    ['a remainder', [i(0x00, 17), i(0x94, 5), i(0x16)], 2],
    ['a shift by x', [i(0x01, 4), i(0x00, 1), i(0x6c), i(0x16)], 16],
    ['a shift by the low bits of x', [i(0x01, 33), i(0x00, 6), i(0x7c), i(0x16)], 3],
    ['a negation', [i(0x00, 1), i(0x84), i(0x16)], 0xffffffff],
    ['an exclusive or', [i(0x00, 6), i(0xa4, 3), i(0x16)], 5],
    ['what was stored', [i(0x00, 6), i(0x02, 3), i(0x00, 1), i(0x60, 3), i(0x16)], 6],
    ['what x was stored as', [i(0x01, 6), i(0x03, 3), i(0x61, 3), i(0x87), i(0x16)], 6],
    ['the branch that holds', [i(0x00, 5), i(0x15, 5, 0, 1), i(0x06, 1), i(0x06, 2)], 1],
    ['the branch that does not', [i(0x00, 5), i(0x25, 5, 0, 1), i(0x06, 1), i(0x06, 2)], 2],
    ['a comparison without sign', [i(0x00, 0xffffffff), i(0x35, 1, 0, 1), i(0x06, 1), i(0x06, 2)], 1],
    ['bits of x', [i(0x00, 12), i(0x01, 4), i(0x4d, 0, 0, 1), i(0x06, 1), i(0x06, 2)], 1],
    ['what lies behind a jump', [i(0x05, 1), i(0x06, 1), i(0x06, 2)], 2],
    ['the protocol', [i(0x20, 0xfffff000), i(0x16)], 0x800],
  ] as const)('answers %s', (_title, program, expected) => {
    expect(answer(...program)).toBe(expected);
  });

  test.each([
    ['nothing', []],
    ['no end', [i(0x00, 1)]],
    ['an unknown code', [i(0x07 | 0x40), i(0x06)]],
    ['a code of 16 bits', [i(0x106)]],
    ['a jump out', [i(0x05, 1), i(0x06)]],
    ['a branch out', [i(0x15, 0, 0, 1), i(0x06)]],
    ['a division by zero', [i(0x34, 0), i(0x06)]],
    ['a shift by 32', [i(0x64, 32), i(0x06)]],
    ['a word beyond memory', [i(0x02, 16), i(0x06)]],
    ['a word that was never stored', [i(0x60, 0), i(0x06)]],
    ['a word that one branch has not stored', [i(0x15, 0, 0, 1), i(0x02, 0), i(0x60, 0), i(0x06)]],
    ['an ancillary word that is not there', [i(0x20, 0xfffff0f0), i(0x06)]],
  ] as const)('refuses %s', (_title, program) => {
    expect(() => check(made(program))).toThrow(expect.objectContaining({ name: 'EINVAL' }));
  });

  test('takes a word that all branches have stored', () => {
    const program = made([i(0x15, 0, 0, 1), i(0x02, 0), i(0x02, 0), i(0x60, 0), i(0x16)]);
    expect(() => check(program)).not.toThrow();
  });

  test('is decoded from the bytes of struct sock_filter', () => {
    const bytes = Uint8Array.of(0x15, 0, 1, 0xff, 3, 4, 5, 0x86);
    expect(instructionsOf(decode(bytes))).toEqual([i(0x15, 0x86050403, 1, 0xff)]);
    expect(encode(decode(bytes))).toEqual(bytes);
  });
});
