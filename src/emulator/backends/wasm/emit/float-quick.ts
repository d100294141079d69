/**
 * Floats of a stretch of a block (frame/float-stretch.ts) that is written twice: here without a test behind each operation.
 *
 * PE is set while the bar is open, so what could go unnoticed is of two kinds. Tiny results and denormal operands: ranges
 * of magnitudes are followed (float-range.ts), and where they do not tell, a value is looked at: it must be zero or not
 * small. Infinities and NaN: sums, products and roots hand them on, so that only what nobody computes with any more is
 * looked at, the sum of it once, at the end of the stretch. When something unusual is found, the stretch is done again,
 * exactly.
 */
import type { Op } from '../../../ir/block.ts';
import type { Label } from '../encoder/code-writer.ts';
import type { Opcode } from '../encoder/opcodes.ts';
import type { IrWriter } from '../ir-writer.ts';
import { pushExponentTest, pushIsBelow, pushIsBelowLocal, type Scalar, SHAPE_OF } from './float-format.ts';
import type { Plain } from './float-plain.ts';
import { constantRange, type Format, formatOf, isPacked, plainRange, type Range } from './float-range.ts';
import { exponentOf, LOOKED_AT, LOOKED_EXPONENTS, type QuickLimits } from './quick-limits.ts';

const INTEGERS = { f64: 'i64x2', f32: 'i32x4' } as const;

/** What is known where a stretch starts. */
export interface KnownBefore {
  readonly limits: QuickLimits;
  /** Values that are equal to earlier ones. */
  readonly same: ReadonlyMap<Op, Op>;
  /** Whether the value is not small: it was looked at before. */
  readonly isLooked: (value: Op, lanes: Plain) => boolean;
}

export class QuickFloats {
  readonly w: IrWriter;
  /** Where the stretch is done again. */
  readonly slow: Label;
  readonly #ranges = new Map<Op, Map<Plain, Range>>();
  /** Locals of what may be infinite or NaN, as far as is known yet. */
  readonly #suspects = new Map<Op, Map<Plain, number>>();
  /** Locals with the least of what was looked at in vectors, -1 where nothing was. */
  readonly #smallest: Record<Format, number> = { f64: -1, f32: -1 };
  /** Locals to give back at the end. */
  readonly #owned: number[] = [];

  readonly #known: KnownBefore;

  constructor(w: IrWriter, slow: Label, known: KnownBefore) {
    this.w = w;
    this.slow = slow;
    this.#known = known;
  }

  /** A vector local that stays as it is for the stretch. */
  newVector(): number {
    const local = this.w.code.newLocal('v128');
    this.#owned.push(local);
    return local;
  }

