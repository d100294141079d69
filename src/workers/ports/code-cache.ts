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

/** The record of when modules were used since they were written, and its key among theirs. */
const USES_KEY = 'uses';
type Uses = Readonly<Record<string, number>>;

/** Written together, some time after the first: the guest is busy while it is being translated. */
const WRITE_DELAY_MS = 1_500;

export class CodeCache implements CodeStorePort {
  readonly #version: string;
  readonly #nowMs: () => number;
  #store: UseStore | undefined;
  readonly #when: Promise<void> | undefined;
  /** By key, of modules that were not written by this life. */
  readonly #uses = new Map<string, number>();
  #hasNewUses = false;
  readonly #writes = new Map<string, Kept>();
  readonly #drops = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param version changes with whatever makes code; `when`: nothing is read sooner; `store` and `nowMs` are for tests */
  constructor(
    version: string,
    {
      when,
      store = openStore(),
      nowMs = Date.now,
    }: { readonly when?: Promise<void>; readonly store?: UseStore; readonly nowMs?: () => number } = {},
  ) {
    this.#version = version;
    this.#when = when;
    this.#store = store;
    this.#nowMs = nowMs;
  }

  load(done: (kept: readonly KeptModule[]) => void): void {
    void this.#load(done);
  }

  async #load(done: (kept: readonly KeptModule[]) => void): Promise<void> {
    if (this.#store === undefined) return;
    try {
      await this.#when;
      // Where there is no IndexedDB this throws at once.
      const all = await entries<string, Kept | Uses>(this.#store);
      done(this.#ours(all));
    } catch {
      this.#giveUp();
    }
  }

  keep({ key, bytes }: KeptModule): void {
    this.#write(key, bytes);
  }

  use(key: string): void {
    this.#uses.set(key, this.#nowMs());
    this.#hasNewUses = true;
    this.#schedule();
  }

  drop(key: string): void {
    this.#writes.delete(key);
    this.#uses.delete(key);
    this.#drops.add(key);
    this.#schedule();
  }

  /** Everything is written, or given up, when this resolves. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const store = this.#store;
    if (store === undefined) return;
    const drops = [...this.#drops];
    const writes: [string, Kept | Uses][] = [...this.#writes];
    if (this.#hasNewUses) writes.push([USES_KEY, Object.fromEntries(this.#uses)]);
    this.#hasNewUses = false;
    this.#drops.clear();
    this.#writes.clear();
    try {
      await delMany(drops, store);
      await setMany(writes, store);
    } catch {
      this.#giveUp();
    }
  }

  /** Least lately used first. */
  #ours(all: readonly (readonly [key: string, kept: Kept | Uses])[]): readonly KeptModule[] {
    const uses = (all.find(([key]) => key === USES_KEY)?.[1] ?? {}) as Uses;
    const ours: { key: string; bytes: Uint8Array<ArrayBuffer>; usedMs: number }[] = [];
    for (const [key, kept] of all) {
      if (key === USES_KEY) continue;
      const { version, bytes, usedMs } = kept as Kept;
      if (version !== this.#version || !(bytes instanceof Uint8Array)) this.drop(key);
      else ours.push({ key, bytes, usedMs: Math.max(usedMs, uses[key] ?? 0) });
    }
    for (const { key, usedMs } of ours) this.#uses.set(key, usedMs);
    return ours.toSorted((a, b) => a.usedMs - b.usedMs).map(({ key, bytes }) => ({ key, bytes }));
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
    this.#uses.clear();
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
