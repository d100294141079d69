/** A disk whose changes are kept in memory over an image: for machines that shall or can keep nothing. */
import { HostError, type BlockPort } from '../../guest-kernel/index.ts';
import type { ChunkedImage } from './chunked-image.ts';

export class MemoryDisk implements BlockPort {
  readonly isReadOnly = false;
  readonly #image: ChunkedImage;
  readonly #changed = new Map<number, Uint8Array>();

  constructor(image: ChunkedImage) {
    this.#image = image;
  }

  get blockCount(): number {
    return this.#image.blockCount;
  }

  readNow(block: number): Uint8Array | undefined {
    return this.#changed.get(block) ?? this.#image.readNow(block);
  }

  fetch(blocks: readonly number[], done: (error?: HostError) => void): void {
    void this.#fetch(blocks, done);
  }

  commit(blocks: ReadonlyMap<number, Uint8Array>, done: (error?: HostError) => void): void {
    for (const [block, bytes] of blocks) this.#changed.set(block, bytes);
    queueMicrotask(() => done());
  }

  async #fetch(blocks: readonly number[], done: (error?: HostError) => void): Promise<void> {
    try {
      await this.#image.fetchBlocks(blocks);
    } catch (error) {
      done(error instanceof HostError ? error : new HostError(String(error)));
      return;
    }
    done();
  }
}
