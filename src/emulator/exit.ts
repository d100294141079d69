/**
 * Why `Cpu.run` came back. Faults are values: nothing throws across translated code (STYLE, errors).
 *
 * At every exit the state is architectural: registers, RFLAGS and RIP are those the SDM defines at that boundary.
 */

/** Exception vectors of Intel SDM 3A table 6-1 that user code can raise. */
export const VECTOR = {
  DE: 0,
  DB: 1,
  BP: 3,
  OF: 4,
  BR: 5,
  UD: 6,
  GP: 13,
  SS: 12,
  PF: 14,
  MF: 16,
  AC: 17,
  XM: 19,
} as const;
export type Vector = (typeof VECTOR)[keyof typeof VECTOR];

export type Access = 'read' | 'write' | 'fetch';

export interface Fault {
  readonly vector: Vector;
  /** RIP of the faulting instruction (after it for BP and DB traps). */
  readonly rip: bigint;
  /** #PF: the first byte that could not be accessed (CR2), all 64 bits. Else 0n. */
  readonly address: bigint;
  /** #PF: what was tried. */
  readonly access: Access;
  /** #UD: the bytes of the instruction, as far as they can be fetched; empty otherwise. */
  readonly bytes: Uint8Array;
  /** #UD: the instruction's name, whether it has a row (UD2, LOCK where it is not legal) or not; '' where the maps have a hole. */
  readonly mnemonic: string;
  /** #UD: the extension that the CPU lacks ('AVX', 'AVX-512', …); '' when that is not the reason. */
  readonly missingFeature: string;
  /** #DB: TF raised it (DR6.BS), behind whatever instruction; else it was INT1. */
  readonly isStep?: boolean;
}

export type Exit =
  /** SYSCALL was executed: RIP is behind it, RCX and R11 are set as the SDM says. */
  | { readonly kind: 'syscall' }
  | { readonly kind: 'fault'; readonly fault: Fault }
  /** The fuel is used up; RIP is the next instruction. */
  | { readonly kind: 'budget' }
  /** `Cpu.interrupt` was called from inside the run (by a helper). */
  | { readonly kind: 'interrupt' };
