/**
 * The machine's disk: changed blocks in a ChangeStore over an image that is fetched by chunk.
 *
 *   readNow: changed block in memory → (changed, but only in the store: not near) → chunk of the image
 *
 * A commit is one transaction of the store. When the store refuses (quota), the machine goes on in memory: what it
 * changed from then on is kept here until it is switched off, and what was durable stays so.
 */
import { HostError, type BlockPort } from '../../guest-kernel/index.ts';
import type { ChangeStore } from './change-store.ts';
import type { ImageSource } from './image-source.ts';

// 64 MiB of changed blocks near at hand; the others are read back from the store.
const MAX_NEAR_BLOCKS = 16_384;

type Done = (error?: HostError) => void;

export class PersistentDisk implements BlockPort {
  readonly blockCount: number;
  readonly isReadOnly = false;
  readonly #image: ImageSource;
  readonly #onTrouble: (message: string) => void;
  readonly #store: ChangeStore | undefined;
  /** Whether commits go to the store. It stays readable after it refused one. */
  #isSaving: boolean;
  /** Blocks whose newest bytes the store has. */
  readonly #stored: Set<number>;
  /** Changed blocks in memory; while one is not in `#stored`, this is its only copy. In order of use. */
  readonly #near = new Map<number, Uint8Array>();
  #isClosed = false;
  #committing: Promise<void> = Promise.resolve();

  constructor(
    image: ImageSource,
    changes: { readonly store: ChangeStore; readonly blocks: readonly number[] } | undefined,
    onTrouble: (message: string) => void,
  ) {
    this.#image = image;
    this.#onTrouble = onTrouble;
    this.blockCount = image.blockCount;
    this.#store = changes?.store;
    this.#isSaving = changes !== undefined;
    this.#stored = new Set(changes?.blocks);
  }

  readNow(block: number): Uint8Array | undefined {
    const near = this.#near.get(block);
    if (near !== undefined) return near;
    return this.#stored.has(block) ? undefined : this.#image.blockNow(block);
  }

  fetch(blocks: readonly number[], done: Done): void {
    const far = blocks.filter((block) => !this.#near.has(block));
    const stored = far.filter((block) => this.#stored.has(block));
    const pristine = far.filter((block) => !this.#stored.has(block));
    void settle(Promise.all([this.#loadStored(stored), this.#image.fetchBlocks(pristine)]), done);
  }

  commit(blocks: ReadonlyMap<number, Uint8Array>, done: Done): void {
    for (const [block, bytes] of blocks) {
      this.#near.delete(block);
      this.#near.set(block, bytes);
      this.#stored.delete(block);
    }
    this.#committing = this.#save(blocks);
    void settle(this.#committing, done);
  }

  /** Waits for a commit under way; later ones change nothing that is kept. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#committing.catch(() => undefined);
  }

  async #save(blocks: ReadonlyMap<number, Uint8Array>): Promise<void> {
    if (this.#store === undefined || !this.#isSaving || this.#isClosed) return;
    try {
      await this.#store.save(blocks);
    } catch (error) {
      this.#isSaving = false;
      const message = troubleOf(error);
      this.#onTrouble(message);
      throw new HostError(message, { cause: error });
    }
    // A block may have been changed again while it was being saved.
    for (const [block, bytes] of blocks) if (this.#near.get(block) === bytes) this.#stored.add(block);
    this.#evict();
  }

  async #loadStored(blocks: readonly number[]): Promise<void> {
    if (blocks.length === 0) return;
    const loaded = (await this.#store?.load(blocks)) ?? [];
    blocks.forEach((block, i) => {
      const bytes = loaded[i];
      if (bytes?.length !== 4096)
        throw new HostError(`Block ${block} of the disk is damaged in the browser's storage.`);
      if (!this.#near.has(block)) this.#near.set(block, bytes);
    });
    this.#evict();
  }

  #evict(): void {
    let excess = this.#near.size - MAX_NEAR_BLOCKS;
    for (const block of this.#near.keys()) {
      if (excess <= 0) return;
      if (!this.#stored.has(block)) continue;
      this.#near.delete(block);
      excess--;
    }
  }
}

async function settle(work: Promise<unknown>, done: Done): Promise<void> {
  let trouble: HostError | undefined;
  try {
    await work;
  } catch (error) {
    trouble = error instanceof HostError ? error : new HostError(troubleOf(error), { cause: error });
  }
  done(trouble);
}

function troubleOf(error: unknown): string {
  if (error instanceof DOMException && error.name === 'QuotaExceededError') {
    return 'The browser has no room for more changes to the disk. The machine goes on in memory; what is written from now on is lost when it stops.';
  }
  const reason = error instanceof Error ? error.message : String(error);
  return `The browser cannot keep changes to the disk (${reason}). The machine goes on in memory; what is written from now on is lost when it stops.`;
}
