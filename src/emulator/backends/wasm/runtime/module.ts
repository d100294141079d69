/**
 * The bytes of the runtime module: the way in (`enter`), the way out where no region is (`stub`), the way through the jump
 * cache (`jump`), and the functions of INTEGER_FUNCTIONS. The same for all spaces; made once.
 */
import type { ValueType } from '../../../ir/op-spec.ts';
import { STATE_OFFSET } from '../../../ir/state-layout.ts';
import { HOST, PASSED_REGISTERS, REGION_PARAMETERS, REGION_RESULTS } from '../convention.ts';
import { assert } from '../../../util/assert.ts';
import { assemble } from '../encoder/assembly.ts';
import { CodeWriter } from '../encoder/code-writer.ts';
import { ModuleWriter } from '../encoder/module-writer.ts';
import { writeDivision } from './division.ts';
import { writeArrive, writeJump, writeStub } from './hand-over.ts';
import { writeMultiplication } from './multiplication.ts';
import { writeStatusFlags } from './status-flags.ts';
import type { WriteBody } from './write-body.ts';
import { INTEGER_FUNCTIONS, type IntegerFunction } from '../runtime-functions.ts';
import { STRING_ROUTINES } from '../string-runtime.ts';

const BODIES: Readonly<Record<IntegerFunction, WriteBody>> = {
  ...writeMultiplication,
  ...writeDivision,
  statusFlags: writeStatusFlags,
};

/** Exports `enter(S, slot, rip) → STOP or LEAVE`, `stub`, `jump`, `arrive`, and each function of INTEGER_FUNCTIONS and STRING_FUNCTIONS. */
export function runtimeModule(): Uint8Array<ArrayBuffer> {
  const module = new ModuleWriter();
  const regionType = module.type(REGION_PARAMETERS, REGION_RESULTS);
  const handlerType = module.type(['i32', 'i32', 'i32'], ['i32']);
  module.importMemory(HOST, 'memory');
  module.importTable(HOST, 'table');
  const define = (
    name: string,
    parameters: readonly ValueType[],
    results: readonly ValueType[],
    write: WriteBody,
  ): void => {
    const code = new CodeWriter(parameters);
    write(code, (callee) => code.call(names.indexOf(callee)));
    const index = module.declare(module.type(parameters, results));
    module.define(index, code.finish());
    module.export(name, index);
  };
  const names = Object.keys(INTEGER_FUNCTIONS) as IntegerFunction[];
  for (const name of names)
    define(name, INTEGER_FUNCTIONS[name].parameters, INTEGER_FUNCTIONS[name].results, BODIES[name]);
  define('stub', REGION_PARAMETERS, REGION_RESULTS, (code) => writeStub(code, handlerType));
  define('jump', REGION_PARAMETERS, REGION_RESULTS, (code) => writeJump(code, regionType));
  define('arrive', ['i32', 'i32', 'i32'], ['i32'], (code) => writeArrive(code, regionType, handlerType));
  define('enter', ['i32', 'i32', 'i32'], ['i32'], (code) => writeEnter(code, regionType));
  for (const [name, routine] of Object.entries(STRING_ROUTINES)) {
    const index = module.declare(module.type(Object.values(routine.parameters), routine.results));
    module.define(
      index,
      assemble(routine, () => assert(false, 'wasm: strings call nothing') ?? 0),
    );
    module.export(name, index);
  }
  return module.bytes();
}

// (S, slot, rip): fuel and registers come from the state.
function writeEnter(code: CodeWriter, regionType: number): void {
  const load = (type: 'i32' | 'i64', offset: number): void => {
    code.localGet(0);
    code.memory(`${type}.load`, offset);
  };
  code.localGet(0);
  load('i32', STATE_OFFSET.fuel);
  code.localGet(2);
  for (const register of PASSED_REGISTERS) load('i64', STATE_OFFSET.gpr + 8 * register);
  code.localGet(1);
  code.callIndirect(regionType);
}
