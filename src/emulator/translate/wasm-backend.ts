/** Regions as WebAssembly functions that reach each other through the table of their space. */
import { compileRegions } from '../backends/wasm/compile.ts';
import type { Region } from '../backends/region/region.ts';
import { type LoadedModule, WasmRuntime } from '../backends/wasm/runtime/runtime.ts';
import type { ExecutorServices } from '../executor.ts';
import { CodeLink, type CodeUnit } from './code-link.ts';
import { piecesOf } from './code-pieces.ts';
import type { StoredModule } from './code-store.ts';
import type { CompiledUnits, LinkSource, RegionBackend } from './region-backend.ts';

/** A table keeps every instance that imports it (V8 to version 12 at least), some 20 KB each. */
const MOST_DISCARDED = 500;

export class WasmLink extends CodeLink {
  /** Slot of the region; 0, the stub's, while the block is cold. */
  slot = 0;
  /** Slots of other modules that stand for this address. */
  readonly aliases = new Set<number>();
}

/** A module: its functions call each other directly, so they come and go together. */
interface WasmUnit extends CodeUnit {
  readonly module: LoadedModule;
}

export class WasmBackend implements RegionBackend<WasmLink> {
  readonly limits = { maxBlocks: 64, maxInstructions: 600, joinsCalls: false, maxRegions: 200 };
  readonly #services: ExecutorServices;
  readonly #links: LinkSource<WasmLink>;
  #runtime: WasmRuntime;
  #discarded = 0;

  constructor(services: ExecutorServices, links: LinkSource<WasmLink>) {
    this.#services = services;
    this.#links = links;
    this.#runtime = new WasmRuntime(services);
  }

  createLink(rip: number): WasmLink {
    return new WasmLink(rip);
  }

  compile(regions: readonly Region[]): CompiledUnits | null {
    const stored: StoredModule = {
      compiled: compileRegions(regions),
      pieces: piecesOf(regions, this.#services.space),
      module: null,
    };
    const units = this.#load(stored);
    if (units !== null) this.#services.codeStore?.add(stored);
    return units;
  }

  reuse(rip: number, isUsable: (unit: CodeUnit) => boolean): CompiledUnits | null {
    const stored = this.#services.codeStore?.find(rip, isUsable);
    return stored === undefined || stored === null ? null : this.#load(stored);
  }

  #load(stored: StoredModule): CompiledUnits | null {
    const { compiled, pieces } = stored;
    const module = this.#runtime.load(stored);
    if (module === null) return null;
    const unit: WasmUnit = { entries: compiled.entries, pieces, module };
    compiled.links.forEach((rip, i) => this.#alias(rip, module.base + compiled.entries.length + i));
    return { units: [unit], size: compiled.bytes.length };
  }

  #alias(rip: number, slot: number): void {
    const link = this.#links.linkTo(rip);
    link.aliases.add(slot);
    if (link.slot !== 0) this.#runtime.copy(link.slot, slot);
  }

  link({ entries, module }: WasmUnit): void {
    entries.forEach((rip, i) => {
      const link = this.#links.linkTo(rip);
      link.slot = module.base + i;
      for (const alias of link.aliases) this.#runtime.copy(link.slot, alias);
      this.#runtime.remember(rip, link.slot);
    });
  }

  unlink({ entries, module }: WasmUnit): void {
    entries.forEach((rip, i) => {
      const link = this.#links.linkTo(rip);
      if (link.slot !== module.base + i) return;
      link.slot = 0;
      for (const alias of link.aliases) this.#runtime.copy(0, alias);
      this.#runtime.forget(rip);
    });
  }

  discard({ entries, module }: WasmUnit): void {
    const { base, compiled } = module;
    compiled.links.forEach((rip, i) => this.#links.linkTo(rip).aliases.delete(base + entries.length + i));
    this.#runtime.unload(module);
    this.#discarded++;
  }

  isReferenced({ aliases }: WasmLink): boolean {
    return aliases.size > 0;
  }

  isWornOut(): boolean {
    return this.#discarded >= MOST_DISCARDED;
  }

  renew(): void {
    this.#runtime = new WasmRuntime(this.#services);
    this.#discarded = 0;
  }

  refresh(): void {
    // Generated code sees the memory as it is.
  }

  enter(link: WasmLink, S: number): number {
    this.#runtime.remember(link.rip >>> 0, link.slot);
    return this.#runtime.enter(S, link.slot, link.rip);
  }
}
