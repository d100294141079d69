/** The functions of float-runtime.ts as a module of their own, which all generated code of a space shares. */
import { STATE_OFFSET, VARIABLE } from '../../ir/state-layout.ts';
import { assert } from '../../util/assert.ts';
import { assemble } from './encoder/assembly.ts';
import type { CodeWriter } from './encoder/code-writer.ts';
import { ModuleWriter } from './encoder/module-writer.ts';
import { FLOAT_FUNCTIONS, FLOAT_ROUTINES, USUAL_MXCSR } from './float-runtime.ts';

/** The host's soft float: (S, operation, MXCSR) → MXCSR, operands and result in the scratch area (ir-writer.ts). */
export type HostFloat = (S: number, operation: number, mxcsr: number) => number;

let shared: WebAssembly.Module | null = null;

/** The functions of FLOAT_FUNCTIONS on a space's memory. */
export function floatFunctions(memory: WebAssembly.Memory, float: HostFloat): WebAssembly.Instance['exports'] {
  shared ??= new WebAssembly.Module(moduleBytes());
  return new WebAssembly.Instance(shared, { host: { memory, float } }).exports;
}

function moduleBytes(): Uint8Array<ArrayBuffer> {
  const module = new ModuleWriter();
  const hostType = module.type(['i32', 'i32', 'i32'], ['i32']);
  const indices = new Map([['float', module.importFunction('host', 'float', hostType)]]);
  module.importMemory('host', 'memory');
  for (const [name, routine] of FLOAT_ROUTINES) {
    const index = module.declare(module.type(Object.values(routine.parameters), routine.results));
    indices.set(name, index);
    const indexOf = (callee: string): number => indices.get(callee) ?? assert(false, `wasm: no routine ${callee}`) ?? 0;
    module.define(index, assemble(routine, indexOf));
    if (name in FLOAT_FUNCTIONS) module.export(name, index);
  }
  return module.bytes();
}

/** Pushes what the bar is when nothing is noted of any value: 0, or -1 where the MXCSR in the state at local S is not usual. */
export function pushFreshBar(code: CodeWriter, S: number): void {
  code.i32(0);
  code.localGet(S);
  code.memory('i32.load', STATE_OFFSET.mxcsr);
  code.i32(USUAL_MXCSR.mask);
  code.op('i32.and');
  code.i32(USUAL_MXCSR.value);
  code.op('i32.ne');
  code.op('i32.sub');
}

/** Whether writing the variable ends what is known of floats. */
export function endsFloatNotes(variable: number): boolean {
  return variable === VARIABLE.mxcsr;
}
