import { describe, expect, it } from 'vitest';
import { CodeWriter } from './code-writer.ts';
import { ModuleWriter } from './module-writer.ts';
import { OPCODE, type Opcode } from './opcodes.ts';
import { functionText } from './wat.ts';

/** f(i32) → the low and high half of a constant. */
function constantHalf(low: number, high: number, isHigh: boolean): number {
  const module = new ModuleWriter();
  const type = module.type([], ['i32']);
  const code = new CodeWriter([]);
  code.i64(low, high);
  code.i64(isHigh ? 32 : 0);
  code.op('i64.shr_u');
  code.op('i32.wrap_i64');
  const f = module.declare(type);
  module.define(f, code.finish());
  module.export('f', f);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()));
  return (instance.exports['f'] as () => number)();
}

/** 1 + 2 + … + n by a loop with a hinted way out. */
function sumWriter(): CodeWriter {
  const code = new CodeWriter(['i32']);
  const sum = code.newLocal('i32');
  const done = code.block();
  const again = code.loop();
  code.localGet(0);
  code.op('i32.eqz');
  code.brIf(done, 'unlikely');
  code.localGet(sum);
  code.localGet(0);
  code.op('i32.add');
  code.localSet(sum);
  code.localGet(0);
  code.i32(1);
  code.op('i32.sub');
  code.localSet(0);
  code.br(again);
  code.end();
  code.end();
  code.localGet(sum);
  return code;
}

describe('WebAssembly encoder', () => {
  it.each([
    [0, 0], [63, 0], [64, 0], [-64, -1], [-65, -1], [-1, 0], [0, -1], [0x7fffffff, 0], [-0x80000000, -1],
    [-0x80000000, 0], [5, 0x7fffffff], [0, -0x80000000], [-1, -1],
  ])('the constant %i, %i comes back in halves', (low, high) => {
    expect(constantHalf(low, high, false)).toBe(low);
    expect(constantHalf(low, high, true)).toBe(high);
  }); // oxfmt-ignore

  it('a loop with a branch hint runs, and the hint names its br_if', () => {
    const module = new ModuleWriter();
    const f = module.declare(module.type(['i32'], ['i32']));
    const body = sumWriter().finish();
    module.define(f, body);
    module.export('sum', f);
    const compiled = new WebAssembly.Module(module.bytes());
    const { exports } = new WebAssembly.Instance(compiled);
    expect((exports['sum'] as (n: number) => number)(10)).toBe(55);
    expect(body.hints).toHaveLength(1);
    expect(body.bytes[body.hints[0].offset]).toBe(OPCODE.br_if);
    expect(WebAssembly.Module.customSections(compiled, 'metadata.code.branch_hint')).toHaveLength(1);
  });

  it('text of a function', () => {
    expect(functionText(sumWriter().finish().bytes)).toMatchInlineSnapshot(`
      "locals 1 i32
        block
          loop
            local.get 0
            i32.eqz
            br_if 1
            local.get 1
            local.get 0
            i32.add
            local.set 1
            local.get 0
            i32.const 1
            i32.sub
            local.set 0
            br 0
          end
        end
        local.get 1
      "
    `);
  });

  it('functions are placed into the imported table from the slot that the global says', () => {
    const module = new ModuleWriter();
    const type = module.type([], ['i32']);
    const answer = module.importFunction('host', 'answer', type);
    module.importMemory('host', 'memory');
    module.importTable('host', 'table');
    const base = module.importGlobal('host', 'base', 'i32');
    const f = module.declare(type);
    const code = new CodeWriter([]);
    code.call(answer);
    module.define(f, code.finish());
    module.fillTable(base, [f]);
    const table = new WebAssembly.Table({ element: 'anyfunc', initial: 4 });
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
    const host = { answer: () => 42, memory, table, base: new WebAssembly.Global({ value: 'i32' }, 3) };
    void new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), { host });
    expect((table.get(3) as () => number)()).toBe(42);
    expect(table.get(2)).toBeNull();
  });

  it('a branch to a closed block and a block left open are errors', () => {
    const code = new CodeWriter([]);
    const label = code.block();
    code.end();
    expect(() => code.br(label)).toThrow('not open');
    code.loop();
    expect(() => code.finish()).toThrow('still open');
  });

  it('a released local is used again, for its type only', () => {
    const code = new CodeWriter(['i64']);
    const first = code.newLocal('i32');
    code.release(first);
    expect(code.newLocal('i64')).not.toBe(first);
    expect(code.newLocal('i32')).toBe(first);
  });

  it('no two instructions have one code', () => {
    const codes = (Object.keys(OPCODE) as Opcode[]).map((name) => OPCODE[name]);
    expect(new Set(codes).size).toBe(codes.length);
  });
});
