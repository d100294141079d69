/** The x87 routines as a module of their own, which all generated code of a space shares. */
import type { HelperPorts } from '../../../ir/helper-context.ts';
import type { AddressSpace } from '../../../memory/address-space.ts';
import { assert } from '../../../util/assert.ts';
import { assemble } from '../encoder/assembly.ts';
import { ModuleWriter } from '../encoder/module-writer.ts';
import { type HostHelper, hostHelper } from '../host-functions.ts';
import { isTwin, X87_ROUTINES } from './routines.ts';

let shared: WebAssembly.Module | null = null;

/** The routines on a memory. `helper` does what they leave. */
export function instantiateX87(memory: WebAssembly.Memory, helper: HostHelper): WebAssembly.Instance['exports'] {
  shared ??= new WebAssembly.Module(moduleBytes());
  return new WebAssembly.Instance(shared, { host: { memory, helper } }).exports;
}

const instances = new WeakMap<AddressSpace, WebAssembly.Instance['exports']>();

/** The routines of a space, made when they are first asked for. */
export function x87Functions(space: AddressSpace, ports: HelperPorts): WebAssembly.Instance['exports'] {
  let functions = instances.get(space);
  if (functions === undefined) {
    functions = instantiateX87(space.memory, hostHelper(space, ports));
    instances.set(space, functions);
  }
  return functions;
}

function moduleBytes(): Uint8Array<ArrayBuffer> {
  const module = new ModuleWriter();
  const type = module.type(['i32', 'i32', 'i32', 'i32'], ['i32']);
  const indices = new Map([['helper', module.importFunction('host', 'helper', type)]]);
  module.importMemory('host', 'memory');
  const indexOf = (callee: string): number => indices.get(callee) ?? assert(false, `wasm: no routine ${callee}`) ?? 0;
  for (const [name, routine] of X87_ROUTINES) {
    const index = module.declare(module.type(Object.values(routine.parameters), routine.results));
    indices.set(name, index);
    module.define(index, assemble(routine, indexOf));
    if (isTwin(name)) module.export(name, index);
  }
  return module.bytes();
}
