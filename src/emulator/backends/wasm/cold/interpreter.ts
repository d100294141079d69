/** One space's instances of the interpreter's modules, and its table of handlers. */
import type { ExecutorServices } from '../../../executor.ts';
import { FLOAT_OPERATIONS, type FloatOutcome, runFloat } from '../../../ir/float-unit.ts';
import { HELPERS } from '../../../ir/helpers.ts';
import { STATE_OFFSET } from '../../../ir/state-layout.ts';
import { assert } from '../../../util/assert.ts';
import { baseModule } from './base-module.ts';
import { HELPER_NAMES } from './handler-imports.ts';
import type { HandlerLibrary } from './handlers.ts';
import { SLOT } from './layout.ts';
import { floatFunctions } from '../float-module.ts';
import { runtimeExports } from '../runtime/runtime.ts';

/** (S, fuel, block or micro-op) → LEAVE. */
type Way = (S: number, fuel: number, address: number) => number;

// Compiled when the first space needs it; all share it.
let base: WebAssembly.Module | null = null;

export class Interpreter {
  /** Runs the block at that address, and what follows. */
  readonly enter: Way;
  /** Goes on at a micro-op; its block is paid for. */
  readonly resume: Way;
  readonly #library: HandlerLibrary;
  readonly #table = new WebAssembly.Table({ element: 'anyfunc', initial: SLOT.firstHandler });
  readonly #imports: Record<string, Record<string, WebAssembly.ImportValue>>;
  #modules = 0;

  constructor(services: ExecutorServices, library: HandlerLibrary) {
    this.#library = library;
    const float = floatCaller(services);
    this.#imports = {
      host: {
        memory: services.space.memory,
        handlers: this.#table,
        helper: helperCaller(services),
        float,
      },
      runtime: { ...runtimeExports(services.space.memory), ...floatFunctions(services.space.memory, float) },
    };
    base ??= new WebAssembly.Module(baseModule());
    const { enter, resume } = this.#instantiate(base, SLOT.slow).exports;
    this.enter = enter as Way;
    this.resume = resume as Way;
  }

  /** Instantiates what the library has compiled since. @returns whether there was something. */
  update(): boolean {
    const { modules } = this.#library;
    if (this.#modules === modules.length) return false;
    while (this.#modules < modules.length) {
      const { module, firstSlot, count } = modules[this.#modules++];
      this.#table.grow(firstSlot + count - this.#table.length);
      this.#instantiate(module, firstSlot);
    }
    return true;
  }

  #instantiate(module: WebAssembly.Module, firstSlot: number): WebAssembly.Instance {
    const global = new WebAssembly.Global({ value: 'i32' }, firstSlot);
    return new WebAssembly.Instance(module, {
      ...this.#imports,
      host: { ...this.#imports['host'], firstSlot: global },
    });
  }
}

/** Operands and result in the scratch area, as IrWriter.callFloat says. */
function floatCaller({ space }: ExecutorServices): (S: number, operation: number, mxcsr: number) => number {
  const outcome: FloatOutcome = { mxcsr: 0, isTrapped: false };
  return (S, operation, mxcsr) => {
    const { i32 } = space;
    const at = (S + STATE_OFFSET.scratch) >> 2;
    const [a, b] = [i32.slice(at, at + 4), i32.slice(at + 4, at + 8)];
    i32.set(runFloat(FLOAT_OPERATIONS[operation], mxcsr, a, b, outcome), at);
    return outcome.isTrapped ? -1 : outcome.mxcsr;
  };
}

function helperCaller({ space, ports }: ExecutorServices): (S: number, n: number, a: number, b: number) => number {
  return (S, number, first, second) => {
    const helper = HELPERS.get(HELPER_NAMES[number]);
    assert(helper !== undefined, `wasm: helper ${number}`);
    return helper({ space, state: S, ports }, first, second);
  };
}
