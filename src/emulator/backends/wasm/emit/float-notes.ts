/**
 * What the emitters of floats know of a block's values besides where their 128 bits are: scalars of them that lie in
 * locals of their own, so that chains of scalar operations need not go through the vector, and which of them cannot be
 * denormal, so that they need no test. A frame clears its notes at the start of a block, after a helper, and when MXCSR is
 * set: what is known holds only while the bar says so (float-runtime.ts).
 */
import type { Op } from '../../../ir/block.ts';
import type { CodeWriter } from '../encoder/code-writer.ts';
import { type Plain, PLAIN_BITS } from './float-plain.ts';

/** Lane 0 as a number, or the low 32 or 64 bits as an integer. */
export type ScalarType = 'f64' | 'f32' | 'i32' | 'i64';

export interface NotesMark {
  readonly scalars: ReadonlyMap<Op, Readonly<Partial<Record<ScalarType, number>>>>;
  readonly plain: ReadonlyMap<Op, number>;
  readonly variables: ReadonlyMap<number, number>;
}

export class FloatNotes {
  readonly #code: CodeWriter;
  readonly #scalars = new Map<Op, Partial<Record<ScalarType, number>>>();
  /** PLAIN_BITS by value. */
  readonly #plain = new Map<Op, number>();
  /** The same of variables whose values are read. */
  #variables = new Map<number, number>();

  constructor(code: CodeWriter) {
    this.#code = code;
  }

  clear(): void {
    for (const locals of this.#scalars.values()) for (const local of Object.values(locals)) this.#code.release(local);
    this.#scalars.clear();
    this.#plain.clear();
    this.#variables.clear();
  }

  /** Starts a block. @param variables PLAIN_BITS of what variables hold there */
  begin(variables: ReadonlyMap<number, number>): void {
    this.clear();
    this.#variables = new Map(variables);
  }

  mark(): NotesMark {
    return {
      scalars: new Map([...this.#scalars].map(([value, locals]) => [value, { ...locals }])),
      plain: new Map(this.#plain),
      variables: new Map(this.#variables),
    };
  }

  /** Everything is as it was at the mark. Locals noted since then are given up, not back: another mark may name them. */
  reset({ scalars, plain, variables }: NotesMark): void {
    this.#scalars.clear();
    for (const [value, locals] of scalars) this.#scalars.set(value, { ...locals });
    this.#plain.clear();
    for (const [value, bits] of plain) this.#plain.set(value, bits);
    this.#variables = new Map(variables);
  }

  /** The variable gets another value. */
  forgetVariable(variable: number): void {
    this.#variables.delete(variable);
  }

  scalarOf(value: Op, type: ScalarType): number | undefined {
    return this.#scalars.get(value)?.[type];
  }

  hasScalar(value: Op): boolean {
    return this.#scalars.has(value);
  }

  /** The local is the notes' from now on. */
  setScalar(value: Op, type: ScalarType, local: number): void {
    const known = this.#scalars.get(value);
    if (known === undefined) this.#scalars.set(value, { [type]: local });
    else known[type] = local;
  }

  isPlain(value: Op, lanes: Plain): boolean {
    const bits = PLAIN_BITS[lanes];
    return (this.#bitsOf(value) & bits) === bits;
  }

  #bitsOf(value: Op): number {
    const { name, args, imm } = value;
    const noted = this.#plain.get(value) ?? 0;
    if (name === 'get128') return noted | (this.#variables.get(imm) ?? 0);
    // Zeros: the usual way to clear a register.
    if (name === 'splat32' && args[0].name === 'const32' && args[0].imm === 0) return ALL;
    return noted;
  }

  notePlain(value: Op, lanes: Plain): void {
    this.#plain.set(value, (this.#plain.get(value) ?? 0) | PLAIN_BITS[lanes]);
  }
}

const ALL = 15;