  /** The range of an operand in `local`, which is no denormal; it is looked at if need be. */
  operand(value: Op, lanes: Plain, local: number): Range {
    const known = this.rangeOf(value, lanes);
    if (known !== null) return known;
    this.suspect(value, lanes, local);
    const format = formatOf(lanes);
    if (this.#known.isLooked(value, lanes))
      return this.setRange(value, lanes, { ...plainRange(format), least: LOOKED_AT[format].least });
    if (!this.w.floats.isPlain(value, lanes)) return this.look(value, lanes, local);
    return this.setRange(value, lanes, plainRange(format));
  }

  /** Looks at an operand unless it is known to be zero or at least 2^least. */
  operandFrom(value: Op, lanes: Plain, local: number, least: number): Range {
    const known = this.rangeOf(value, lanes);
    if (known === null) this.suspect(value, lanes, local);
    const range = known ?? (this.#known.isLooked(value, lanes) ? this.operand(value, lanes, local) : null);
    if (range !== null && range.least >= least) return range;
    return this.look(value, lanes, local, Math.max(least, LOOKED_AT[formatOf(lanes)].least));
  }

  /** What is known yet. */
  rangeOf(value: Op, lanes: Plain): Range | null {
    const known = this.#ranges.get(this.#known.same.get(value) ?? value);
    const wider = isPacked(lanes) ? undefined : known?.get(lanes === 'F64' ? 'F64x2' : 'F32x4');
    return known?.get(lanes) ?? wider ?? constantRange(value);
  }

  setRange(value: Op, lanes: Plain, range: Range): Range {
    const first = this.#known.same.get(value) ?? value;
    const known = this.#ranges.get(first) ?? new Map<Plain, Range>();
    this.#ranges.set(first, known.set(lanes, range));
    return range;
  }

  suspect(value: Op, lanes: Plain, local: number): void {
    const first = this.#known.same.get(value) ?? value;
    const known = this.#suspects.get(first) ?? new Map<Plain, number>();
    this.#suspects.set(first, known.set(lanes, local));
  }

  /** Another value is infinite or NaN whenever this one is. @returns whether it may be */
  acquit(value: Op, lanes: Plain): boolean {
    return this.#suspects.get(this.#known.same.get(value) ?? value)?.delete(lanes) ?? false;
  }

  /** The value in `local` must be zero or at least 2^least, for vectors some more. */
  look(value: Op, lanes: Plain, local: number, least: number = LOOKED_AT[formatOf(lanes)].least): Range {
    const { code } = this.w;
    const format = formatOf(lanes);
    if (isPacked(lanes)) {
      this.#gather(format, () => {
        this.#pushDouble(format, local);
        code.v128(new Uint8Array(16).fill(0xff));
        code.op(`${INTEGERS[format]}.add`);
      });
    } else {
      if (least === LOOKED_AT[format].least) pushIsBelowLocal(code, format, local, this.#known.limits.small[format]);
      else pushIsBelow(code, format, local, exponentOf(format, least));
      code.brIf(this.slow, 'unlikely');
    }
    const { end, hasZero } = this.rangeOf(value, lanes) ?? plainRange(format);
    return this.setRange(value, lanes, { least: isPacked(lanes) ? LOOKED_AT[format].least : least, end, hasZero });
  }

  /** The value must be neither zero nor small nor large. */
  lookAtBothEnds(value: Op, lanes: Plain, local: number): Range {
    const { code } = this.w;
    const format = formatOf(lanes);
    const { least, end } = LOOKED_AT[format];
    if (isPacked(lanes)) {
      this.#gather(format, () => this.#pushDouble(format, local));
      this.#gather(format, () => {
        this.#pushDouble(format, local);
        code.op(`${INTEGERS[format]}.neg`);
      });
    } else {
      pushExponentTest(code, format, local, -1, LOOKED_EXPONENTS[format]);
      this.demand();
    }
    return this.setRange(value, lanes, { least, end, hasZero: false });
  }

  #pushDouble(format: Format, local: number): void {
    const { code } = this.w;
    code.localGet(local);
    code.localGet(local);
    code.op(`${INTEGERS[format]}.add`);
  }

  /** @param push a vector that is small, as unsigned integers, where a lane is not to pass */
  #gather(format: Format, push: () => void): void {
    const { code } = this.w;
    const before = this.#smallest[format];
    push();
    if (before >= 0) {
      code.localGet(before);
      code.op('i32x4.min_u');
    } else this.#smallest[format] = this.newVector();
    code.localSet(this.#smallest[format]);
  }

  /** Pops a test: when it is 0 the stretch is done again. */
  demand(): void {
    const { code } = this.w;
    code.op('i32.eqz');
    code.brIf(this.slow, 'unlikely');
  }

  /** The tests of all that was put off. */
  finish(): void {
    const suspects = [...this.#suspects.values()].flatMap((each) => [...each]);
    for (const lanes of ['F64', 'F32', 'F64x2', 'F32x4'] as const) {
      const locals = suspects.filter(([its]) => its === lanes).map(([, local]) => local);
      if (locals.length > 0) this.#demandFinite(lanes, [...new Set(locals)]);
    }
    for (const format of ['f64', 'f32'] as const) if (this.#smallest[format] >= 0) this.#demandNoneSmall(format);
    for (const local of this.#owned) this.w.code.release(local);
  }

  /** A sum is infinite or NaN when an operand is; when it overflows, that is seldom enough. */
  #demandFinite(lanes: Plain, locals: readonly number[]): void {
    const { code } = this.w;
    const shape = SHAPE_OF[lanes];
    const type = scalarType(lanes);
    for (const [i, local] of locals.entries()) {
      code.localGet(local);
      if (i > 0) code.op(`${shape}.add` as Opcode);
    }
    const sum = code.newLocal(isPacked(lanes) ? 'v128' : type);
    code.localTee(sum);
    code.localGet(sum);
    if (!isPacked(lanes)) {
      code.op(`${type}.mul`);
      code.localGet(this.#known.limits.square[type]);
      code.op(`${type}.lt`);
      code.release(sum);
      return this.demand();
    }
    // The difference from itself is 0, or NaN.
    code.op(`${shape}.sub` as Opcode);
    code.localTee(sum);
    code.localGet(sum);
    code.op(`${shape}.ne` as Opcode);
    code.op(`${INTEGERS[formatOf(lanes)]}.bitmask`);
    code.brIf(this.slow, 'unlikely');
    code.release(sum);
  }

  #demandNoneSmall(format: Format): void {
    const { code } = this.w;
    const smallest = this.#smallest[format];
    // Small is what is below the word as a signed number, and not negative.
    code.localGet(this.#known.limits.smallWords[format]);
    code.localGet(smallest);
    code.op('i32x4.gt_s');
    code.localGet(smallest);
    code.op('v128.andnot');
    code.op('i32x4.bitmask');
    // The lower words of doubles tell nothing.
    if (format === 'f64') {
      code.i32(10);
      code.op('i32.and');
    }
    code.brIf(this.slow, 'unlikely');
  }
}

export function scalarType(lanes: Plain): Scalar {
  return formatOf(lanes);
}

export function verbOpcode(verb: string, lanes: Plain): Opcode {
  return `${SHAPE_OF[lanes]}.${verb}` as Opcode;
}
