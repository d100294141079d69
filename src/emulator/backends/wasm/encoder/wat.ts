/** A function's bytes as indented text, one instruction per line, for golden files. */
import { OPCODE } from './opcodes.ts';

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(OPCODE).map(([name, code]) => [code, name]));
const TYPE_NAMES: Readonly<Record<number, string>> = {
  0x7f: 'i32',
  0x7e: 'i64',
  0x7d: 'f32',
  0x7c: 'f64',
  0x7b: 'v128',
};

/** @param bytes a FunctionBody's: declarations of locals, then instructions. */
export function functionText(bytes: Uint8Array): string {
  const reader = new Reader(bytes);
  const lines = [`locals ${localsText(reader)}`];
  let indent = 1;
  while (!reader.isAtEnd) {
    const name = instructionName(reader);
    if (name === 'end' || name === 'else') indent--;
    if (reader.isAtEnd) break; // the end of the function itself
    lines.push(`${'  '.repeat(indent)}${name}${immediates(name, reader)}`);
    if (name === 'block' || name === 'loop' || name === 'if' || name === 'else') indent++;
  }
  return `${lines.join('\n')}\n`;
}

function localsText(reader: Reader): string {
  const runs = Array.from({ length: reader.u32() }, () => `${reader.u32()} ${TYPE_NAMES[reader.u8()]}`);
  return runs.join(', ');
}

function instructionName(reader: Reader): string {
  const first = reader.u8();
  const code = first === 0xfc || first === 0xfd ? (first << 8) | reader.u32() : first;
  return NAMES.get(code) ?? `?${code.toString(16)}`;
}

function immediates(name: string, reader: Reader): string {
  switch (name) {
    case 'block':
    case 'loop':
    case 'if': {
      const type = TYPE_NAMES[reader.u8()];
      return type === undefined ? '' : ` ${type}`;
    }
    case 'br_table':
      return Array.from({ length: reader.u32() + 1 }, () => ` ${reader.u32()}`).join('');
    case 'i32.const':
    case 'i64.const':
      return ` ${reader.signed()}`;
    case 'f32.const':
      return ` ${reader.float(4)}`;
    case 'f64.const':
      return ` ${reader.float(8)}`;
    case 'v128.const':
    case 'i8x16.shuffle':
      return ` ${Array.from({ length: 16 }, () => reader.u8().toString(16).padStart(2, '0')).join(' ')}`;
    case 'call_indirect':
    case 'return_call_indirect': {
      const type = reader.u32();
      reader.u32();
      return ` type ${type}`;
    }
    case 'memory.copy':
      reader.u8();
      reader.u8();
      return '';
    case 'memory.fill':
      reader.u8();
      return '';
    default:
  }
  if (name.startsWith('local.') || name.startsWith('global.') || /^(br|br_if|call|return_call)$/.test(name)) {
    return ` ${reader.u32()}`;
  }
  if (/_lane/.test(name) && !name.startsWith('v128')) return ` ${reader.u8()}`;
  if (!/\.(load|store)/.test(name)) return '';
  reader.u8();
  const offset = reader.u32();
  const lane = name.endsWith('lane') ? ` lane ${reader.u8()}` : '';
  return `${offset === 0 ? '' : ` +${offset}`}${lane}`;
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  u8(): number {
    return this.#bytes[this.#at++];
  }

  u32(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.u8();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  signed(): string {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return String(BigInt.asIntN(Number(shift) + 7, value));
    }
  }

  float(sizeBytes: 4 | 8): string {
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, sizeBytes);
    this.#at += sizeBytes;
    return String(sizeBytes === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true));
  }
}
