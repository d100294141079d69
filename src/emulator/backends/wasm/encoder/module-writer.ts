/**
 * Puts functions together to a module's bytes (WebAssembly core specification 5.5, and the branch hinting proposal's
 * custom section).
 *
 *   const module = new ModuleWriter();
 *   const type = module.type(['i32'], ['i32']);
 *   const helper = module.importFunction('host', 'helper', type);     // imports come before own functions
 *   module.importMemory('host', 'memory');
 *   const f = module.declare(type);                                   // the index may be called before it has a body
 *   module.define(f, code.finish());
 *   module.export('f', f);
 *   new WebAssembly.Module(module.bytes());
 */
import type { ValueType } from '../../../ir/op-spec.ts';
import { assert } from '../../../util/assert.ts';
import { ByteBuffer } from './byte-buffer.ts';
import { type FunctionBody, TYPE_CODE } from './code-writer.ts';
import { OPCODE } from './opcodes.ts';

const SECTION = { custom: 0, type: 1, import: 2, function: 3, table: 4, export: 7, element: 9, code: 10 } as const;
const KIND = { function: 0, table: 1, memory: 2, global: 3 } as const;
const FUNCREF = 0x70;
const FUNCTION_TYPE = 0x60;
const HINT_SECTION = 'metadata.code.branch_hint';
/** The most pages a memory may have; what AddressSpace asks for. */
const MEMORY_MAXIMUM = 0x1_0000;

export class ModuleWriter {
  readonly #types: string[] = [];
  readonly #typeBytes = new ByteBuffer();
  readonly #imports = new ByteBuffer();
  #importCount = 0;
  #importedFunctions = 0;
  #importedGlobals = 0;
  readonly #functions: { readonly type: number; body: FunctionBody | null }[] = [];
  readonly #exports = new ByteBuffer();
  #exportCount = 0;
  /** `global` says the first slot; null: the table is the module's own, and has just these. */
  #element: { readonly global: number | null; readonly functions: readonly number[] } | null = null;

  /** The index of a function type; the same for the same types. */
  type(parameters: readonly ValueType[], results: readonly ValueType[]): number {
    const key = `${parameters.join()}>${results.join()}`;
    const known = this.#types.indexOf(key);
    if (known >= 0) return known;
    this.#typeBytes.u8(FUNCTION_TYPE);
    for (const list of [parameters, results]) {
      this.#typeBytes.u32(list.length);
      for (const type of list) this.#typeBytes.u8(TYPE_CODE[type]);
    }
    return this.#types.push(key) - 1;
  }

  importFunction(module: string, name: string, type: number): number {
    assert(this.#functions.length === 0, 'wasm: imports come before own functions');
    this.#import(module, name, KIND.function);
    this.#imports.u32(type);
    return this.#importedFunctions++;
  }

  importMemory(module: string, name: string): void {
    this.#import(module, name, KIND.memory);
    this.#imports.u8(1);
    this.#imports.u32(0);
    this.#imports.u32(MEMORY_MAXIMUM);
  }

  importTable(module: string, name: string): void {
    this.#import(module, name, KIND.table);
    this.#imports.u8(FUNCREF);
    this.#imports.u8(0);
    this.#imports.u32(0);
  }

  importGlobal(module: string, name: string, type: ValueType, isMutable = false): number {
    this.#import(module, name, KIND.global);
    this.#imports.u8(TYPE_CODE[type]);
    this.#imports.u8(isMutable ? 1 : 0);
    return this.#importedGlobals++;
  }

  #import(module: string, name: string, kind: number): void {
    this.#imports.name(module);
    this.#imports.name(name);
    this.#imports.u8(kind);
    this.#importCount++;
  }

  /** A function of this module; its body may follow. */
  declare(type: number): number {
    return this.#importedFunctions + this.#functions.push({ type, body: null }) - 1;
  }

  define(index: number, body: FunctionBody): void {
    this.#functions[index - this.#importedFunctions].body = body;
  }

  export(name: string, index: number): void {
    this.#export(name, KIND.function, index);
  }

  #export(name: string, kind: number, index: number): void {
    this.#exports.name(name);
    this.#exports.u8(kind);
    this.#exports.u32(index);
    this.#exportCount++;
  }

  /** The module has a table of its own with these functions, own and imported ones, and exports it. */
  ownTable(name: string, functions: readonly number[]): void {
    this.#element = { global: null, functions };
    this.#export(name, KIND.table, 0);
  }

  /** On instantiation the functions go into the imported table, from the slot that the imported global says. */
  fillTable(global: number, functions: readonly number[]): void {
    this.#element = { global, functions };
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const out = new ByteBuffer(4096);
    out.append(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    section(out, SECTION.type, (to) => {
      to.u32(this.#types.length);
      to.append(this.#typeBytes.view());
    });
    section(out, SECTION.import, (to) => {
      to.u32(this.#importCount);
      to.append(this.#imports.view());
    });
    section(out, SECTION.function, (to) => {
      to.u32(this.#functions.length);
      for (const { type } of this.#functions) to.u32(type);
    });
    this.#writeTable(out);
    section(out, SECTION.export, (to) => {
      to.u32(this.#exportCount);
      to.append(this.#exports.view());
    });
    this.#writeElement(out);
    this.#writeHints(out);
    section(out, SECTION.code, (to) => this.#writeCode(to));
    return out.copy();
  }

  #writeTable(out: ByteBuffer): void {
    const element = this.#element;
    if (element === null || element.global !== null) return;
    section(out, SECTION.table, (to) => {
      to.u32(1);
      to.u8(FUNCREF);
      to.u8(1); // with a maximum
      to.u32(element.functions.length);
      to.u32(element.functions.length);
    });
  }

  #writeElement(out: ByteBuffer): void {
    const element = this.#element;
    if (element === null) return;
    section(out, SECTION.element, (to) => {
      to.u32(1);
      to.u32(0); // active, table 0
      if (element.global === null) to.append(Uint8Array.of(OPCODE['i32.const'], 0, OPCODE.end));
      else {
        to.u8(OPCODE['global.get']);
        to.u32(element.global);
        to.u8(OPCODE.end);
      }
      to.u32(element.functions.length);
      for (const index of element.functions) to.u32(index);
    });
  }

  // The section must stand before the code section.
  #writeHints(out: ByteBuffer): void {
    const hinted = this.#functions
      .map(({ body }, i) => ({ index: this.#importedFunctions + i, hints: body?.hints ?? [] }))
      .filter(({ hints }) => hints.length > 0);
    if (hinted.length === 0) return;
    section(out, SECTION.custom, (to) => {
      to.name(HINT_SECTION);
      to.u32(hinted.length);
      for (const { index, hints } of hinted) {
        to.u32(index);
        to.u32(hints.length);
        for (const { offset, isLikely } of hints) {
          to.u32(offset);
          to.u32(1);
          to.u8(isLikely ? 1 : 0);
        }
      }
    });
  }

  #writeCode(to: ByteBuffer): void {
    to.u32(this.#functions.length);
    for (const [i, { body }] of this.#functions.entries()) {
      assert(body !== null, `wasm: function ${i} has no body`);
      to.u32(body.bytes.length);
      to.append(body.bytes);
    }
  }
}

function section(out: ByteBuffer, id: number, write: (to: ByteBuffer) => void): void {
  const content = new ByteBuffer(1024);
  write(content);
  out.u8(id);
  out.u32(content.length);
  out.append(content.view());
}
