/** A disk in memory whose blocks may be "not here yet"; what it calls back waits until `run`. */
import { HostError, type BlockPort } from '../../ports.ts';
import { NotResident } from '../../vfs/inode.ts';
import { DISK_BLOCK_BYTES } from '../block-cache.ts';

export interface MemoryDiskOptions {
  /** Asked for each block that was not fetched since it was last evicted. */
  readonly isFar?: () => boolean;
  /** Called with each commit before it is applied; throwing HostError refuses it. */
  readonly onCommit?: (blocks: ReadonlyMap<number, Uint8Array>) => void;
  readonly failingReads?: ReadonlySet<number>;
}

export class MemoryDisk implements BlockPort {
  readonly bytes: Uint8Array;
  readonly isReadOnly = false;
  readonly blockCount: number;
  fetches = 0;
  readonly #options: MemoryDiskOptions;
  readonly #near = new Set<number>();
  #callbacks: (() => void)[] = [];

  constructor(bytes: Uint8Array, options: MemoryDiskOptions = {}) {
    this.bytes = bytes;
    this.blockCount = bytes.length / DISK_BLOCK_BYTES;
    this.#options = options;
  }

  readNow(block: number): Uint8Array | undefined {
    const { isFar } = this.#options;
    if (isFar !== undefined && !this.#near.has(block)) {
      if (isFar()) return undefined;
      this.#near.add(block);
    }
    return this.#block(block);
  }

  fetch(blocks: readonly number[], done: (error?: HostError) => void): void {
    this.fetches++;
    this.#callbacks.push(() => {
      const failing = blocks.find((block) => this.#options.failingReads?.has(block) === true);
      if (failing !== undefined) return done(new HostError(`block ${failing} cannot be read`));
      for (const block of blocks) this.#near.add(block);
      return done();
    });
  }

  commit(blocks: ReadonlyMap<number, Uint8Array>, done: (error?: HostError) => void): void {
    try {
      this.#options.onCommit?.(blocks);
    } catch (error) {
      this.#callbacks.push(() => done(error as HostError));
      return;
    }
    for (const [block, bytes] of blocks) {
      this.#block(block).set(bytes);
      this.#near.add(block);
    }
    this.#callbacks.push(() => done());
  }

  /** Runs what waits for the event loop. */
  run(): void {
    const callbacks = this.#callbacks;
    this.#callbacks = [];
    for (const callback of callbacks) callback();
  }

  /** Runs `work` again and again until no block is missing. */
  drive<T>(work: () => T): T {
    for (let attempts = 0; attempts < 100_000; attempts++) {
      try {
        return work();
      } catch (error) {
        if (!(error instanceof NotResident)) throw error;
        this.run();
      }
    }
    throw new Error('no progress');
  }

  /** Drops what is near, as a port short of memory would. */
  evict(): void {
    this.#near.clear();
  }

  #block(block: number): Uint8Array {
    return this.bytes.subarray(block * DISK_BLOCK_BYTES, (block + 1) * DISK_BLOCK_BYTES);
  }
}
