/** Compiled guest code in a folder: a file a module. Without the folder, or without leave to write, nothing is kept. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { CodeStorePort, KeptModule } from '../../guest-kernel/index.ts';

const FILE = /^[0-9a-f]{16}$/;
const PARTIAL = /^[0-9a-f]{16}\.\d+$/;

export class CodeFolder implements CodeStorePort {
  readonly #folder: string;
  readonly #new: KeptModule[] = [];
  readonly #used: string[] = [];
  readonly #dropped: string[] = [];

  /** @param folder is named after the translator's version; others beside it that hold modules alone are of former ones and go */
  constructor(folder: string) {
    this.#folder = folder;
  }

  load(done: (kept: readonly KeptModule[]) => void): void {
    const names = quietly(() => readdirSync(this.#folder)) ?? [];
    const found = names.filter((name) => FILE.test(name)).map((key) => quietly(() => this.#read(key)));
    done(found.filter((each) => each !== undefined).toSorted((a, b) => a.usedMs - b.usedMs));
  }

  keep(module: KeptModule): void {
    this.#new.push(module);
  }

  use(key: string): void {
    this.#used.push(key);
  }

  drop(key: string): void {
    this.#dropped.push(key);
  }

  /** Writes what was gathered; to be called at the end, so that nothing waits for it. */
  close(): void {
    const dropped = new Set(this.#dropped);
    quietly(() => this.#removeOthers());
    for (const key of dropped) quietly(() => rmSync(join(this.#folder, key), { force: true }));
    for (const key of this.#used) quietly(() => utimesSync(join(this.#folder, key), new Date(), new Date()));
    for (const { key, bytes } of this.#new) if (!dropped.has(key)) quietly(() => this.#write(key, bytes));
  }

  #read(key: string): KeptModule & { readonly usedMs: number } {
    const file = join(this.#folder, key);
    return { key, bytes: new Uint8Array(readFileSync(file)), usedMs: statSync(file).mtimeMs };
  }

  #write(key: string, bytes: Uint8Array): void {
    mkdirSync(this.#folder, { recursive: true });
    const partial = join(this.#folder, `${key}.${process.pid}`);
    writeFileSync(partial, bytes);
    renameSync(partial, join(this.#folder, key));
  }

  #removeOthers(): void {
    const parent = dirname(this.#folder);
    for (const name of readdirSync(parent)) {
      if (name === basename(this.#folder) || !isCodeFolder(join(parent, name))) continue;
      rmSync(join(parent, name), { recursive: true, force: true });
    }
  }
}

/** OSV_CODE may name a folder beside anything: only folders with nothing but modules in them are ours. */
function isCodeFolder(folder: string): boolean {
  const names = quietly(() => readdirSync(folder)) ?? [];
  return names.length > 0 && names.every((name) => FILE.test(name) || PARTIAL.test(name));
}

function quietly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
