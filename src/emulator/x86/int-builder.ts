/**
 * Integer arithmetic at the widths of x86 over the i32 and i64 ops of the IR.
 *
 * An `Int` of 8, 16 or 32 bits is an i32 op; those of 8 and 16 are always zero-extended. An `Int` of 64 is an i64 op.
 * Binary methods want equal widths. Shift counts and truth values are plain I32.
 */
import type { I32, I64, Op } from '../ir/block.ts';
import { IrBuilder } from '../ir/builder.ts';
import { fieldOf } from '../ir/field.ts';
import type { Width } from './operands.ts';

export interface Int {
  readonly width: Width;
  readonly op: Op;
}

type Binary32 = 'add32' | 'sub32' | 'mul32' | 'and32' | 'or32' | 'xor32';
type Binary64 = 'add64' | 'sub64' | 'mul64' | 'and64' | 'or64' | 'xor64';
type Compare32 = 'eq32' | 'ltU32' | 'leU32';
type Compare64 = 'eq64' | 'ltU64' | 'leU64';

export const as32 = (x: Int): I32 => x.op as I32;
export const as64 = (x: Int): I64 => x.op as I64;

export class IntBuilder {
  readonly ir = new IrBuilder();

  /** A constant; `value` is sign-extended from 32 bits for width 64. */
  int(width: Width, value: number): Int {
    if (fieldOf(value) !== null)
      return { width, op: width === 64 ? this.ir.const64(value, value) : this.ir.const32(value) };
    if (width === 64) return { width, op: this.ir.const64(value | 0, value < 0 ? -1 : 0) };
    return { width, op: this.ir.const32(width === 32 ? value | 0 : value & maskOf(width)) };
  }

  const32(value: number): I32 {
    return this.ir.const32(fieldOf(value) === null ? value | 0 : value);
  }

  /** Wraps an i32 op; `op` must already be zero-extended for 8 and 16 bits. */
  fromI32(width: 8 | 16 | 32, op: I32): Int {
    return { width, op };
  }

  fromI64(op: I64): Int {
    return { width: 64, op };
  }

  add(x: Int, y: Int): Int {
    return this.#binary('add32', 'add64', x, y, true);
  }

  sub(x: Int, y: Int): Int {
    return this.#binary('sub32', 'sub64', x, y, true);
  }

  /** Low half of the product. */
  mul(x: Int, y: Int): Int {
    return this.#binary('mul32', 'mul64', x, y, true);
  }

  and(x: Int, y: Int): Int {
    return this.#binary('and32', 'and64', x, y, false);
  }

  or(x: Int, y: Int): Int {
    return this.#binary('or32', 'or64', x, y, false);
  }

  xor(x: Int, y: Int): Int {
    return this.#binary('xor32', 'xor64', x, y, false);
  }

  not(x: Int): Int {
    return this.xor(x, this.int(x.width, -1));
  }

  neg(x: Int): Int {
    return this.sub(this.int(x.width, 0), x);
  }

  /** Shifted left; `count` < 64 for width 64, else < 32. */
  shl(x: Int, count: I32): Int {
    if (x.width === 64) return this.fromI64(this.ir.shl64(as64(x), count));
    return this.#fit(x.width, this.ir.shl32(as32(x), count));
  }

  shr(x: Int, count: I32): Int {
    if (x.width === 64) return this.fromI64(this.ir.shr64(as64(x), count));
    return { width: x.width, op: this.ir.shr32(as32(x), count) };
  }

  sar(x: Int, count: I32): Int {
    if (x.width === 64) return this.fromI64(this.ir.sar64(as64(x), count));
    return this.#fit(x.width, this.ir.sar32(this.signed32(x), count));
  }

  /** The value as i32, sign-extended; width below 64. */
  signed32(x: Int): I32 {
    if (x.width === 8) return this.ir.sext8(as32(x));
    return x.width === 16 ? this.ir.sext16(as32(x)) : as32(x);
  }

  /** The value as i64, zero-extended. */
  unsigned64(x: Int): I64 {
    return x.width === 64 ? as64(x) : this.ir.zext32(as32(x));
  }

  /** The value as i64, sign-extended. */
  signed64(x: Int): I64 {
    return x.width === 64 ? as64(x) : this.ir.sext32(this.signed32(x));
  }

  /** Low 32 bits as i32 (for 8 and 16 bits zero-extended). */
  low32(x: Int): I32 {
    return x.width === 64 ? this.ir.low32(as64(x)) : as32(x);
  }

  /** Zero-extended or truncated to `width`. */
  zeroExtend(x: Int, width: Width): Int {
    if (x.width === width) return x;
    if (width === 64) return this.fromI64(this.unsigned64(x));
    return width > x.width ? { width, op: as32(x) } : this.#fit(width, this.low32(x));
  }

  /** Sign-extended or truncated to `width`. */
  signExtend(x: Int, width: Width): Int {
    if (x.width >= width) return this.zeroExtend(x, width);
    return width === 64 ? this.fromI64(this.signed64(x)) : this.#fit(width, this.signed32(x));
  }

  isZero(x: Int): I32 {
    return this.equal(x, this.int(x.width, 0));
  }

  equal(x: Int, y: Int): I32 {
    return this.#compare('eq32', 'eq64', x, y);
  }

  /** x < y, unsigned. */
  below(x: Int, y: Int): I32 {
    return this.#compare('ltU32', 'ltU64', x, y);
  }

  belowOrEqual(x: Int, y: Int): I32 {
    return this.#compare('leU32', 'leU64', x, y);
  }

  /** x < y, signed. */
  less(x: Int, y: Int): I32 {
    if (x.width === 64) return this.ir.ltS64(as64(x), as64(y));
    return this.ir.ltS32(this.signed32(x), this.signed32(y));
  }

  lessOrEqual(x: Int, y: Int): I32 {
    if (x.width === 64) return this.ir.leS64(as64(x), as64(y));
    return this.ir.leS32(this.signed32(x), this.signed32(y));
  }

  /** The sign bit, 0 or 1. */
  signBit(x: Int): I32 {
    if (x.width === 64) return this.ir.shr32(this.ir.high32(as64(x)), this.const32(31));
    return this.ir.shr32(as32(x), this.const32(x.width - 1));
  }

  select(condition: I32, x: Int, y: Int): Int {
    if (x.width === 64) return this.fromI64(this.ir.select64(condition, as64(x), as64(y)));
    return { width: x.width, op: this.ir.select32(condition, as32(x), as32(y)) };
  }

  /** 1 when `condition` is 0, else 0; `condition` is 0 or 1. */
  logicalNot(condition: I32): I32 {
    return this.ir.xor32(condition, this.const32(1));
  }

  #binary(name32: Binary32, name64: Binary64, x: Int, y: Int, mayOverflow: boolean): Int {
    if (x.width === 64) return this.fromI64(this.ir[name64](as64(x), as64(y)));
    const op = this.ir[name32](as32(x), as32(y));
    return mayOverflow ? this.#fit(x.width, op) : { width: x.width, op };
  }

  #compare(name32: Compare32, name64: Compare64, x: Int, y: Int): I32 {
    return x.width === 64 ? this.ir[name64](as64(x), as64(y)) : this.ir[name32](as32(x), as32(y));
  }

  #fit(width: Width, op: I32): Int {
    return { width, op: width < 32 ? this.ir.and32(op, this.const32(maskOf(width))) : op };
  }
}

function maskOf(width: Width): number {
  return width === 8 ? 0xff : 0xffff;
}
