/** Names of registers by encoding number, and the numbers that rows use (Intel SDM 2A, table 3-1). */
import type { RegisterOperand } from './operands.ts';

export const RAX = 0;
export const RCX = 1;
export const RDX = 2;
export const RBX = 3;
export const RSP = 4;
export const RBP = 5;
export const RSI = 6;
export const RDI = 7;
export const R11 = 11;

const LEGACY = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'];
const HIGH_BYTES = ['ah', 'ch', 'dh', 'bh'];
const SUFFIX = { 8: 'b', 16: 'w', 32: 'd', 64: '' } as const;

/** 'eax', 'r10w', 'sil', 'ah'. */
export function registerName({ register, width, isHighByte }: RegisterOperand): string {
  if (isHighByte) return HIGH_BYTES[register];
  if (register >= 8) return `r${register}${SUFFIX[width]}`;
  const name = LEGACY[register];
  if (width === 8) return register < 4 ? `${name[0]}l` : `${name}l`;
  if (width === 16) return name;
  return (width === 32 ? 'e' : 'r') + name;
}
