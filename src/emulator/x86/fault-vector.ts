/** Which exception an address is that is not canonical: #SS where the stack segment is used, else #GP. Asked at faults only. */
import type { Decoded } from './decode/decoded.ts';
import { RBP, RSP } from './registers.ts';

// Base RSP or RBP without override, or no memory operand but the stack (Intel SDM 1, 3.7.4).
export function usesStackSegment({ operands, form }: Decoded): boolean {
  const memory = operands.find((operand) => operand.kind === 'memory');
  if (memory !== undefined) return memory.segment === 'none' && (memory.base === RSP || memory.base === RBP);
  return /^(push|pop|call|ret|enter|leave)/.test(form.row.name);
}
