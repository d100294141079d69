/**
 * A number of an instruction that is not known when the instruction is lifted: the lift runs once with fields in the
 * place of register numbers, immediates and addresses, and what it builds serves every instruction of that shape
 * (backends/wasm/cold). Fields travel as attributes of ops.
 *
 * A lift may pass a field on but not look at it. One that does (`low & 31`, `register + 1`, a table's index) throws
 * FieldRead; the number then becomes part of the shape (x86/templates.ts). Only `===` is silent: a field equals itself
 * and no number, so a lift may compare two registers, whose fields are the same when the registers are, but must not
 * compare a register with a constant.
 */

/** Which number of an instruction. */
export type FieldPart =
  | 'register'
  | 'base'
  | 'index'
  | 'scale'
  | 'displacement'
  | 'immediate'
  | 'target'
  | 'rip'
  | 'next';

/** How the number is kept. A `variable` is an index of STATE_VARIABLES, kept as the variable's offset. */
export type FieldFormat = 'variable' | 'u8' | 'u16' | 'i32' | 'u32' | 'i64';

export class Field {
  /** Which instruction of those that are lifted together, from 0 on. */
  readonly instruction: number;
  /** Which of its operands; -1 for what belongs to the whole instruction. */
  readonly operand: number;
  readonly part: FieldPart;
  readonly format: FieldFormat;
  /** Added to the number: the first variable of a register file. */
  readonly base: number;

  constructor(instruction: number, operand: number, part: FieldPart, format: FieldFormat, base = 0) {
    this.instruction = instruction;
    this.operand = operand;
    this.part = part;
    this.format = format;
    this.base = base;
  }

  /** The same number plus `base`. */
  above(base: number): Field {
    return new Field(this.instruction, this.operand, this.part, this.format, this.base + base);
  }

  /** Where its instruction keeps the number: equal for equal numbers of one instruction. */
  get name(): string {
    return `${this.instruction}.${this.operand}.${this.part}+${this.base}`;
  }

  [Symbol.toPrimitive](): never {
    throw new FieldRead(this);
  }

  toString(): never {
    throw new FieldRead(this);
  }
}

/** A lift looked at a number that it was to pass on. */
export class FieldRead extends Error {
  readonly field: Field;

  constructor(field: Field) {
    super(`ir: a lift depends on ${field.name}`);
    this.field = field;
  }
}

/** The field that stands in the place of a number; null for a real number. */
export function fieldOf(value: number): Field | null {
  return typeof value === 'object' ? value : null;
}

/** Puts a field where the types say number: in operands of a shape, in attributes of its ops. */
export function asNumber(field: Field): number {
  return field as unknown as number;
}

/** base + value: variable `value` of a register file. */
export function above(base: number, value: number): number {
  const field = fieldOf(value);
  return field === null ? base + value : asNumber(field.above(base));
}
