/**
 * Functions written by hand, as text: WebAssembly's instructions in postfix order, with names for locals.
 *
 *   assemble({
 *     parameters: { a: 'f64', b: 'f64' }, results: ['f64'], locals: { r: 'f64' },
 *     body: 'a b f64.add =r  r r f64.ne if  a return end  r',
 *   }, indexOf)
 *
 *   name          the local; =name sets it, :name sets it and keeps the value
 *   12 0x7ff -1   i32 constants; i64:12 f64:0.5 f32:1 constants of the other types
 *   i32.load@156  loads and stores with their offset; lane instructions as f64x2.extract_lane@1
 *   if else end block:x loop:x br:x br_if:x return      `if` gives nothing; labels are named
 *   call:name     another function
 */
import type { ValueType } from '../../../ir/op-spec.ts';
import { assert } from '../../../util/assert.ts';
import { CodeWriter, type FunctionBody, type Label } from './code-writer.ts';
import { OPCODE, type Opcode } from './opcodes.ts';

export interface Routine {
  readonly parameters: Readonly<Record<string, ValueType>>;
  readonly results: readonly ValueType[];
  readonly locals?: Readonly<Record<string, ValueType>>;
  readonly body: string;
}

/** @param indexOf the index of a function that the routine calls. */
export function assemble(routine: Routine, indexOf: (name: string) => number): FunctionBody {
  const code = new CodeWriter(Object.values(routine.parameters));
  const locals = new Map(Object.keys(routine.parameters).map((name, i) => [name, i]));
  for (const [name, type] of Object.entries(routine.locals ?? {})) locals.set(name, code.newLocal(type));
  const assembler = new Assembler(code, locals, indexOf);
  for (const word of routine.body.trim().split(/\s+/)) assembler.write(word);
  return code.finish();
}

class Assembler {
  readonly #code: CodeWriter;
  readonly #locals: ReadonlyMap<string, number>;
  readonly #indexOf: (name: string) => number;
  readonly #labels = new Map<string, Label>();

  constructor(code: CodeWriter, locals: ReadonlyMap<string, number>, indexOf: (name: string) => number) {
    this.#code = code;
    this.#locals = locals;
    this.#indexOf = indexOf;
  }

  write(word: string): void {
    const local = this.#locals.get(word);
    if (local !== undefined) return this.#code.localGet(local);
    if (word.startsWith('=')) return this.#code.localSet(this.#localOf(word.slice(1)));
    if (word.startsWith(':')) return this.#code.localTee(this.#localOf(word.slice(1)));
    if (/^-?\d/.test(word)) return this.#code.i32(Number(word) | 0);
    const [head = '', tail] = word.split(/[@:]/);
    if (tail === undefined) this.#plain(head);
    else this.#withArgument(head, tail, word.includes('@'));
  }

  #localOf(name: string): number {
    const local = this.#locals.get(name);
    assert(local !== undefined, `wasm: no local '${name}' in this routine`);
    return local;
  }

  #plain(name: string): void {
    if (name === 'if') this.#code.if();
    else if (name === 'else') this.#code.else();
    else if (name === 'end') this.#code.end();
    else if (name === 'memory.copy') this.#code.memoryCopy();
    else if (name === 'memory.fill') this.#code.memoryFill();
    else {
      assert(name in OPCODE, `wasm: no instruction '${name}'`);
      this.#code.op(name as Opcode);
    }
  }

  #withArgument(head: string, tail: string, isOffset: boolean): void {
    const code = this.#code;
    if (isOffset && head.endsWith('_lane')) return code.lane(head as Opcode, Number(tail));
    if (isOffset) return code.memory(head as Opcode, Number(tail));
    switch (head) {
      case 'i64': {
        const value = BigInt(tail);
        return code.i64(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
      }
      case 'f64':
        return code.f64(Number(tail));
      case 'f32':
        return code.f32(Number(tail));
      case 'block':
        return void this.#labels.set(tail, code.block());
      case 'loop':
        return void this.#labels.set(tail, code.loop());
      case 'br':
        return code.br(this.#labelOf(tail));
      case 'br_if':
        return code.brIf(this.#labelOf(tail));
      case 'call':
        return code.call(this.#indexOf(tail));
      default:
        assert(false, `wasm: no instruction '${head}:${tail}'`);
    }
  }

  #labelOf(name: string): Label {
    const label = this.#labels.get(name);
    assert(label !== undefined, `wasm: no label '${name}' in this routine`);
    return label;
  }
}
