/**
 * The narrow door between a kernel and the x86-64 core: run(state, fuel) → Exit.
 */
import type { EngineName } from './engine.ts';
import type { Exit } from './exit.ts';
import type { AddressSpace } from './memory/address-space.ts';
import type { CpuStatistics } from './statistics.ts';

/** What the core asks of its host; the kernel passes its own ports through. */
export interface CpuPorts {
  /** RDTSC: cycles since boot at tscHz. */
  timestamp(): number;
  /** RDRAND, RDSEED: fills `dst` with random bytes. */
  entropy(dst: Uint8Array): void;
  /** Host time in ms, for statistics alone; without it translateMs stays 0. */
  nowMs?(): number;
}

/** General-purpose registers by their number in encodings (Intel SDM 2A table 3-1). */
export const REG = {
  RAX: 0,
  RCX: 1,
  RDX: 2,
  RBX: 3,
  RSP: 4,
  RBP: 5,
  RSI: 6,
  RDI: 7,
  R8: 8,
  R9: 9,
  R10: 10,
  R11: 11,
  R12: 12,
  R13: 13,
  R14: 14,
  R15: 15,
} as const;

/**
 * Architectural state of one thread, stored in the machine area of its address space. Hot accessors work in int32
 * halves, since a BigInt costs more than a whole system call should.
 */
export interface CpuState {
  /** Offset of the state in the memory of its space. */
  readonly addr: number;
  /** Low half of a general-purpose register, signed. */
  low(register: number): number;
  /** High half, signed. */
  high(register: number): number;
  /** Sets both halves. */
  set(register: number, low: number, high: number): void;
  /** Sets a register to a whole number between -2^53 and 2^53, sign-extended to 64 bits. */
  setNumber(register: number, value: number): void;
  get64(register: number): bigint;
  set64(register: number, value: bigint): void;
  rip: bigint;
  /** Architectural RFLAGS; reading materialises lazy flags. */
  rflags: bigint;
  fsBase: bigint;
  gsBase: bigint;
  mxcsr: number;
  /** Writes the 512-byte FXSAVE64 image (Intel SDM 2A FXSAVE) to `dst`. */
  saveFpu(dst: Uint8Array): void;
  /** Loads the state from a 512-byte FXSAVE64 image; reserved MXCSR bits must be clear. */
  loadFpu(src: Uint8Array): void;
  /** Copies all architectural state of `other`, which may belong to another space. */
  copyFrom(other: CpuState): void;
  /** Frees the slot. */
  dispose(): void;
}

/** One core for one address space: translations belong to the space, the threads of which run on it one at a time. */
export interface Cpu {
  readonly space: AddressSpace;
  readonly engine: EngineName;
  /** A fresh state: registers zero, RFLAGS 0x202, MXCSR 0x1F80, x87 as after FNINIT. @throws RangeError when no slot is left. */
  createState(): CpuState;
  /** Runs the thread until an Exit, 'budget' at the first fuel test (fuel.ts) behind `fuel` instructions. */
  run(state: CpuState, fuel: number): Exit;
  /** Instructions retired by the last `run`. */
  readonly lastRetired: number;
  /** Makes the `run` that is under way return 'interrupt' at its next fuel test. */
  interrupt(): void;
  /** Text of the instruction at `addr` for reports ('mov eax, [rdi]'), or '' where no bytes are readable. */
  disassemble(addr: number): { readonly text: string; readonly sizeBytes: number };
  /** Of all cores that share its counters (CpuOptions.counters). */
  readonly statistics: CpuStatistics;
  dispose(): void;
}
