/**
 * Operands of the helpers for vector instructions that look across all lanes. They work on the state, with a source that
 * is an xmm register or sixteen checked bytes of guest memory:
 *
 *   first   bits 0-3 destination, 4-7 source register, 8 source in memory, 9 64-bit lengths, 16-23 immediate
 *   second  address of the source in memory
 */
import type { HelperContext } from './helper-context.ts';
import { STATE_OFFSET } from './state-layout.ts';

export const SOURCE_SHIFT = 4;
export const SOURCE_IN_MEMORY = 0x100;
export const WIDE_LENGTHS = 0x200;
export const IMMEDIATE_SHIFT = 16;

/** Where a register lies in the memory of its space. */
export function xmmAt(state: number, register: number): number {
  return state + STATE_OFFSET.vector + 32 * register;
}

/** Where the source lies. */
export function sourceAt({ state }: HelperContext, first: number, second: number): number {
  return (first & SOURCE_IN_MEMORY) !== 0 ? second >>> 0 : xmmAt(state, (first >> SOURCE_SHIFT) & 15);
}
