/**
 * A disk over an image file of the host that is only read: what the guest writes stays in memory and is gone with the
 * process.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { HostError, type BlockPort } from '../../guest-kernel/index.ts';

const BLOCK_BYTES = 4096;

export class ThrowAwayDisk implements BlockPort {
  readonly blockCount: number;
  readonly isReadOnly = false;
  readonly #fd: number;
  readonly #written = new Map<number, Uint8Array>();
  /** Blocks of the image that were read; the kernel keeps what it uses often, so a few are enough to seem near. */
  readonly #read = new Map<number, Uint8Array>();

  readonly #later: (event: () => void) => void;

  /** @param later runs what it is given from the event loop */
  constructor(image: string, later: (event: () => void) => void = setImmediate) {
    this.#later = later;
    try {
      this.#fd = openSync(image, 'r');
    } catch (error) {
      throw new HostError(`The disk image ${image} cannot be opened.`, { cause: error });
    }
    this.blockCount = Math.floor(fstatSync(this.#fd).size / BLOCK_BYTES);
  }

  readNow(block: number): Uint8Array | undefined {
    return this.bytesOf(block);
  }

  protected bytesOf(block: number): Uint8Array {
    return this.#written.get(block) ?? this.#read.get(block) ?? this.#readImage(block);
  }

  fetch(_blocks: readonly number[], done: (error?: HostError) => void): void {
    this.#later(done);
  }

  commit(blocks: ReadonlyMap<number, Uint8Array>, done: (error?: HostError) => void): void {
    for (const [block, bytes] of blocks) {
      this.#written.set(block, bytes);
      this.#read.delete(block);
    }
    this.#later(done);
  }

  close(): void {
    closeSync(this.#fd);
  }

  #readImage(block: number): Uint8Array {
    const bytes = new Uint8Array(BLOCK_BYTES);
    readSync(this.#fd, bytes, 0, BLOCK_BYTES, block * BLOCK_BYTES);
    this.#read.set(block, bytes);
    return bytes;
  }
}

/** So few that a program of some hundred files meets blocks again that have gone. */
const NEAR_BLOCKS = 200;

/** The same as far away as a page's: a block is there for a while when it was fetched, and what was written goes away too. */
export class FarDisk extends ThrowAwayDisk {
  /** The block fetched longest ago comes first. */
  readonly #near = new Map<number, Uint8Array>();

  override readNow(block: number): Uint8Array | undefined {
    return this.#near.get(block);
  }

  override fetch(blocks: readonly number[], done: (error?: HostError) => void): void {
    super.fetch(blocks, () => {
      for (const block of this.#near.keys()) {
        if (this.#near.size + blocks.length <= NEAR_BLOCKS) break;
        this.#near.delete(block);
      }
      for (const block of blocks) this.#near.set(block, this.bytesOf(block));
      done();
    });
  }

  override commit(blocks: ReadonlyMap<number, Uint8Array>, done: (error?: HostError) => void): void {
    for (const block of blocks.keys()) this.#near.delete(block);
    super.commit(blocks, done);
  }
}
