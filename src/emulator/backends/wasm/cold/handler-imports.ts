/** What every module of handlers imports. */
import { FLOAT_OPERATIONS } from '../../../ir/float-unit.ts';
import { assert } from '../../../util/assert.ts';
import type { ModuleWriter } from '../encoder/module-writer.ts';
import { HELPER_NAMES } from '../host-functions.ts';
import { importTwins, type TwinIndex } from '../x87/routines.ts';
import type { Handler } from './handler.ts';
import { RUNTIME_FUNCTIONS, type RuntimeFunction } from '../runtime-functions.ts';

export interface HandlerImports {
  /** (S, fuel, uop) → LEAVE. */
  readonly handlerType: number;
  /** (S, helper, first, second) → result. */
  readonly helper: number;
  /** (S, operation, MXCSR) → MXCSR. */
  readonly float: number;
  /** Global: the table slot of the module's first function. */
  readonly firstSlot: number;
  helperNumber(name: string): number;
  /** The routine that does a helper's work in WebAssembly, or -1. */
  readonly twin: TwinIndex;
  floatNumber(operation: string): number;
  runtime(name: RuntimeFunction): number;
}

const HELPER_NUMBER: ReadonlyMap<string, number> = new Map(HELPER_NAMES.map((name, i) => [name, i]));
const FLOAT_NUMBER: ReadonlyMap<string, number> = new Map(FLOAT_OPERATIONS.map((name, i) => [name, i]));

/** @param handlers that will be written into the module */
export function importAll(module: ModuleWriter, handlers: readonly Handler[] = []): HandlerImports {
  const i32 = 'i32' as const;
  const handlerType = module.type([i32, i32, i32], [i32]);
  const helper = module.importFunction('host', 'helper', module.type([i32, i32, i32, i32], [i32]));
  const float = module.importFunction('host', 'float', module.type([i32, i32, i32], [i32]));
  const runtime = new Map<string, number>();
  for (const [name, { parameters, results }] of Object.entries(RUNTIME_FUNCTIONS)) {
    runtime.set(name, module.importFunction('runtime', name, module.type(parameters, results)));
  }
  const twin = importTwins(module, handlers);
  module.importMemory('host', 'memory');
  module.importTable('host', 'handlers');
  const firstSlot = module.importGlobal('host', 'firstSlot', i32);
  return {
    handlerType,
    helper,
    twin,
    float,
    firstSlot,
    helperNumber: (name) => HELPER_NUMBER.get(name) ?? assert(false, `wasm: helper '${name}'`) ?? 0,
    floatNumber: (operation) =>
      FLOAT_NUMBER.get(operation) ?? assert(false, `wasm: float operation '${operation}'`) ?? 0,
    runtime: (name) => runtime.get(name) ?? 0,
  };
}
