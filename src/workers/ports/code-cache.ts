/**
 * Compiled guest code in IndexedDB, so that a page that comes back does not translate again. A convenience: whatever goes
 * wrong (no storage, no room) ends the caching, quietly.
 */
import { createStore, delMany, entries, setMany, type UseStore } from 'idb-keyval';
import type { CodeStorePort, KeptModule } from '../../guest-kernel/index.ts';

interface Kept {
  /** Of the translator: modules of another are of no use. */
  readonly version: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Milliseconds since 1970. */
  readonly usedMs: number;
}

/** Written together, some time after the first: the guest is busy while it is being translated. */
const WRITE_DELAY_MS = 1_500;

export class CodeCache implements CodeStorePort {
  readonly #version: string;
  readonly #nowMs: () => number;
  #store: UseStore | undefined;
  readonly #kept = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #writes = new Map<string, Kept>();
  readonly #drops = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param version changes with whatever makes code; `store` is for tests */
  constructor(version: string, store: UseStore | undefined = openStore(), nowMs: () => number = Date.now) {
    this.#version = version;
    this.#store = store;
    this.#nowMs = nowMs;
  }

  load(done: (kept: readonly KeptModule[]) => void): void {
    void this.#load(done);
  }

  async #load(done: (kept: readonly KeptModule[]) => void): Promise<void> {
    if (this.#store === undefined) return;
    try {
      // Where there is no IndexedDB this throws at once.
      const all = await entries<string, Kept>(this.#store);
      done(this.#ours(all));
    } catch {
      this.#giveUp();
    }
  }

  keep({ key, bytes }: KeptModule): void {
    this.#write(key, bytes);
  }

  use(key: string): void {
    const bytes = this.#kept.get(key);
    if (bytes !== undefined) this.#write(key, bytes);
  }

  drop(key: string): void {
    this.#writes.delete(key);
    this.#kept.delete(key);
    this.#drops.add(key);
    this.#schedule();
  }

  /** Everything is written, or given up, when this resolves. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const store = this.#store;
    if (store === undefined) return;
    const [drops, writes] = [[...this.#drops], [...this.#writes]];
    this.#drops.clear();
    this.#writes.clear();
    try {
      await delMany(drops, store);
      await setMany(writes, store);
    } catch {
      this.#giveUp();
    }
  }

  #ours(all: readonly (readonly [key: string, kept: Kept])[]): readonly KeptModule[] {
    const isOurs = ({ version, bytes }: Kept): boolean => version === this.#version && bytes instanceof Uint8Array;
    for (const [key, kept] of all) if (!isOurs(kept)) this.drop(key);
    const ours = all.filter(([, kept]) => isOurs(kept)).toSorted(([, a], [, b]) => a.usedMs - b.usedMs);
    for (const [key, { bytes }] of ours) this.#kept.set(key, bytes);
    return ours.map(([key, { bytes }]) => ({ key, bytes }));
  }

  #write(key: string, bytes: Uint8Array<ArrayBuffer>): void {
    this.#drops.delete(key);
    this.#writes.set(key, { version: this.#version, bytes, usedMs: this.#nowMs() });
    this.#schedule();
  }

  #schedule(): void {
    if (this.#store !== undefined) this.#timer ??= setTimeout(() => void this.flush(), WRITE_DELAY_MS);
  }

  #giveUp(): void {
    this.#store = undefined;
    this.#kept.clear();
    this.#writes.clear();
  }
}

function openStore(): UseStore | undefined {
  try {
    return createStore('osv-code', 'modules');
  } catch {
    return undefined;
  }
}
