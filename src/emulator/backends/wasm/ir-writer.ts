/**
 * What an emitter sees of the function that is being written. Two implementations ("frames"): RegionFrame for hot code,
 * with state variables in locals; HandlerFrame for micro-ops of the cold tier, with variables and constants named by
 * fields of the micro-op.
 *
 * An emitter is a line of the EMIT table (emit/): `(w, op) => void`.
 *
 *   - An op with a result leaves its value on the Wasm stack, an op without one leaves the stack as it was. Where the
 *     value goes (nowhere, a local, straight into its user) is the frame's business.
 *   - Operands are pushed by `w.push(op.args[0])`, each at most once, in any order: pushing may write the whole expression
 *     behind the operand. What an emitter needs twice it asks for by `w.local(op.args[0])`.
 *   - i32 and i64 are Wasm's; 8- and 16-bit values travel zero-extended where the op table says so; v128 is v128 with lane 0
 *     in the low bytes; f32 and f64 are Wasm's.
 *   - Instructions go to `w.code`. Locals of an emitter's own come from `w.code.newLocal(type)` and go back by
 *     `w.code.release(local)` before it ends.
 *   - `op.imm` of state variables and `const32`, `const64` are for the frame alone (in a handler they are fields); all other
 *     attributes are plain and may be read.
 *   - An op that may fault tests first and writes later: `address`, `slowExitIf` leave the instruction undone.
 *
 *   add64: (w, op) => { w.push(op.args[0]); w.push(op.args[1]); w.code.op('i64.add'); }
 *   load32: (w, op) => w.code.memory('i32.load', w.address(op, 4))
 */
import type { Op } from '../../ir/block.ts';
import type { ValueType } from '../../ir/op-spec.ts';
import type { FloatNotes } from './emit/float-notes.ts';
import type { CodeWriter } from './encoder/code-writer.ts';
import type { RuntimeFunction } from './runtime-functions.ts';

export interface IrWriter {
  readonly code: CodeWriter;

  // Values

  /** Pushes the value. */
  push(value: Op): void;
  /** A local that holds the value until the emitter ends; not to be changed. */
  local(value: Op): number;
  /** The number when `value` is a const32 that is known while writing, or a const64 that is the sign extension of an int32. */
  constant(value: Op): number | null;
  /** Pushes the value of a const32 or const64 op. */
  pushConstant(op: Op): void;

  // State

  /** Pushes S, the address of the thread state. */
  pushState(): void;
  /** Pushes a variable, or the low half of one (`type` i32 of a 64-bit variable). */
  readVariable(variable: number, type: ValueType): void;
  /** Sets the whole variable; `type` is its own. @param value pushes the new value. */
  writeVariable(variable: number, type: ValueType, value: () => void): void;
  /** Sets the low half of a 64-bit variable and keeps its high half. @param value pushes an i32. */
  writeLow32(variable: number, value: () => void): void;
  /** setFlags32 and setFlags64: the op's arguments are result, first, second. */
  setFlags(op: Op): void;
  /** setFlagsIf32 and setFlagsIf64: condition, result, first, second. */
  setFlagsIf(op: Op): void;
  /** Pushes the six status flags at their RFLAGS positions. */
  pushFlags(): void;
  /** Pushes 1 when the condition op.tag holds, else 0. */
  pushCondition(op: Op): void;

  // Memory

  /**
   * Checks that `sizeBytes` at op.args[0] may be read (written, for an op with effect `store`), else leaves by a slow exit;
   * pushes the address as i32.
   * @returns the offset that belongs into the load or store that uses it.
   */
  address(op: Op, sizeBytes: number): number;

  // Ways out of the instruction

  /** Pops an i32: when it is not 0, the reference interpreter does this instruction. Nothing of it may be done yet. */
  slowExitIf(): void;
  /** The same without condition; what follows is not reached. */
  slowExit(): void;
  /** Calls a function of the runtime module (runtime-functions.ts) on the operands pushed before. */
  callRuntime(name: RuntimeFunction): void;
  /** The x87 op: runs it on the unit in the state; pushes the result. */
  callX87(op: Op): void;
  /** The helper op: spills, runs HELPERS[op.tag] on op.args, forgets what it knew; pushes the result. */
  callHelper(op: Op): void;
  /**
   * Calls the host's soft float for float operation op.tag: operands and result lie in the scratch area (a at 0, b at 16,
   * result at 0). Pops MXCSR; pushes the new one, negative when an unmasked exception is due.
   */
  callFloat(op: Op): void;

  // Floats (float-runtime.ts); MXCSR always lies in the state, since runtime functions change it there

  /** What is known of float values; cleared at the start of a block, after a helper and where MXCSR is set. */
  readonly floats: FloatNotes;
  /** The local that holds the low lane of a value just now, as a float of that type; -1 where none does. */
  lowLane(value: Op, type: 'f64' | 'f32'): number;
  /** The local that holds the bar; not 0 while the fast way of floats is shut. */
  floatBar(): number;

  // Boundaries and exits of the block; each op is handed over as it is

  beginInstruction(op: Op): void;
  jump(op: Op): void;
  branch(op: Op): void;
  jumpIndirect(op: Op): void;
  call(op: Op): void;
  callIndirect(op: Op): void;
  ret(op: Op): void;
  syscall(op: Op): void;
  redispatch(op: Op): void;
  /** Executes it by string-runtime.ts; goes on behind it, or leaves. */
  repeatString(op: Op): void;
}

/** How an op is written. */
export type Emit = (w: IrWriter, op: Op) => void;
