/** One block in every form it takes, for reports and the debugger. */
import { batchSource } from './backends/js/compile.ts';
import { directTargets } from './backends/region/region.ts';
import { regionBodies } from './backends/wasm/compile.ts';
import { functionText } from './backends/wasm/encoder/wat.ts';
import { exitOf } from './ir/block.ts';
import { optimise } from './ir/passes/index.ts';
import { printBlock } from './ir/print.ts';
import type { AddressSpace } from './memory/address-space.ts';
import { PAGE } from './memory/page-permissions.ts';
import { buildDecodeTable } from './x86/decode/decode-table.ts';
import { Decoder } from './x86/decode/decoder.ts';
import { formatInstruction } from './x86/disassemble.ts';
import { INSTRUCTIONS } from './x86/instructions/index.ts';
import { liftBlock } from './x86/lift-block.ts';

export interface BlockExplanation {
  readonly sizeBytes: number;
  /** '401000  48 01 c8  add rax, rcx', one line an instruction. */
  readonly disassembly: readonly string[];
  readonly ir: string;
  /** After the passes. */
  readonly optimised: string;
  /** The block as a region of its own. */
  readonly javascript: string;
  /** The same as WebAssembly; the cold tier's handlers are written by the same emitters. */
  readonly webAssembly: string;
  /** Constant addresses it may go on at. */
  readonly targets: readonly number[];
}

/** The block that starts at `rip` now. Cost: milliseconds. */
export function explainBlock(space: AddressSpace, rip: number, maxInstructions: number): BlockExplanation {
  const source = { u8: space.u8, isExecutable: (addr: number) => (space.permissionsAt(addr) & PAGE.EXEC) !== 0 };
  const decoder = new Decoder(buildDecodeTable(INSTRUCTIONS), source);
  const block = liftBlock(decoder, rip, maxInstructions);
  const optimised = optimise(block);
  const text = batchSource([{ blocks: [optimised], joins: 'calls' }]).text;
  return {
    sizeBytes: block.sizeBytes,
    disassembly: disassembly(decoder, space, rip, rip + block.sizeBytes),
    ir: printBlock(block),
    optimised: printBlock(optimised),
    javascript: text.slice(text.indexOf('function r')),
    webAssembly: regionBodies([{ blocks: [optimised], joins: 'strings' }])
      .map(({ bytes }) => functionText(bytes))
      .join('\n'),
    targets: exitOf(block).name === 'fetchFault' ? [] : directTargets(block, 'calls'),
  };
}

function disassembly(decoder: Decoder, { u8 }: AddressSpace, from: number, end: number): string[] {
  const lines: string[] = [];
  for (let at = from; at < end;) {
    const result = decoder.decode(at);
    const length = result.kind === 'instruction' ? result.decoded.length : end - at;
    const bytes = [...u8.subarray(at, at + length)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = result.kind === 'instruction' ? formatInstruction(result.decoded) : '(bad)';
    lines.push(`${at.toString(16)}  ${bytes.padEnd(30)}  ${text}`);
    at += length;
  }
  return lines;
}
