/**
 * Tests of page permissions in regions. A test that fails is not a fault (DESIGN decision 6), so it may cover more than
 * the access: both ends of a range of at most a page, with the strongest right.
 */
import type { Op } from '../../../ir/block.ts';
import { PERMISSIONS_BASE } from '../../../memory/address-space.ts';
import { PAGE_SHIFT } from '../../../memory/page-permissions.ts';
import type { IrWriter } from '../ir-writer.ts';

/** Offsets from a base: [least, end); FAST_READ (1) or FAST_WRITE (2), which implies it. */
export interface CheckedRange {
  readonly least: number;
  readonly end: number;
  readonly bit: number;
}

export class PermissionCheck {
  readonly #w: IrWriter;

  constructor(w: IrWriter) {
    this.#w = w;
  }

  /**
   * Checks the range off `base` (null: it is checked already), then pushes the address base + offset as i32.
   * @returns the offset for the load or store.
   *
   * Where an address is base + c with |c| < 2 MiB, it is enough that the base lies below 4 GiB: nothing is ever mapped in
   * the first and last 2 MiB, so a sum that wraps around fails the test, and one that passed does not wrap.
   */
  access(base: Op, offset: number, range: CheckedRange | null): number {
    const { code } = this.#w;
    const wide = this.#w.local(base);
    const low = code.newLocal('i32');
    code.localGet(wide);
    code.op('i32.wrap_i64');
    code.localSet(low);
    if (range !== null) this.#test(low, base, wide, range);
    code.localGet(low);
    code.release(low);
    if (offset >= 0) return offset;
    code.i32(offset);
    code.op('i32.add');
    return 0;
  }

  #test(low: number, base: Op, wide: number, { least, end, bit }: CheckedRange): void {
    const { code } = this.#w;
    const strongest = (bit & 2) !== 0 ? 2 : 1;
    this.#pushPermissions(low, least);
    if (end - 1 !== least) {
      this.#pushPermissions(low, end - 1);
      code.op('i32.and');
    }
    code.i32(strongest);
    code.op('i32.and');
    code.op('i32.eqz');
    if (base.name !== 'zext32') {
      code.localGet(wide);
      code.i64(32);
      code.op('i64.shr_u');
      code.op('i32.wrap_i64');
      code.op('i32.or');
    }
    this.#w.slowExitIf();
  }

  #pushPermissions(low: number, offset: number): void {
    const { code } = this.#w;
    code.localGet(low);
    if (offset !== 0) {
      code.i32(offset);
      code.op('i32.add');
    }
    code.i32(PAGE_SHIFT);
    code.op('i32.shr_u');
    code.memory('i32.load8_u', PERMISSIONS_BASE);
  }
}
