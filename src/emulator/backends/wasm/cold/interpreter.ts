/** One space's instances of the interpreter's modules, and its table of handlers. */
import type { ExecutorServices } from '../../../executor.ts';
import { baseModule } from './base-module.ts';
import type { HandlerLibrary, HandlerModule } from './handlers.ts';
import { LEAVE, SLOT } from './layout.ts';
import { floatFunctions } from '../float-module.ts';
import { hostFloat, hostHelper } from '../host-functions.ts';
import type { HandOver } from '../runtime/hand-over.ts';
import { runtimeExports } from '../runtime/runtime.ts';
import { x87Functions } from '../x87/module.ts';

/** (S, fuel, block or micro-op) → LEAVE. */
type Way = (S: number, fuel: number, address: number) => number;

// Compiled when the first space needs it; all share it.
let base: WebAssembly.Module | null = null;

const emptyTable = (): WebAssembly.Table => new WebAssembly.Table({ element: 'anyfunc', initial: SLOT.firstHandler });

const notThere: Way = () => LEAVE.redispatch;

export class Interpreter {
  /** Runs the block at that address, and what follows. */
  enter: Way = notThere;
  /** Goes on at a micro-op; its block is paid for. */
  resume: Way = notThere;
  readonly #library: HandlerLibrary;
  readonly #services: ExecutorServices;
  readonly #imports: Record<'host' | 'runtime', Record<string, WebAssembly.ImportValue>>;
  #table = emptyTable();
  #handOver: HandOver | null = null;
  /** `enter` as the table takes it. */
  #way: WebAssembly.ExportedFunction | null = null;
  /** Those that have an instance here. */
  #modules: HandlerModule[] = [];

  constructor(services: ExecutorServices, library: HandlerLibrary) {
    this.#library = library;
    this.#services = services;
    const float = hostFloat(services.space);
    this.#imports = {
      host: {
        memory: services.space.memory,
        helper: hostHelper(services.space, services.ports),
        float,
      },
      runtime: { ...runtimeExports(services.space.memory), ...floatFunctions(services.space.memory, float) },
    };
    this.#begin();
  }

  /** A table with nothing but the base module: what was in the one before goes with it. */
  #begin(): void {
    base ??= new WebAssembly.Module(baseModule());
    this.#table = emptyTable();
    this.#modules = [];
    const { enter, resume } = this.#instantiate(base, SLOT.slow).exports;
    this.enter = enter as Way;
    this.resume = resume as Way;
    this.#way = enter as WebAssembly.ExportedFunction;
    this.#joinRegions();
  }

  /** Regions and micro-ops find each other from now on. */
  join(handOver: HandOver): void {
    this.#handOver = handOver;
    this.#joinRegions();
  }

  #joinRegions(): void {
    if (this.#handOver === null || this.#way === null) return;
    this.#table.set(SLOT.gone, this.#handOver.arrive);
    this.#handOver.connect(this.#way);
  }

  /** Instantiates what the library has compiled since. To be called from outside. @returns whether there was something. */
  update(): boolean {
    const { modules } = this.#library;
    if (this.#modules.at(-1) === modules.at(-1)) return false;
    if (this.#modules.some((module, i) => module !== modules[i])) this.#begin();
    for (const one of modules.slice(this.#modules.length)) {
      this.#table.grow(one.firstSlot + one.count - this.#table.length);
      this.#instantiate(one.module, one.firstSlot);
      this.#modules.push(one);
    }
    return true;
  }

  #instantiate(module: WebAssembly.Module, firstSlot: number): WebAssembly.Instance {
    const global = new WebAssembly.Global({ value: 'i32' }, firstSlot);
    const { space, ports } = this.#services;
    return new WebAssembly.Instance(module, {
      host: { ...this.#imports.host, handlers: this.#table, firstSlot: global },
      runtime: this.#imports.runtime,
      get x87() {
        return x87Functions(space, ports);
      },
    });
  }
}
