/**
 * Operations of the x87 unit in a region. TOP travels from one to the next in a local (x87/parts.ts, withTop), which is
 * always as FSW in the state has it.
 */
import type { Block, Op } from '../../../ir/block.ts';
import { isOfX87, STATE_OFFSET, STATE_VARIABLES } from '../../../ir/state-layout.ts';
import type { CodeWriter } from '../encoder/code-writer.ts';
import type { ModuleScope } from './module-scope.ts';

export const X87_VARIABLES: readonly number[] = [...STATE_VARIABLES.keys()].filter(isOfX87);

export class UnitTop {
  readonly #code: CodeWriter;
  /** The local with the state's address. */
  readonly #state: number;
  #local = -1;

  constructor(code: CodeWriter, state: number) {
    this.#code = code;
    this.#state = state;
  }

  /** At the region's start. */
  open(blocks: readonly Block[]): void {
    if (!blocks.some(({ ops }) => ops.some(({ name }) => name === 'x87'))) return;
    this.#local = this.#code.newLocal('i32');
    this.refresh();
  }

  /** To be called where something else than `call` may have changed TOP. */
  refresh(): void {
    const code = this.#code;
    if (this.#local < 0) return;
    code.localGet(this.#state);
    code.memory('i32.load16_u', STATE_OFFSET.fsw);
    code.i32(11);
    code.op('i32.shr_u');
    code.i32(7);
    code.op('i32.and');
    code.localSet(this.#local);
  }

  /** Runs the operation and pushes its result. @param args push its operands */
  call(op: Op, args: readonly (() => void)[], scope: ModuleScope): void {
    const code = this.#code;
    const routine = scope.twin(op);
    code.localGet(this.#state);
    if (routine < 0) code.i32(scope.helperIndex(op.tag));
    for (const push of args) push();
    if (routine >= 0) {
      code.localGet(this.#local);
      code.call(routine);
      code.localSet(this.#local);
    } else {
      code.call(scope.helper);
      this.refresh();
    }
  }
}
