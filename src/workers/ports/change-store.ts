/** Where the blocks that a machine changed are kept between its lives: IndexedDB through idb-keyval. */
import { clear, createStore, getMany, keys, setMany, type UseStore } from 'idb-keyval';

export interface ChangeStore {
  /** Numbers of all blocks kept. */
  blocks(): Promise<readonly number[]>;
  load(blocks: readonly number[]): Promise<readonly (Uint8Array | undefined)[]>;
  /** All of them or none. @throws DOMException QuotaExceededError and whatever else the browser has */
  save(blocks: ReadonlyMap<number, Uint8Array>): Promise<void>;
  clear(): Promise<void>;
}

/** @param diskName names the database; changes belong to one very image, so its hash is part of it */
export function openIndexedDb(diskName: string): ChangeStore {
  const store: UseStore = createStore(diskName, 'blocks');
  return {
    blocks: () => keys<number>(store),
    load: (blocks) => getMany<Uint8Array>([...blocks], store),
    save: (blocks) => setMany([...blocks], store), // one transaction
    clear: () => clear(store),
  };
}

/** For tests of a full disk: a store that refuses to hold more than `quotaBytes`. */
export function withQuota(store: ChangeStore, quotaBytes: number): ChangeStore {
  return {
    ...store,
    async save(blocks) {
      const kept = new Set([...(await store.blocks()), ...blocks.keys()]);
      let bytes = 0;
      for (const block of kept) bytes += blocks.get(block)?.length ?? 4096;
      if (bytes > quotaBytes) throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
      await store.save(blocks);
    },
  };
}
