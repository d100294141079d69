/** Where generated code looks for a guest address in a table of the machine's area: both jump caches mix it alike. */
import type { CodeWriter } from './encoder/code-writer.ts';

export interface HashedTable {
  /** Bits of the address that are folded onto the low ones begin here. */
  readonly shift: number;
  /** A power of two, as are the bytes of an entry. */
  readonly entries: number;
  readonly entryBytes: number;
}

/** Pushes the offset of the entry for the i32 local `rip` from the table's start. It goes to the i32 local `place` as well. */
export function pushHashedPlace(code: CodeWriter, rip: number, table: HashedTable, place: number): void {
  code.localGet(rip);
  code.localGet(rip);
  code.i32(table.shift);
  code.op('i32.shr_u');
  code.op('i32.xor');
  code.i32(table.entries - 1);
  code.op('i32.and');
  code.i32(Math.log2(table.entryBytes));
  code.op('i32.shl');
  code.localTee(place);
}
