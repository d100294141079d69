/**
 * Blocks as filesystems see them: transactions in memory over a BlockPort (DESIGN decision 10).
 *
 *   transaction (private copies) → dirty (done, not durable) → commit in flight → BlockPort
 *
 * A transaction sees the newest bytes and changes private copies; it becomes visible all at once, or, when anything
 * is thrown from it (an Errno, a NotResident), not at all. A flush hands all dirty blocks to one atomic commit, so
 * what is durable is always the state between two transactions.
 *
 * Views returned by `read` and `modify` are valid until the caller returns to the event loop; none is kept.
 */
import { assert } from '../../emulator/util/assert.ts';
import { EIO } from '../abi/errno.ts';
import type { BlockPort, HostError } from '../ports.ts';
import { WaitQueue } from '../program/wait-queue.ts';
import { NotResident } from '../vfs/inode.ts';

export const DISK_BLOCK_BYTES = 4096;

// 64 MiB: a writer faster than the disk waits here instead of filling the tab's memory.
const MAX_DIRTY_BLOCKS = 16_384;
const MAX_SPARE_BUFFERS = 1024;

export interface BlockCacheEvents {
  /** A commit failed; its blocks stay dirty in memory. */
  onFailure?(error: HostError): void;
  /** The flush is about to take all dirty blocks: the last moment to change them (checksums). */
  beforeFlush?(): void;
}

export class BlockCache {
  readonly blockCount: number;
  readonly isReadOnly: boolean;
  /** Woken when there is something to flush where there was nothing. */
  readonly dirtied = new WaitQueue();
  /** Hears how many bytes have to come from the disk, and how many became dirty. */
  meter: (readBytes: number, writtenBytes: number) => void = () => {};
  /** Asked when a change begins. @throws NotResident where it has to wait */
  admitChange: () => void = () => {};
  readonly #port: BlockPort;
  #events: BlockCacheEvents;
  readonly #dirty = new Map<number, Uint8Array>();
  #transaction: Map<number, Uint8Array> | undefined;
  readonly #fetching = new Map<number, WaitQueue>();
  readonly #unreadable = new Set<number>();
  readonly #spare: Uint8Array[] = [];
  #flushing: WaitQueue | undefined;
  #nextFlush: WaitQueue | undefined;
  #isSealing = false;
  #failure: HostError | undefined;

  constructor(port: BlockPort, events: BlockCacheEvents = {}) {
    this.#port = port;
    this.#events = events;
    this.blockCount = port.blockCount;
    this.isReadOnly = port.isReadOnly;
  }

  /** The filesystem on the disk listens here. */
  listen(events: BlockCacheEvents): void {
    this.#events = events;
  }

  get dirtyBytes(): number {
    return this.#dirty.size * DISK_BLOCK_BYTES;
  }

  /** The newest bytes of a block, not to be changed. @throws NotResident, EIO */
  read(block: number): Uint8Array {
    const own = this.#transaction?.get(block) ?? this.#dirty.get(block) ?? this.#port.readNow(block);
    if (own !== undefined) return own;
    return this.#miss([block]);
  }

  /** Whether the block has changes that are not handed to the port yet, those of the running transaction included. */
  isDirty(block: number): boolean {
    return this.#transaction?.has(block) === true || this.#dirty.has(block);
  }

  /** Throws NotResident once for all of `blocks` that are not here; `ahead` are fetched with them. */
  require(blocks: readonly number[], ahead: readonly number[] = []): void {
    const missing = blocks.filter((block) => !this.isHere(block));
    if (missing.length > 0) this.#miss(missing, ahead);
  }

  /** A copy of a block for the running transaction to change. @throws NotResident, EIO */
  modify(block: number): Uint8Array {
    const { transaction } = this.#running();
    const own = transaction.get(block);
    if (own !== undefined) return own;
    const current = this.read(block);
    const copy = this.#buffer();
    copy.set(current);
    transaction.set(block, copy);
    return copy;
  }

  /** A buffer for a block whose old bytes do not matter. Its content is arbitrary: the caller writes all of it. */
  replace(block: number): Uint8Array {
    const { transaction } = this.#running();
    const own = transaction.get(block);
    if (own !== undefined) return own;
    const buffer = this.#buffer();
    transaction.set(block, buffer);
    return buffer;
  }

  get isInTransaction(): boolean {
    return this.#transaction !== undefined;
  }

