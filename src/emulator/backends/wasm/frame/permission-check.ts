/** Tests of page permissions in regions, once for each group of accesses (access-groups.ts). */
import type { Op } from '../../../ir/block.ts';
import { PERMISSIONS_BASE } from '../../../memory/address-space.ts';
import { PAGE_SHIFT } from '../../../memory/page-permissions.ts';
import type { IrWriter } from '../ir-writer.ts';
import { type AccessGroup, accessGroups, addressParts } from './access-groups.ts';

/** The frame, and a local of its that holds until the block ends. */
export interface CheckHost extends IrWriter {
  blockLocal(type: 'i32' | 'i64'): number;
}

export class PermissionCheck {
  readonly #w: CheckHost;
  #groups: ReadonlyMap<Op, AccessGroup> = new Map();
  /** Low half of base + anchor by group. */
  readonly #lows = new Map<AccessGroup, number>();

  constructor(w: CheckHost) {
    this.#w = w;
  }

  beginBlock(ops: readonly Op[]): void {
    this.#groups = accessGroups(ops);
    this.#lows.clear();
  }

  /** What has been tested, to come back to. */
  mark(): ReadonlyMap<AccessGroup, number> {
    return new Map(this.#lows);
  }

  reset(lows: ReadonlyMap<AccessGroup, number>): void {
    this.#lows.clear();
    for (const [group, low] of lows) this.#lows.set(group, low);
  }

  /** Where two ways meet: this one leaves what the other had found when it was marked at the same place. */
  meet(other: ReadonlyMap<AccessGroup, number>): void {
    const { code } = this.#w;
    for (const [group, low] of other) {
      const own = this.#lows.get(group);
      if (own === undefined || own === low) continue;
      code.localGet(own);
      code.localSet(low);
    }
    this.reset(other);
  }

  /** Tests what is not tested yet and pushes the address of a load or store. @returns the offset for the access. */
  access(op: Op): number {
    const { code } = this.#w;
    const group = this.#groups.get(op);
    if (group === undefined) return 0;
    const wide = this.#w.local(group.base);
    let low = this.#lows.get(group);
    if (low === undefined) this.#lows.set(group, (low = this.#test(group, wide)));
    code.localGet(low);
    const offset = addressParts(op.args[0]).offset - group.anchor;
    if (offset >= 0) return offset;
    code.i32(offset);
    code.op('i32.add');
    return 0;
  }

  /** @returns a local with the low half of base + anchor */
  #test(group: AccessGroup, base: number): number {
    const { code } = this.#w;
    const { anchor, least, end, bit } = group;
    const low = this.#w.blockLocal('i32');
    const isNarrow = group.base.name === 'zext32' && anchor === 0;
    let wide = base;
    if (anchor !== 0) {
      wide = this.#w.blockLocal('i64');
      code.localGet(base);
      code.i64(anchor);
      code.op('i64.add');
      code.localSet(wide);
    }
    code.localGet(wide);
    code.op('i32.wrap_i64');
    code.localSet(low);
    const passed = code.block();
    const failed = code.block();
    if (!isNarrow) {
      // The high half is 0 when the low one, extended, is the whole.
      code.localGet(low);
      code.op('i64.extend_i32_u');
      code.localGet(wide);
      code.op('i64.ne');
      code.brIf(failed, 'unlikely');
    }
    this.#pushPermissions(low, least);
    if (end - 1 !== least) {
      this.#pushPermissions(low, end - 1);
      code.op('i32.and');
    }
    code.i32((bit & 2) !== 0 ? 2 : 1);
    code.op('i32.and');
    code.brIf(passed, 'likely');
    code.end();
    this.#w.slowExit();
    code.end();
    return low;
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
