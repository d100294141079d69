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
import type { CompiledModule } from '../backends/wasm/compile.ts';
import type { CodeBytes } from '../memory/code-pages.ts';
import type { CodeUnit } from './code-link.ts';
import { decodeModule, encodeModule, moduleKey } from './stored-module.ts';

/** Everything that a space needs to run the module. */
export interface StoredModule {
  readonly compiled: CompiledModule;
  readonly pieces: readonly CodeBytes[];
  /** Made at its first use here, then shared by all spaces. */
  module: WebAssembly.Module | null;
}

/** Where modules outlive the machine. Trouble there is the port's to keep quiet: without it there is no cache. */
export interface CodeStorePort {
  /** What was kept by the same translator, in any order; called back at most once. */
  load(done: (kept: readonly KeptModule[]) => void): void;
  keep(module: KeptModule): void;
  /** It is of no use: too old, or damaged. */
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

const LIMIT_BYTES = 32_000_000;

export class CodeStore {
  readonly #port: CodeStorePort | undefined;
  readonly #limitBytes: number;
  readonly #byEntry = new Map<number, StoredModule[]>();
  /** Least lately used first. */
  readonly #modules = new Map<string, StoredModule>();
  readonly #keys = new Map<StoredModule, string>();
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
    return this.#modules.size;
  }

  /** A module with a region at `rip` that can be used as it is; null: none. */
  find(rip: number, isUsable: (unit: CodeUnit) => boolean): StoredModule | null {
    const candidates = this.#byEntry.get(rip);
    const found = candidates?.find(({ compiled, pieces }) => isUsable({ entries: compiled.entries, pieces }));
    if (found === undefined) return null;
    this.#touch(found);
    return found;
  }

  /** Keeps what was just compiled. The bytes of both belong to the store. */
  add(stored: StoredModule): void {
    const key = moduleKey(stored);
    if (!this.#insert(key, stored)) return;
    this.#port?.keep({ key, bytes: encodeModule(stored) });
  }

  #insert(key: string, stored: StoredModule): boolean {
    if (this.#modules.has(key)) return false;
    this.#modules.set(key, stored);
    this.#keys.set(stored, key);
    for (const rip of stored.compiled.entries) {
      const others = this.#byEntry.get(rip);
      if (others === undefined) this.#byEntry.set(rip, [stored]);
      else others.push(stored);
    }
    this.#bytes += stored.compiled.bytes.length;
    for (const [oldest, module] of this.#modules) {
      if (this.#bytes <= this.#limitBytes || oldest === key) break;
      this.#remove(oldest, module);
    }
    return true;
  }

  #remove(key: string, stored: StoredModule): void {
    this.#modules.delete(key);
    this.#keys.delete(stored);
    for (const rip of stored.compiled.entries) {
      const left = this.#byEntry.get(rip)?.filter((each) => each !== stored) ?? [];
      if (left.length === 0) this.#byEntry.delete(rip);
      else this.#byEntry.set(rip, left);
    }
    this.#bytes -= stored.compiled.bytes.length;
    this.#port?.drop(key);
  }

  #touch(stored: StoredModule): void {
    const key = this.#keys.get(stored);
    if (key === undefined) return;
    this.#modules.delete(key);
    this.#modules.set(key, stored);
  }

  #takeKept(kept: readonly KeptModule[]): void {
    for (const { key, bytes } of kept) {
      const stored = decodeModule(bytes);
      if (stored === null || moduleKey(stored) !== key) this.#port?.drop(key);
      else this.#insert(key, stored);
    }
  }
}
