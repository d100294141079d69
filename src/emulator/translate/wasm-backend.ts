/** Regions as WebAssembly functions that reach each other through their modules' tables. */
import { compileRegions } from '../backends/wasm/compile.ts';
import type { Region } from '../backends/region/region.ts';
import type { HandOver } from '../backends/wasm/runtime/hand-over.ts';
import { type LinkSlot, type LoadedModule, WasmRuntime } from '../backends/wasm/runtime/runtime.ts';
import type { ExecutorServices } from '../executor.ts';
import { CodeLink, type CodeUnit } from './code-link.ts';
import { piecesOf } from './code-pieces.ts';
import type { StoredModule } from './stored-module.ts';
import type { CompiledUnits, LinkSource, RegionBackend, RegionLimits } from './region-backend.ts';

/** What V8 keeps of a module and its instance however small it is, measured as resident memory of 20,000 of them. */
const MODULE_BYTES = 32_000;

export class WasmLink extends CodeLink {
  /** Slot of the region; 0, the stub's, while the block is cold. */
  slot = 0;
  /** Slots of other modules' tables that stand for this address. */
  readonly aliases = new Set<LinkSlot>();
}

/** A module: its functions call each other directly, so they come and go together. */
interface WasmUnit extends CodeUnit {
  readonly module: LoadedModule;
  /** What stands for addresses elsewhere, in the order of the module's links. */
  readonly links: readonly LinkSlot[];
}

export class WasmBackend implements RegionBackend<WasmLink> {
  // 64 blocks take 16 ms before V8 has optimised what writes them, 3 ms afterwards.
  readonly limits: RegionLimits = { maxBlocks: 64, maxInstructions: 600, joins: 'strings', batchBlocks: 64 };
  readonly #services: ExecutorServices;
  readonly #links: LinkSource<WasmLink>;
  readonly #runtime: WasmRuntime;

  constructor(services: ExecutorServices, links: LinkSource<WasmLink>) {
    this.#services = services;
    this.#links = links;
    this.#runtime = new WasmRuntime(services);
  }

  get handOver(): HandOver {
    return this.#runtime.handOver;
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
    const links = compiled.links.map((rip, i) => this.#alias(rip, module.table, compiled.entries.length + i));
    const unit: WasmUnit = { entries: compiled.entries, pieces, module, links };
    return { units: [unit], size: compiled.bytes.length, overhead: MODULE_BYTES };
  }

  #alias(rip: number, table: WebAssembly.Table, index: number): LinkSlot {
    const link = this.#links.linkTo(rip);
    const alias = { table, index };
    link.aliases.add(alias);
    if (link.slot !== 0) this.#runtime.connect(alias, link.slot);
    return alias;
  }

  link({ entries, module }: WasmUnit): void {
    entries.forEach((rip, i) => {
      const link = this.#links.linkTo(rip);
      link.slot = this.#runtime.publish(module, i);
      for (const alias of link.aliases) this.#runtime.connect(alias, link.slot);
      this.#runtime.jumps.remember(rip, link.slot);
    });
  }

  unlink({ entries, module }: WasmUnit): void {
    entries.forEach((rip, i) => {
      const link = this.#links.linkTo(rip);
      if (link.slot !== module.base + i) return;
      link.slot = 0;
      for (const alias of link.aliases) this.#runtime.connect(alias, 0);
      this.#runtime.jumps.forget(rip);
    });
  }

  discard({ module, links }: WasmUnit): void {
    module.compiled.links.forEach((rip, i) => this.#links.linkTo(rip).aliases.delete(links[i]));
    this.#runtime.unload(module);
  }

  isReferenced({ aliases }: WasmLink): boolean {
    return aliases.size > 0;
  }

  refresh(): void {
    // Generated code sees the memory as it is.
  }

  enter(link: WasmLink, S: number): number {
    this.#runtime.jumps.remember(link.rip >>> 0, link.slot);
    return this.#runtime.enter(S, link.slot, link.rip);
  }
}
