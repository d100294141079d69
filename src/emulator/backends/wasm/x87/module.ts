/** The x87 routines as modules, one for each that programs come to need: all of them are some 35 KB. */
import type { HelperPorts } from '../../../ir/helper-context.ts';
import type { AddressSpace } from '../../../memory/address-space.ts';
import { assemble } from '../encoder/assembly.ts';
import { ModuleWriter } from '../encoder/module-writer.ts';
import { type HostHelper, hostHelper } from '../host-functions.ts';
import { routineOf } from './routines.ts';

/** By name of the routine; all spaces share them. */
const modules = new Map<string, WebAssembly.Module>();

type Functions = WebAssembly.Instance['exports'];

/** The routines on a memory, each made when it is first read. `helper` does what they leave. */
export function x87On(memory: WebAssembly.Memory, helper: HostHelper): Functions {
  const made = new Map<string, Functions[string]>();
  const make = (name: string): Functions[string] => {
    let module = modules.get(name);
    if (module === undefined) modules.set(name, (module = new WebAssembly.Module(moduleBytes(name))));
    return new WebAssembly.Instance(module, { host: { memory, helper } }).exports[name];
  };
  return new Proxy<Functions>(
    {},
    {
      get(_, name: string) {
        if (!made.has(name)) made.set(name, make(name));
        return made.get(name);
      },
    },
  );
}

const spaces = new WeakMap<AddressSpace, Functions>();

/** The routines of a space. */
export function x87Functions(space: AddressSpace, ports: HelperPorts): Functions {
  let functions = spaces.get(space);
  if (functions === undefined) spaces.set(space, (functions = x87On(space.memory, hostHelper(space, ports))));
  return functions;
}

function moduleBytes(name: string): Uint8Array<ArrayBuffer> {
  const module = new ModuleWriter();
  const type = module.type(['i32', 'i32', 'i32', 'i32'], ['i32']);
  const indices = new Map([['helper', module.importFunction('host', 'helper', type)]]);
  module.importMemory('host', 'memory');
  const define = (routineName: string): number => {
    const known = indices.get(routineName);
    if (known !== undefined) return known;
    const routine = routineOf(routineName);
    const body = assemble(routine, define);
    const index = module.declare(module.type(Object.values(routine.parameters), routine.results));
    indices.set(routineName, index);
    module.define(index, body);
    return index;
  };
  module.export(name, define(name));
  return module.bytes();
}
