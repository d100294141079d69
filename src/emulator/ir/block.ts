/**
 * An IR block: the straight code of one or more guest instructions, in SSA form, with one entry and an exit op at its
 * end. Arguments point at the ops that made them, so an op is its value.
 *
 *   instruction[0x401000, 3]        a boundary opens every guest instruction
 *   %1 = get64[rax]
 *   %2 = load64 %1                  may fault: the state at the boundary is still whole
 *   set64[rbx] %2                   state is written only after the last op of the instruction that may fault
 *   instruction[0x401003, 2]
 *   jump[0x401000]                  exactly one exit, the last op
 */
import type { ValueType } from './op-spec.ts';
import type { OpName } from './ops.ts';

export interface Op {
  readonly name: OpName;
  readonly type: ValueType | 'none';
  readonly args: readonly Op[];
  /** First and second numeric attribute, 0 where the row has none. */
  readonly imm: number;
  readonly imm2: number;
  /** Text attribute, '' where the row has none. */
  readonly tag: string;
  /** Position in the block that was built; unique there, for tables of passes and backends. */
  id: number;
}

/** An op that gives a value of type T. */
export type Value<T extends ValueType> = Op & { readonly type: T };
export type I32 = Value<'i32'>;
export type I64 = Value<'i64'>;

export interface Block {
  /** Address of the first instruction. */
  readonly rip: number;
  /** Bytes of guest code it was made from, from `rip` on. */
  readonly sizeBytes: number;
  /** Guest instructions, each with its boundary op: what executing it to its end costs in fuel. */
  readonly instructionCount: number;
  readonly ops: readonly Op[];
  /**
   * Only where the code changes all the time (memory/code-pages.ts): the bytes it was made from. Whoever keeps the block
   * asks codePages.isUnchanged before each run instead of calling codePages.add, and does not compile it.
   */
  readonly volatileBytes?: Uint8Array;
}

/** The op that ends the block. */
export function exitOf(block: Block): Op {
  return block.ops[block.ops.length - 1];
}
