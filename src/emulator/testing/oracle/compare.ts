/** Bit for bit comparison of two endings of one case, but for what the architecture leaves open. */
import type { Ending, Patch } from './case.ts';

/** Addresses from the first up to but without the second. */
export type Range = readonly [number, number];

export interface Tolerance {
  /** RFLAGS bits that the instruction leaves undefined. */
  readonly undefinedFlags: bigint;
  /** Accesses of many bytes: processors differ in which byte they touch first. */
  readonly ignoresFaultAddr: boolean;
  /** Intel clears C1, AMD leaves it. */
  readonly ignoresC1: boolean;
  /** x87 registers may differ by one unit in the last place of both. */
  readonly isTranscendental: boolean;
  /** Single-precision lanes may differ by what RCPPS and RSQRTPS may. */
  readonly isApproximate: boolean;
}

/** Linux emulates calls into this page instead of letting them fault. */
const VSYSCALL_PAGE = 0xf_ffff_ffff_f600n;

// Status flags and DF; a fault's RF and the fixed bits are the harness's.
const COMPARED_FLAGS = 0xcd5n;

/** Sentences that say where `ours` differs from `theirs`; empty when nowhere. */
export function differences(
  theirs: Ending,
  ours: Ending,
  unspecified: Range,
  { undefinedFlags, ignoresFaultAddr, ...tolerance }: Tolerance,
): string[] {
  if (theirs.rip >> 12n === VSYSCALL_PAGE) return [];
  const found: string[] = [];
  const check = (what: string, expected: bigint | number, actual: bigint | number): void => {
    if (expected !== actual) found.push(`${what}: host ${hex(expected)}, ours ${hex(actual)}`);
  };
  check('signal', theirs.signal, ours.signal);
  check('vector', theirs.vector, ours.vector);
  check('rip', theirs.rip, ours.rip);
  // Of another page, which the other byte may lie on, everything may differ.
  const isSamePlace = !ignoresFaultAddr || theirs.faultAddr === ours.faultAddr;
  if (theirs.vector === 14 && ours.vector === 14 && isSamePlace) {
    check('fault address', theirs.faultAddr, ours.faultAddr);
    check('page fault error code', theirs.errorCode, ours.errorCode);
  }
  if (ours.siCode >= 0 && theirs.vector === ours.vector && isSamePlace) {
    check('si_code', theirs.siCode, ours.siCode);
    check('si_addr', theirs.siAddr, ours.siAddr);
  }
  theirs.gpr.forEach((value, i) => check(`register ${i}`, value, ours.gpr[i]));
  const mask = COMPARED_FLAGS & ~undefinedFlags;
  check('rflags', theirs.rflags & mask, ours.rflags & mask);
  compareFxsave(theirs.fxsave, ours.fxsave, tolerance, check);
  compareChanges(theirs, ours, unspecified, found);
  return found;
}

// The last instruction and operand pointers (FOP, FIP, FDP) are not compared: processors differ in when they keep them.
function compareFxsave(
  theirs: Uint8Array,
  ours: Uint8Array,
  { isApproximate, ignoresC1, isTranscendental }: Omit<Tolerance, 'undefinedFlags' | 'ignoresFaultAddr'>,
  check: (what: string, a: bigint | number, b: bigint | number) => void,
): void {
  const [a, b] = [viewOf(theirs), viewOf(ours)];
  check('x87 control', a.getUint16(0, true) & 0x1f3f, b.getUint16(0, true) & 0x1f3f);
  // Which transcendental results count as exact differs, too: UE and PE, and ES and B where those are not masked.
  const statusMask = isTranscendental ? 0x7d4f : ignoresC1 ? 0xfdff : 0xffff;
  check('x87 status', a.getUint16(2, true) & statusMask, b.getUint16(2, true) & statusMask);
  check('x87 tags', theirs[4], ours[4]);
  check('mxcsr', a.getUint32(24, true), b.getUint32(24, true));
  for (let i = 0; i < 8; i++) {
    const at = 32 + 16 * i;
    const [x, y] = [a, b].map((view) => (BigInt(view.getUint16(at + 8, true)) << 64n) | view.getBigUint64(at, true));
    if (!isTranscendental || distance(x, y) > 2n) check(`st${i}`, x, y);
  }
  for (let i = 0; i < 16; i++) {
    const at = 160 + 16 * i;
    const [x, y] = [a, b].map((view) => (view.getBigUint64(at + 8, true) << 64n) | view.getBigUint64(at, true));
    if (!isApproximate || !areNear(a, b, at)) check(`xmm${i}`, x, y);
  }
}

/** Units in the last place between two 80-bit numbers of one sign: the leading bit does not count as a digit. */
function distance(x: bigint, y: bigint): bigint {
  const [a, b] = [x, y].map((bits) => ((bits >> 64n) << 63n) | BigInt.asUintN(63, bits));
  return a > b ? a - b : b - a;
}

// Each estimate may be off by 1.5 × 2^-12; denormal results may be flushed.
function areNear(a: DataView, b: DataView, at: number): boolean {
  return [0, 4, 8, 12].every((lane) => {
    if (a.getUint32(at + lane, true) === b.getUint32(at + lane, true)) return true;
    const [x, y] = [a.getFloat32(at + lane, true), b.getFloat32(at + lane, true)];
    return Math.abs(x - y) <= 3 * 2 ** -12 * Math.abs(x) || Math.max(Math.abs(x), Math.abs(y)) < 2 ** -126;
  });
}

function compareChanges(theirs: Ending, ours: Ending, unspecified: Range, found: string[]): void {
  const [expected, actual] = [theirs, ours].map(({ changes }) => textOfBytes(changes, unspecified));
  if (expected !== actual) found.push(`memory: host ${expected || 'unchanged'}, ours ${actual || 'unchanged'}`);
}

/** Every changed byte with its address, but for those in the range. */
function textOfBytes(changes: readonly Patch[], [from, to]: Range): string {
  const changed = changes.flatMap(({ addr, bytes }) => Array.from(bytes, (byte, i) => [addr + i, byte] as const));
  return changed
    .filter(([addr]) => addr < from || addr >= to)
    .map(
      ([addr, byte], i, all) =>
        `${i > 0 && all[i - 1][0] === addr - 1 ? '' : `@${addr.toString(16)} `}${hexByte(byte)}`,
    )
    .join(' ');
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}
