/** Operands of a decoded instruction, as the encoding names them. */

import { assert } from '../util/assert.ts';

/** Bits of an integer operand. */
export type Width = 8 | 16 | 32 | 64;

export interface RegisterOperand {
  readonly kind: 'register';
  /** Encoding number, 0 to 15. */
  readonly register: number;
  readonly width: Width;
  /** AH, CH, DH, BH: bits 8 to 15 of registers 0 to 3. */
  readonly isHighByte: boolean;
}

/** Memory: segment base + base + index * 2^scale + displacement. */
export interface MemoryOperand {
  readonly kind: 'memory';
  /** Register number or -1. */
  readonly base: number;
  /** Register number or -1. */
  readonly index: number;
  readonly scale: number;
  /** Whole number, sign-extended to 64 bits; for RIP-relative operands the address itself. */
  readonly displacement: number;
  readonly segment: 'none' | 'fs' | 'gs';
  /** With 32 (67h) the sum wraps at 2^32 before the segment base is added. */
  readonly addressWidth: 32 | 64;
  /** Bits of the access: 8 to 64 integer, 80, 128, 256 and others for vectors and areas; 0 when the form says none (LEA). */
  readonly width: number;
}

export interface ImmediateOperand {
  readonly kind: 'immediate';
  /** Signed int32 halves of the value, already extended to 64 bits. */
  readonly low: number;
  readonly high: number;
  readonly width: Width;
}

/** A branch target: the absolute address. */
export interface TargetOperand {
  readonly kind: 'target';
  /** Whole number that stands for its 64-bit sign extension. */
  readonly address: number;
}

/** xmm (width 128), mmx (64), st(i) (80), segment registers (16). */
export interface SpecialOperand {
  readonly kind: 'xmm' | 'mmx' | 'st' | 'segment';
  readonly register: number;
  readonly width: number;
}

export type IntegerOperand = RegisterOperand | MemoryOperand | ImmediateOperand;
export type Operand = IntegerOperand | TargetOperand | SpecialOperand;

/** Bits of a register, memory or immediate operand as an integer width. */
export function integerWidth(operand: Operand): Width {
  const width = operand.kind === 'target' ? 0 : operand.width;
  assert(width === 8 || width === 16 || width === 32 || width === 64, `x86: integer operand of ${width} bits`);
  return width;
}
