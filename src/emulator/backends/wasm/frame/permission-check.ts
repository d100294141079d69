/** Tests of page permissions in regions, once for each group of accesses (access-groups.ts). */
import type { Op } from '../../../ir/block.ts';
import { PERMISSIONS_BASE } from '../../../memory/address-space.ts';
import { PAGE_SHIFT } from '../../../memory/page-permissions.ts';
import { assert } from '../../../util/assert.ts';
import type { Label } from '../encoder/code-writer.ts';
import type { Opcode } from '../encoder/opcodes.ts';
import { pushIsFar } from '../far-address.ts';
import type { IrWriter } from '../ir-writer.ts';
import { type AccessGroup, accessGroups, type AccessProofs, addressParts, type SteadyLimit } from './access-groups.ts';

const RSP = 4;

/** The frame, and a local of its that holds until the block ends. */
export interface CheckHost extends IrWriter {
  blockLocal(type: 'i32' | 'i64'): number;
  /** The local with the limit of the accesses, set where their loop is entered. */
  limitOf(group: SteadyLimit): number;
  /** The value is not needed here after all. */
  skip(value: Op): void;
}

export class PermissionCheck {
  readonly #w: CheckHost;
  #groups: ReadonlyMap<Op, AccessGroup> = new Map();
  /** By group: the local with the address at which its range starts. */
  readonly #starts = new Map<AccessGroup, number>();
  /** Stores whose base was asked for already. */
  readonly #prepared = new Set<Op>();

  constructor(w: CheckHost) {
    this.#w = w;
  }

  beginBlock(ops: readonly Op[], proofs: AccessProofs): void {
    this.#groups = accessGroups(ops, proofs);
    this.#starts.clear();
  }

  /** What has been tested, to come back to. */
  mark(): ReadonlyMap<AccessGroup, number> {
    return new Map(this.#starts);
  }

  reset(lows: ReadonlyMap<AccessGroup, number>): void {
    this.#starts.clear();
    for (const [group, low] of lows) this.#starts.set(group, low);
  }

  /** Where two ways meet: this one leaves what the other had found when it was marked at the same place. */
  meet(other: ReadonlyMap<AccessGroup, number>): void {
    const { code } = this.#w;
    for (const [group, low] of other) {
      const own = this.#starts.get(group);
      if (own === undefined || own === low) continue;
      code.localGet(own);
      code.localSet(low);
    }
    this.reset(other);
  }

  get groups(): ReadonlyMap<Op, AccessGroup> {
    return this.#groups;
  }

  /** The local with the address at which the group's range starts; it was tested. */
  startOf(group: AccessGroup): number {
    const start = this.#starts.get(group);
    assert(start !== undefined, 'wasm: accesses that were not tested');
    return start;
  }

  /** Does the test of a store that is written later. */
  prepare(op: Op): void {
    const group = this.#groups.get(op);
    if (group === undefined || this.#starts.has(group)) return;
    this.#starts.set(group, this.#test(group, this.#w.local(addressParts(op.args[0]).base)));
    this.#prepared.add(op);
  }

  /** Tests what is not tested yet and pushes the address of a load or store. @returns the offset for the access. */
  access(op: Op): number {
    const { code } = this.#w;
    const group = this.#groups.get(op);
    if (group === undefined) return 0;
    const { base, offset } = addressParts(op.args[0]);
    let start = this.#starts.get(group);
    if (start !== undefined) {
      if (!this.#prepared.delete(op)) this.#w.skip(base);
    } else this.#starts.set(group, (start = this.#test(group, this.#w.local(base))));
    code.localGet(start);
    return offset - group.anchor - group.least;
  }

  /** @returns a local with the address at which the group's range starts, as i32 */
  #test(group: AccessGroup, base: number): number {
    const { code } = this.#w;
    const { anchor, least, end, proof } = group;
    const start = this.#w.blockLocal('i32');
    code.localGet(base);
    code.op('i32.wrap_i64');
    this.#add((anchor + least) | 0);
    code.localSet(start);
    if (proof === 'whole') return start;
    const passed = code.block();
    if (proof !== 'none' && end - least <= proof.mostBytes) {
      code.localGet(start);
      code.localGet(this.#w.limitOf(proof));
      code.op('i32.lt_u');
      code.brIf(passed, 'likely');
    }
    this.#testRange(group, base, start, passed);
    this.#w.slowExit();
    code.end();
    return start;
  }

  #testRange({ base: value, anchor, least, end, bit }: AccessGroup, base: number, start: number, passed: Label): void {
    const { code } = this.#w;
    const isNarrow = value.name === 'zext32' && anchor === 0;
    let wide = base;
    if (anchor !== 0) {
      wide = this.#w.blockLocal('i64');
      code.localGet(base);
      code.i64(anchor);
      code.op('i64.add');
      code.localSet(wide);
    }
    const failed = code.block();
    if (!isNarrow) {
      pushIsFar(code, wide);
      code.brIf(failed, 'unlikely');
    }
    this.#testPages(start, end - least, (bit & 2) !== 0 ? 2 : 1, passed, !isOnStack(value));
    code.end();
  }

  /**
   * Goes on at `passed` when both ends of the range have the bit.
   * @param triesNext mostly this page and the next one are alike, which one load tells; not at the end of a mapping, where a
   *                  small program's stack is
   */
  #testPages(start: number, sizeBytes: number, bit: number, passed: Label, triesNext: boolean): void {
    const { code } = this.#w;
    if (sizeBytes > 1 && triesNext) {
      this.#pushPermissions('i32.load16_u', start, 0);
      code.i32(bit * 0x101);
      code.op('i32.and');
      code.i32(bit * 0x101);
      code.op('i32.eq');
      code.brIf(passed, 'likely');
    }
    this.#pushPermissions('i32.load8_u', start, 0);
    if (sizeBytes > 1) {
      this.#pushPermissions('i32.load8_u', start, sizeBytes - 1);
      code.op('i32.and');
    }
    code.i32(bit);
    code.op('i32.and');
    code.brIf(passed, 'likely');
  }

  #pushPermissions(load: Opcode, start: number, offset: number): void {
    const { code } = this.#w;
    code.localGet(start);
    this.#add(offset);
    code.i32(PAGE_SHIFT);
    code.op('i32.shr_u');
    code.memory(load, PERMISSIONS_BASE);
  }

  #add(offset: number): void {
    if (offset === 0) return;
    this.#w.code.i32(offset);
    this.#w.code.op('i32.add');
  }
}

function isOnStack({ name, imm, args }: Op): boolean {
  return name === 'add64' ? args.some(isOnStack) : name === 'get64' && imm === RSP;
}
