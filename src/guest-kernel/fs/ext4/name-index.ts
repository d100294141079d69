/**
 * Where the names of a large directory are: a map in memory from name to block, so that looking up or adding one of
 * 100,000 names does not read them all.
 *
 * It is filled at the first lookup in a directory of more than a few blocks and follows the changes made through it;
 * a transaction that fails drops it. It is never trusted for where in the block a name is.
 */
import type { ByteString } from '../../../emulator/util/bytes.ts';
import type { Volume } from './volume.ts';

const WORTH_BLOCKS = 4;

export class NameIndex {
  readonly #volume: Volume;
  #blocks: Map<ByteString, number> | undefined;
  /** No block before this one has room for `#roomBytes`. */
  #roomFrom = 0;
  #roomBytes = 0;
  #failures = 0;

  constructor(volume: Volume) {
    this.#volume = volume;
    this.#failures = volume.failedTransactions;
  }

  /** Block of a name, 'absent', or undefined when the directory is small and to be searched. */
  blockOf(
    name: ByteString,
    blockCount: number,
    list: () => Iterable<readonly [ByteString, number]>,
  ): number | 'absent' | undefined {
    this.#check();
    if (this.#blocks === undefined) {
      if (blockCount < WORTH_BLOCKS) return undefined;
      this.#blocks = new Map(list());
    }
    return this.#blocks.get(name) ?? 'absent';
  }

  /** First block worth trying for an entry of that many bytes. */
  roomHint(bytes: number): number {
    this.#check();
    return bytes >= this.#roomBytes ? this.#roomFrom : 0;
  }

  inserted(name: ByteString, block: number, bytes: number): void {
    this.#blocks?.set(name, block);
    this.#roomFrom = block;
    this.#roomBytes = bytes;
  }

  removed(name: ByteString, block: number): void {
    this.#blocks?.delete(name);
    this.#roomFrom = Math.min(this.#roomFrom, block);
  }

  #check(): void {
    if (this.#failures === this.#volume.failedTransactions) return;
    this.#failures = this.#volume.failedTransactions;
    this.#blocks = undefined;
    this.#roomFrom = 0;
  }
}
