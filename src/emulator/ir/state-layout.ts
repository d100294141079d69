/**
 * Layout of a thread's architectural state in the machine area of its address space. One table for every executor.
 *
 *   0     128   152         160    168                  192     256             384                  896   1024
 *   | GPR | rip | fs/gs base| misc | lazy flags         | x87   | st registers  | ymm0..15 (32 each) | host |
 *
 * All variables are naturally aligned and little-endian. IR refers to a variable by its index in STATE_VARIABLES; the
 * general-purpose registers have their encoding numbers, 0 to 15.
 */
import type { ValueType } from './op-spec.ts';

export interface StateVariable {
  readonly name: string;
  readonly offset: number;
  readonly type: ValueType;
}

const GPR_NAMES = [
  'rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15',
]; // oxfmt-ignore

/** Byte offsets from the start of the state. */
export const STATE_OFFSET = {
  gpr: 0,
  rip: 128,
  fsBase: 136,
  gsBase: 144,
  /** RFLAGS bits other than the six status flags: DF, TF, AC, ID… in their positions; bit 1 and IF always set. */
  systemFlags: 152,
  mxcsr: 156,
  /** Kind and width of the lazy flags, see lazy-flags.ts. */
  flagsKind: 160,
  flagsResult: 168,
  flagsFirst: 176,
  flagsSecond: 184,
  /** x87 environment in FXSAVE64 order: FCW, FSW (u16), abridged FTW (u8), -, FOP (u16), FIP, FDP (u64). */
  x87: 192,
  fcw: 192,
  fsw: 194,
  ftw: 196,
  fop: 198,
  fip: 200,
  fdp: 208,
  /** Physical x87 registers R0..R7, 16 bytes each, 10 used. MMX registers are their significands. */
  x87Registers: 256,
  /** ymm0..15, 32 bytes each; xmm is the low half. */
  vector: 384,
  /** Scratch of executors and helpers: 128 bytes, not architectural. The last 16 are not for helpers. */
  scratch: 896,
  /** i32: instructions the run may still retire, see ../fuel.ts. */
  fuel: 1008,
} as const;

/** Bytes of one state; a multiple of 64. */
export const STATE_SIZE = 1024;
/**
 * Where states lie in the machine area: [STATES_BASE, STATES_END), up to the permission bytes. The first page is
 * left out so that no state is at 0.
 */
export const STATES_BASE = 0x1000;
export const STATES_END = 0x10_0000;

export const STATE_VARIABLES: readonly StateVariable[] = [
  ...GPR_NAMES.map((name, i): StateVariable => ({ name, offset: STATE_OFFSET.gpr + 8 * i, type: 'i64' })),
  { name: 'fsBase', offset: STATE_OFFSET.fsBase, type: 'i64' },
  { name: 'gsBase', offset: STATE_OFFSET.gsBase, type: 'i64' },
  { name: 'systemFlags', offset: STATE_OFFSET.systemFlags, type: 'i32' },
  { name: 'mxcsr', offset: STATE_OFFSET.mxcsr, type: 'i32' },
  { name: 'x87Control', offset: STATE_OFFSET.fcw, type: 'i32' }, // FCW in the low half, FSW in the high half
  { name: 'x87Tags', offset: STATE_OFFSET.ftw, type: 'i32' },
  ...Array.from({ length: 16 }, (_, i): StateVariable => ({
    name: `xmm${i}`,
    offset: STATE_OFFSET.vector + 32 * i,
    type: 'v128',
  })),
  ...Array.from({ length: 8 }, (_, i): StateVariable => ({
    name: `mm${i}`,
    offset: STATE_OFFSET.x87Registers + 16 * i,
    type: 'i64',
  })),
  // Sign and exponent of the physical x87 registers, in the low half.
  ...Array.from({ length: 8 }, (_, i): StateVariable => ({
    name: `mmExponent${i}`,
    offset: STATE_OFFSET.x87Registers + 16 * i + 8,
    type: 'i32',
  })),
];

/** Whether the variable is part of the x87 unit: control, status and tags, registers as MMX has them. */
export function isOfX87(variable: number): boolean {
  return variable === VARIABLE.x87Control || variable === VARIABLE.x87Tags || variable >= VARIABLE.mm0;
}

/** Indices of variables that are not general-purpose registers. xmm n is VARIABLE.xmm0 + n; mm likewise. */
export const VARIABLE = {
  rax: 0,
  fsBase: 16,
  gsBase: 17,
  systemFlags: 18,
  mxcsr: 19,
  x87Control: 20,
  x87Tags: 21,
  xmm0: 22,
  mm0: 38,
  mmExponent0: 46,
} as const;
