/** The interpreter's first module: the ways in, and the two handlers that leave. */
import type { ValueType } from '../../../ir/op-spec.ts';
import { CodeWriter, type FunctionBody } from '../encoder/code-writer.ts';
import { ModuleWriter } from '../encoder/module-writer.ts';
import { enterBlock, leave } from './handler-exits.ts';
import { importAll } from './handler-imports.ts';
import { BLOCK, LEAVE, MICRO_OP, WORD } from './layout.ts';

const S = 0;
const FUEL = 1;
const UOP = 2;
const PARAMETERS: readonly ValueType[] = ['i32', 'i32', 'i32'];

/**
 * Exports enter(S, fuel, block) and resume(S, fuel, micro-op); slots 0 and 1 of the table are SLOT.slow and SLOT.gone.
 * All give LEAVE.
 */
export function baseModule(): Uint8Array<ArrayBuffer> {
  const writer = new ModuleWriter();
  const imports = importAll(writer);
  const add = (body: FunctionBody): number => {
    const index = writer.declare(imports.handlerType);
    writer.define(index, body);
    return index;
  };
  const slots = [add(slow()), add(gone())];
  writer.fillTable(imports.firstSlot, slots);
  writer.export('enter', add(enter(imports.handlerType)));
  writer.export('resume', add(resume(imports.handlerType)));
  return writer.bytes();
}

function slow(): FunctionBody {
  const code = new CodeWriter(PARAMETERS);
  code.localGet(S);
  code.localGet(UOP);
  code.memory('i32.store', WORD.from);
  giveBack(code, 'i32.load8_u', MICRO_OP.retired);
  leave(code, LEAVE.slow, () => {
    code.localGet(UOP);
    code.memory('i64.load32_u', MICRO_OP.rip);
  });
  return code.finish();
}

/** The block's cost was paid when it was entered. */
function gone(): FunctionBody {
  const code = new CodeWriter(PARAMETERS);
  code.localGet(UOP);
  code.i32(BLOCK.code);
  code.op('i32.sub');
  code.localSet(UOP);
  giveBack(code, 'i32.load', BLOCK.cost);
  leave(code, LEAVE.redispatch, () => {
    code.localGet(UOP);
    code.memory('i64.load32_u', BLOCK.rip);
  });
  return code.finish();
}

/** Fuel gets back what the field at UOP says. */
function giveBack(code: CodeWriter, load: 'i32.load' | 'i32.load8_u', offset: number): void {
  code.localGet(FUEL);
  code.localGet(UOP);
  code.memory(load, offset);
  code.op('i32.add');
  code.localSet(FUEL);
}

function enter(type: number): FunctionBody {
  const code = new CodeWriter(PARAMETERS);
  code.localGet(UOP);
  enterBlock(code, type);
  return code.finish();
}

function resume(type: number): FunctionBody {
  const code = new CodeWriter(PARAMETERS);
  for (const parameter of [S, FUEL, UOP, UOP]) code.localGet(parameter);
  code.memory('i32.load16_u', MICRO_OP.slot);
  code.returnCallIndirect(type);
  return code.finish();
}
