/** Lifted blocks from assembler text, for golden files and tests of passes. */
import type { Block } from '../ir/block.ts';
import { buildDecodeTable } from '../x86/decode/decode-table.ts';
import { Decoder } from '../x86/decode/decoder.ts';
import { INSTRUCTIONS } from '../x86/instructions/index.ts';
import { liftBlock } from '../x86/lift-block.ts';
import { compileFlat } from './compile.ts';

export const ASSEMBLED_AT = 0x40_0000;

/** Assembles (Intel syntax, at ASSEMBLED_AT) and gives the lifted block at each address the code reaches by direct jumps. */
export function liftAssembly(text: string): (rip: number, maxInstructions?: number) => Block {
  const lines = text.split(';').map((line) => line.trim());
  const body = `.intel_syntax noprefix\\n${lines.join('\\n')}\\n.att_syntax`;
  const code = compileFlat(`__asm__(".section .text.start\\n.globl _start\\n_start:\\n${body}\\n");`, ASSEMBLED_AT);
  const u8 = new Uint8Array(ASSEMBLED_AT + 0x1000);
  u8.set(code, ASSEMBLED_AT);
  const decoder = new Decoder(buildDecodeTable(INSTRUCTIONS), { u8, isExecutable: (addr) => addr >= ASSEMBLED_AT });
  return (rip, maxInstructions = 32) => liftBlock(decoder, rip, maxInstructions);
}
