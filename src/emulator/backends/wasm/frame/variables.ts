/** State variables in a region: which of them have locals, which ones an op touches, and sets of them. */
import type { Op } from '../../../ir/block.ts';
import { isOfX87, STATE_VARIABLES, VARIABLE } from '../../../ir/state-layout.ts';

/** A set of state variables. */
export class VariableSet {
  #low = 0;
  #high = 0;

  has(variable: number): boolean {
    return variable < 32 ? ((this.#low >>> variable) & 1) !== 0 : ((this.#high >>> (variable - 32)) & 1) !== 0;
  }

  add(variable: number): void {
    if (variable < 32) this.#low |= 1 << variable;
    else this.#high |= 1 << (variable - 32);
  }

  /** @returns whether something new came in */
  addAll(other: VariableSet): boolean {
    const [low, high] = [this.#low | other.#low, this.#high | other.#high];
    const isNew = low !== this.#low || high !== this.#high;
    [this.#low, this.#high] = [low, high];
    return isNew;
  }

  clear(): void {
    this.#low = 0;
    this.#high = 0;
  }

  copy(): VariableSet {
    const set = new VariableSet();
    set.addAll(this);
    return set;
  }

  *[Symbol.iterator](): Generator<number> {
    for (let i = 0; i < STATE_VARIABLES.length; i++) if (this.has(i)) yield i;
  }
}

/** The variable with a local that an op writes, or -1. */
export function writtenBy({ name, imm }: Op): number {
  switch (name) {
    case 'set64':
    case 'set32':
    case 'setLow32':
    case 'set128':
      return isInState(imm) ? -1 : imm;
    default:
      return -1;
  }
}

/** The variable with a local that an op reads, or -1. */
export function readBy({ name, imm }: Op): number {
  return (name === 'get64' || name === 'get32' || name === 'get128') && !isInState(imm) ? imm : -1;
}

/** Whether the variable has no local: the runtime's functions change MXCSR and the x87 unit where they lie. */
export function isInState(variable: number): boolean {
  return variable === VARIABLE.mxcsr || isOfX87(variable);
}
