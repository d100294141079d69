/** One decoded instruction. */
import type { Form } from '../form.ts';
import type { Operand, Width } from '../operands.ts';

export interface Decoded {
  /** Guest address, below 4 GiB. */
  readonly rip: number;
  /** Bytes, 1 to 15. */
  readonly length: number;
  /** Address of the next instruction: rip + length. */
  readonly next: number;
  readonly form: Form;
  readonly operands: readonly Operand[];
  /** 16, 32 or 64 by prefixes and the form's default; 8-bit forms say so in their operands. */
  readonly operandWidth: Width;
  readonly addressWidth: 32 | 64;
  readonly hasLock: boolean;
  /** The last of F2 and F3, when the form has no mandatory prefix. */
  readonly repeat: 'none' | 'F2' | 'F3';
  /** Segment override that matters in 64-bit mode. */
  readonly segment: 'none' | 'fs' | 'gs';
}
