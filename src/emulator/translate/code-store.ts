/**
 * Compiled modules of one machine, found again by what they were made from: the second start of a program and a forked
 * child instantiate instead of translating. With a port they outlive the machine (stored-module.ts).
 *
 * A module belongs to the guest addresses of its entries and to the exact bytes of its code, which are compared with the
 * memory before it is used; so a stale one is never run, only passed over. Modules are position-independent otherwise:
 * the table slots they take come from their space (backends/wasm/convention.ts).
 *
 * Bounded by bytes: what was used least lately goes.
 */
import { MicroStore } from '../backends/wasm/cold/micro-store.ts';
import type { CodeUnit } from './code-link.ts';
import { decodeModule, encodeModule, entriesOf, moduleKey, type StoredModule } from './stored-module.ts';

/** Where modules outlive the machine. Trouble there is the port's to keep quiet: without it there is no cache. */
export interface CodeStorePort {
  /** What was kept by the same translator, least lately used first; called back at most once. */
  load(done: (kept: readonly KeptModule[]) => void): void;
  keep(module: KeptModule): void;
  /** It was of use in this life of the machine; told once. */
  use(key: string): void;
  /** It is of no use: too much, or damaged. */
  drop(key: string): void;
}

export interface KeptModule {
  readonly key: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface CodeStoreOptions {
  readonly port?: CodeStorePort | undefined;
  readonly limitBytes?: number;
}

/** A place in the store. What was kept is checked and taken apart when somebody first asks for it. */
interface Shelf {
  readonly key: string;
  readonly entries: readonly number[];
  readonly sizeBytes: number;
  kept: Uint8Array<ArrayBuffer> | null;
  stored: StoredModule | null;
  isUsed: boolean;
}

const LIMIT_BYTES = 32_000_000;

export class CodeStore {
  /** What the cold tiers decoded. */
  readonly microOps = new MicroStore();
  readonly #port: CodeStorePort | undefined;
  readonly #limitBytes: number;
  readonly #byEntry = new Map<number, Shelf[]>();
  /** By key, least lately used first. */
  readonly #shelves = new Map<string, Shelf>();
  #bytes = 0;

  constructor({ port, limitBytes = LIMIT_BYTES }: CodeStoreOptions = {}) {
    this.#port = port;
    this.#limitBytes = limitBytes;
    port?.load((kept) => this.#takeKept(kept));
  }

  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#shelves.size;
  }

  /** A module with a region at `rip` that can be used as it is; null: none. */
  find(rip: number, isUsable: (unit: CodeUnit) => boolean): StoredModule | null {
    for (const shelf of this.#byEntry.get(rip) ?? []) {
      const stored = this.#open(shelf);
      if (stored === null || !isUsable({ entries: shelf.entries, pieces: stored.pieces })) continue;
      this.#touch(shelf);
      return stored;
    }
    return null;
  }

  /** Keeps what was just compiled. The bytes of both belong to the store. */
  add(stored: StoredModule): void {
    const key = moduleKey(stored);
    if (this.#shelves.has(key)) return;
    const bytes = encodeModule(stored);
    this.#insert({ key, entries: stored.compiled.entries, sizeBytes: bytes.length, kept: null, stored, isUsed: true });
    this.#port?.keep({ key, bytes });
  }

  /** @returns null when what was kept is damaged; then it is gone */
  #open(shelf: Shelf): StoredModule | null {
    if (shelf.stored !== null || shelf.kept === null) return shelf.stored;
    const stored = decodeModule(shelf.kept);
    shelf.kept = null;
    if (stored !== null && moduleKey(stored) === shelf.key) return (shelf.stored = stored);
    this.#remove(shelf);
    return null;
  }

  #insert(shelf: Shelf): void {
    this.#shelves.set(shelf.key, shelf);
    for (const rip of shelf.entries) this.#byEntry.set(rip, [...(this.#byEntry.get(rip) ?? []), shelf]);
    this.#bytes += shelf.sizeBytes;
    for (const oldest of this.#shelves.values()) {
      if (this.#bytes <= this.#limitBytes || oldest === shelf) break;
      this.#remove(oldest);
    }
  }

  #remove(shelf: Shelf): void {
    if (!this.#shelves.delete(shelf.key)) return;
    for (const rip of shelf.entries) {
      const left = this.#byEntry.get(rip)?.filter((each) => each !== shelf) ?? [];
      if (left.length === 0) this.#byEntry.delete(rip);
      else this.#byEntry.set(rip, left);
    }
    this.#bytes -= shelf.sizeBytes;
    this.#port?.drop(shelf.key);
  }

  #touch(shelf: Shelf): void {
    this.#shelves.delete(shelf.key);
    this.#shelves.set(shelf.key, shelf);
    if (!shelf.isUsed) this.#port?.use(shelf.key);
    shelf.isUsed = true;
  }

  #takeKept(kept: readonly KeptModule[]): void {
    for (const { key, bytes } of kept) {
      if (this.#shelves.has(key)) continue;
      const entries = entriesOf(bytes);
      if (entries === null) this.#port?.drop(key);
      else this.#insert({ key, entries, sizeBytes: bytes.length, kept: bytes, stored: null, isUsed: false });
    }
  }
}
