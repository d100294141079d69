/**
 * A compiled module as bytes, and its name.
 *
 *   magic  counts: entries, links, pieces, bytes of the module    entries  links    pieces          module   check
 *   u32    u32 × 4                                                 u32 …    u32 …    (rip, size) …   u8 …     u64
 *                                                                                    bytes of all
 *
 * All numbers little-endian. `check` is a hash of everything before it, so damage is found.
 */
import type { CompiledModule } from '../backends/wasm/compile.ts';
import type { CodeBytes } from '../memory/code-pages.ts';

/** Everything that a space needs to run the module. */
export interface StoredModule {
  readonly compiled: CompiledModule;
  readonly pieces: readonly CodeBytes[];
  /** Made at its first use here, then shared by all spaces. */
  module: WebAssembly.Module | null;
}

const MAGIC = 0x3157_434f; // 'OCW1'
const HEAD_BYTES = 20;
const CHECK_BYTES = 8;

/** Two lanes of 32-bit FNV-1a over the same bytes with different starts and primes: enough against accidents. */
class Hasher {
  #a = 0x811c_9dc5;
  #b = 0x1000_193;

  add(bytes: Uint8Array): this {
    let [a, b] = [this.#a, this.#b];
    for (let i = 0; i < bytes.length; i++) {
      a = Math.imul(a ^ bytes[i], 0x0100_0193);
      b = Math.imul((b ^ bytes[i]) + i, 0x85eb_ca6b);
      b ^= b >>> 13;
    }
    this.#a = a;
    this.#b = b;
    return this;
  }

  number(value: number): this {
    return this.add(Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24));
  }

  get words(): readonly [number, number] {
    return [this.#a >>> 0, this.#b >>> 0];
  }
}

/** The name of a module: where its entries lie, and what code it was made from. */
export function moduleKey({ compiled, pieces }: Pick<StoredModule, 'compiled' | 'pieces'>): string {
  const hasher = new Hasher();
  for (const rip of compiled.entries) hasher.number(rip);
  for (const { rip, bytes } of pieces) hasher.number(rip).number(bytes.length).add(bytes);
  return hasher.words.map((word) => word.toString(16).padStart(8, '0')).join('');
}

export function encodeModule({ compiled, pieces }: StoredModule): Uint8Array<ArrayBuffer> {
  const { entries, links, bytes: code } = compiled;
  const numbers = [
    MAGIC,
    entries.length,
    links.length,
    pieces.length,
    code.length,
    ...entries,
    ...links,
    ...pieces.flatMap(({ rip, bytes }) => [rip, bytes.length]),
  ];
  const piecesBytes = pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const all = new Uint8Array(numbers.length * 4 + piecesBytes + code.length + CHECK_BYTES);
  const view = new DataView(all.buffer);
  numbers.forEach((value, i) => view.setUint32(i * 4, value, true));
  let at = numbers.length * 4;
  for (const { bytes } of [...pieces, { bytes: code }]) {
    all.set(bytes, at);
    at += bytes.length;
  }
  new Hasher().add(all.subarray(0, at)).words.forEach((word, i) => view.setUint32(at + 4 * i, word, true));
  return all;
}

/** Guest addresses of the regions, without a look at the rest; null when the bytes are not a module. */
export function entriesOf(all: Uint8Array<ArrayBuffer>): readonly number[] | null {
  if (all.length < HEAD_BYTES) return null;
  const view = new DataView(all.buffer, all.byteOffset, all.byteLength);
  const count = view.getUint32(4, true);
  if (view.getUint32(0, true) !== MAGIC || HEAD_BYTES + count * 4 > all.length) return null;
  return Array.from({ length: count }, (_, i) => view.getUint32(HEAD_BYTES + i * 4, true));
}

/** @returns null when the bytes are damaged */
export function decodeModule(all: Uint8Array<ArrayBuffer>): StoredModule | null {
  const end = all.length - CHECK_BYTES;
  if (end < HEAD_BYTES) return null;
  const view = new DataView(all.buffer, all.byteOffset, all.byteLength);
  const word = (index: number): number => view.getUint32(index * 4, true);
  const check = new Hasher().add(all.subarray(0, end)).words;
  if (word(0) !== MAGIC || check.some((value, i) => view.getUint32(end + 4 * i, true) !== value)) return null;
  const [, entryCount, linkCount, pieceCount, codeBytes] = [0, 1, 2, 3, 4].map(word);
  let next = HEAD_BYTES / 4;
  const take = (count: number): number[] => Array.from({ length: count }, () => word(next++));
  const [entries, links] = [take(entryCount), take(linkCount)];
  const sizes = take(2 * pieceCount);
  let at = next * 4;
  const pieces: CodeBytes[] = [];
  for (let i = 0; i < sizes.length; i += 2) {
    pieces.push({ rip: sizes[i], bytes: all.subarray(at, at + sizes[i + 1]) });
    at += sizes[i + 1];
  }
  if (at + codeBytes !== end) return null;
  return { compiled: { entries, links, bytes: all.subarray(at, end) }, pieces, module: null };
}