  /** Runs `work`; its changes take effect when it returns, or not at all when it throws. @throws NotResident, EIO */
  transaction<T>(work: () => T): T {
    assert(this.#transaction === undefined, 'block cache: a transaction inside a transaction');
    if (this.#dirty.size > MAX_DIRTY_BLOCKS && !this.#isSealing) this.#waitForRoom();
    if (!this.#isSealing) this.admitChange();
    const transaction = (this.#transaction = new Map<number, Uint8Array>());
    try {
      const result = work();
      this.#transaction = undefined;
      this.#accept(transaction);
      return result;
    } finally {
      if (this.#transaction !== undefined) this.#recycle(transaction.values());
      this.#transaction = undefined;
    }
  }

  /**
   * Starts making everything accepted so far durable. The queue is woken when that is done; undefined: nothing is dirty.
   * @throws EIO once after a flush that failed
   */
  sync(): WaitQueue | undefined {
    if (this.#failure !== undefined) {
      this.#failure = undefined;
      throw EIO;
    }
    if (this.#dirty.size === 0) return this.#flushing;
    if (this.#flushing !== undefined) return (this.#nextFlush ??= new WaitQueue());
    return this.#flush(new WaitQueue());
  }

  #running(): { transaction: Map<number, Uint8Array> } {
    assert(this.#transaction !== undefined, 'block cache: a change outside a transaction');
    return { transaction: this.#transaction };
  }

  /** Whether a read would not throw NotResident. */
  isHere(block: number): boolean {
    const isOwn = this.#transaction?.has(block) === true || this.#dirty.has(block);
    return isOwn || this.#port.readNow(block) !== undefined;
  }

  #accept(transaction: Map<number, Uint8Array>): void {
    if (transaction.size === 0) return;
    const before = this.#dirty.size;
    for (const [block, bytes] of transaction) {
      const old = this.#dirty.get(block);
      if (old !== undefined && this.#spare.length < MAX_SPARE_BUFFERS) this.#spare.push(old);
      this.#dirty.set(block, bytes);
    }
    this.meter(0, (this.#dirty.size - before) * DISK_BLOCK_BYTES);
    if (before === 0) this.dirtied.wake();
  }

  #flush(done: WaitQueue): WaitQueue {
    this.#isSealing = true;
    try {
      this.#events.beforeFlush?.();
    } finally {
      this.#isSealing = false;
    }
    const blocks = new Map(this.#dirty);
    this.#dirty.clear();
    this.#flushing = done;
    this.#port.commit(blocks, (error) => this.#flushed(blocks, done, error));
    return done;
  }

  #flushed(blocks: ReadonlyMap<number, Uint8Array>, done: WaitQueue, error: HostError | undefined): void {
    this.#flushing = undefined;
    if (error !== undefined) {
      this.#failure = error;
      // The port owns the bytes of a commit, so what stays dirty is a copy.
      for (const [block, bytes] of blocks) if (!this.#dirty.has(block)) this.#dirty.set(block, bytes.slice());
      this.#events.onFailure?.(error);
    }
    done.wake();
    const next = this.#nextFlush;
    this.#nextFlush = undefined;
    if (next === undefined) return;
    if (error === undefined && this.#dirty.size > 0) this.#flush(next);
    else next.wake();
  }

  #waitForRoom(): never {
    throw new NotResident(this.sync() as WaitQueue);
  }

  #miss(blocks: readonly number[], ahead: readonly number[] = []): never {
    for (const block of blocks) {
      if (this.#unreadable.delete(block)) throw EIO;
      assert(block >= 0 && block < this.blockCount, `block cache: no block ${block}`);
    }
    const pending = blocks.find((block) => this.#fetching.has(block));
    const ready = (pending === undefined ? undefined : this.#fetching.get(pending)) ?? new WaitQueue();
    const optional = ahead.filter((block) => block < this.blockCount && !this.isHere(block));
    const wanted = [...blocks, ...optional].filter((block) => !this.#fetching.has(block));
    for (const block of wanted) this.#fetching.set(block, ready);
    this.meter(wanted.length * DISK_BLOCK_BYTES, 0);
    if (wanted.length > 0) this.#port.fetch(wanted, (error) => this.#fetched(wanted, blocks, ready, error));
    throw new NotResident(ready);
  }

  #fetched(wanted: readonly number[], needed: readonly number[], ready: WaitQueue, error: HostError | undefined): void {
    for (const block of wanted) this.#fetching.delete(block);
    if (error !== undefined) {
      for (const block of needed) if (!this.isHere(block)) this.#unreadable.add(block);
      this.#events.onFailure?.(error);
    }
    ready.wake();
  }

  #buffer(): Uint8Array {
    return this.#spare.pop() ?? new Uint8Array(DISK_BLOCK_BYTES);
  }

  #recycle(buffers: Iterable<Uint8Array>): void {
    for (const buffer of buffers) if (this.#spare.length < MAX_SPARE_BUFFERS) this.#spare.push(buffer);
  }
}
