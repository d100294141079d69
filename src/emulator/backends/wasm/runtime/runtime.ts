/** Generated code of one space: its table, the runtime module, and the modules that are loaded. */
import type { HelperPorts } from '../../../ir/helper-context.ts';
import type { AddressSpace } from '../../../memory/address-space.ts';
import type { CompiledModule } from '../compile.ts';
import { HOST, TABLE } from '../convention.ts';
import { COLD_SLOT, type HandOver } from './hand-over.ts';
import { runtimeModule } from './module.ts';
import { floatFunctions } from '../float-module.ts';
import { hostFloat, hostHelper } from '../host-functions.ts';
import { JumpCache, JUMPS_TO } from '../jump-cache.ts';
import { x87Functions } from '../x87/module.ts';
import { SlotAllocator } from './slot-allocator.ts';

export interface LoadedModule {
  readonly compiled: CompiledModule;
  /** Its regions, then its links. */
  readonly table: WebAssembly.Table;
  /** First of the slots that its regions have in the space's table. */
  readonly base: number;
}

/** A slot of a module's table that stands for a guest address elsewhere. */
export interface LinkSlot {
  readonly table: WebAssembly.Table;
  readonly index: number;
}

/** What is loaded; `module` is made at the first time. */
export interface ModuleSource {
  readonly compiled: CompiledModule;
  module: WebAssembly.Module | null;
}

export interface RuntimeServices {
  readonly space: AddressSpace;
  readonly ports: HelperPorts;
}

const INITIAL_SLOTS = 1024;
const STUB_SLOT = 0;

let sharedModule: WebAssembly.Module | null = null;

type Enter = (S: number, slot: number, rip: number) => number;

/** What the runtime module exports, for one space; without a table its ways to regions lead nowhere. */
export function runtimeExports(
  memory: WebAssembly.Memory,
  table = new WebAssembly.Table({ element: 'anyfunc', initial: 1 }),
): WebAssembly.Instance['exports'] {
  sharedModule ??= new WebAssembly.Module(runtimeModule());
  return new WebAssembly.Instance(sharedModule, { [HOST]: { memory, table } }).exports;
}

export class WasmRuntime {
  readonly #table: WebAssembly.Table;
  readonly #slots: SlotAllocator;
  readonly #services: RuntimeServices;
  readonly #imports: Record<string, WebAssembly.ImportValue>;
  readonly #stub: WebAssembly.ExportedFunction;
  readonly jumps: JumpCache;
  readonly handOver: HandOver;
  /** Runs the function in the slot: (S, slot, rip) → STOP or LEAVE. */
  readonly enter: Enter;

  constructor(services: RuntimeServices) {
    this.#services = services;
    const { memory } = services.space;
    this.#table = new WebAssembly.Table({ element: 'anyfunc', initial: INITIAL_SLOTS });
    const exports = runtimeExports(memory, this.#table);
    this.#stub = exports['stub'] as WebAssembly.ExportedFunction;
    this.enter = exports['enter'] as Enter;
    const float = hostFloat(services.space);
    const functions = { ...exports, ...floatFunctions(memory, float) };
    this.#imports = { memory, helper: hostHelper(services.space, services.ports), float, ...functions };
    this.#table.set(STUB_SLOT, this.#stub);
    this.#slots = new SlotAllocator(COLD_SLOT + 1);
    this.jumps = new JumpCache(services.space, JUMPS_TO.regions);
    this.handOver = {
      arrive: exports['arrive'] as WebAssembly.ExportedFunction,
      connect: (enterCold) => this.#table.set(COLD_SLOT, enterCold),
    };
  }

  /**
   * Compiles and instantiates; links lead to the stub.
   * @returns null when the host refuses
   */
  load(source: ModuleSource): LoadedModule | null {
    const { compiled } = source;
    try {
      source.module ??= new WebAssembly.Module(compiled.bytes);
      const { space, ports } = this.#services;
      const { exports } = new WebAssembly.Instance(source.module, {
        [HOST]: this.#imports,
        get x87() {
          return x87Functions(space, ports);
        },
      });
      const base = this.#slots.allocate(compiled.entries.length);
      this.#ensureSlots(base + compiled.entries.length);
      return { compiled, table: exports[TABLE] as WebAssembly.Table, base };
    } catch {
      // Out of memory, or more than the host bears: the code stays cold (counted as modulesRefused).
      return null;
    }
  }

  /** The module's region can be entered by its slot, which is returned. */
  publish({ table, base }: LoadedModule, region: number): number {
    this.#table.set(base + region, table.get(region));
    return base + region;
  }

  /** Frees the slots. The module must not be linked. */
  unload({ base, compiled }: LoadedModule): void {
    const count = compiled.entries.length;
    for (let i = 0; i < count; i++) this.#table.set(base + i, null);
    this.#slots.free(base, count);
  }

  #ensureSlots(count: number): void {
    const missing = count - this.#table.length;
    if (missing > 0) this.#table.grow(Math.max(missing, this.#table.length));
  }

  /** Makes a module's link lead to a region of the space, or to the stub. */
  connect(link: LinkSlot, slot: number): void {
    link.table.set(link.index, this.#table.get(slot));
  }
}
