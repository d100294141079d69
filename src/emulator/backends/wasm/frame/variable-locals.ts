/** Which locals hold the state variables that a region names, and how they come from and go to the state. */
import { STATE_OFFSET, STATE_VARIABLES } from '../../../ir/state-layout.ts';
import { assert } from '../../../util/assert.ts';
import { PARAMETER, PASSED_REGISTERS } from '../convention.ts';
import type { CodeWriter } from '../encoder/code-writer.ts';
import type { LowLanes } from './low-lanes.ts';
import type { VariableSet } from './variables.ts';

export class VariableLocals {
  readonly #code: CodeWriter;
  readonly #lows: LowLanes;
  readonly #touched: VariableSet;
  readonly #locals = new Map<number, number>();

  constructor(code: CodeWriter, lows: LowLanes, touched: VariableSet) {
    this.#code = code;
    this.#lows = lows;
    this.#touched = touched;
    PASSED_REGISTERS.forEach((register, i) => this.#locals.set(register, PARAMETER.registers + i));
    for (const variable of touched) {
      if (!this.#locals.has(variable)) this.#locals.set(variable, code.newLocal(STATE_VARIABLES[variable].type));
    }
  }

  of(variable: number): number {
    const local = this.#locals.get(variable);
    assert(local !== undefined, `wasm: variable ${STATE_VARIABLES[variable].name} has no local`);
    return local;
  }

  /** When the region is entered: all but the registers that came as parameters. */
  loadEntry(): void {
    for (const variable of this.#touched) if (!PASSED_REGISTERS.includes(variable)) this.#load(variable);
  }

  /** After code that may have changed every variable in the state. */
  reload(): void {
    for (const variable of new Set([...PASSED_REGISTERS, ...this.#touched])) this.#load(variable);
    this.#loadFuel();
  }

  #loadFuel(): void {
    this.#code.localGet(PARAMETER.state);
    this.#code.memory('i32.load', STATE_OFFSET.fuel);
    this.#code.localSet(PARAMETER.fuel);
  }

  #load(variable: number): void {
    const { offset, type } = STATE_VARIABLES[variable];
    this.#code.localGet(PARAMETER.state);
    this.#code.memory(`${type}.load`, offset);
    this.#code.localSet(this.of(variable));
    this.#lows.load(variable);
  }

  /** Those variables, but for the registers that travel as parameters. */
  spillUnpassed(variables: Iterable<number>): void {
    for (const variable of variables) if (!PASSED_REGISTERS.includes(variable)) this.#spill(variable);
  }

  /** Registers that travel as parameters, to the state; code that changes them there is followed by loadPassed. */
  spillPassed(registers: readonly number[]): void {
    for (const register of registers) this.#spill(register);
    this.#spillFuel();
  }

  loadPassed(registers: readonly number[]): void {
    for (const register of registers) this.#load(register);
    this.#loadFuel();
  }

  /** Everything that may differ from the state, if `variables` names what may. */
  spill(variables: Iterable<number>): void {
    for (const variable of PASSED_REGISTERS) this.#spill(variable);
    this.spillUnpassed(variables);
    this.#spillFuel();
  }

  #spillFuel(): void {
    this.#code.localGet(PARAMETER.state);
    this.#code.localGet(PARAMETER.fuel);
    this.#code.memory('i32.store', STATE_OFFSET.fuel);
  }

  #spill(variable: number): void {
    const { offset, type } = STATE_VARIABLES[variable];
    this.#code.localGet(PARAMETER.state);
    this.#code.localGet(this.of(variable));
    this.#code.memory(`${type}.store`, offset);
    this.#lows.store(variable);
  }
}
