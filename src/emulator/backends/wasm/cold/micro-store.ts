/**
 * Blocks of micro-ops as some space of the machine wrote them, for spaces with the same code at the same address: the
 * second start of a program copies what the first one decoded. Nothing in a block depends on where it lies (layout.ts:
 * links are 0 before the first way through, handlers have the same slots everywhere).
 *
 * One arena; when it is full everything is forgotten. The latest block of an address is kept.
 *
 *   record   code bytes u32 | block bytes u32 | code, filled up to words | block
 */
import type { CodeBytes } from '../../../memory/code-pages.ts';

export interface KnownBlock {
  /** What it was decoded from. */
  readonly code: CodeBytes;
  /** The block with its head. */
  readonly words: Int32Array;
}

const LIMIT_WORDS = 4 << 20; // 16 MB: some fifty thousand blocks
const FIRST_WORDS = 1 << 16;
const HEAD_WORDS = 2;

export class MicroStore {
  #arena = new Int32Array(FIRST_WORDS);
  #used = 0;
  readonly #places = new Map<number, number>();
  #generation = 0;

  get count(): number {
    return this.#places.size;
  }

  /** Blocks name slots of handlers: where those are of another generation (HandlerLibrary), all blocks are forgotten. */
  of(generation: number): this {
    if (generation !== this.#generation) {
      this.#generation = generation;
      this.#places.clear();
      this.#used = 0;
    }
    return this;
  }

  find(rip: number): KnownBlock | null {
    const place = this.#places.get(rip);
    if (place === undefined) return null;
    const { buffer } = this.#arena;
    const [codeBytes, blockBytes] = [this.#arena[place], this.#arena[place + 1]];
    const codeAt = (place + HEAD_WORDS) * 4;
    const blockAt = codeAt + ((codeBytes + 3) & ~3);
    return {
      code: { rip, bytes: new Uint8Array(buffer, codeAt, codeBytes) },
      words: new Int32Array(buffer, blockAt, blockBytes >> 2),
    };
  }

  /** Copies both. */
  put({ code, words }: KnownBlock): void {
    const codeWords = (code.bytes.length + 3) >> 2;
    const size = HEAD_WORDS + codeWords + words.length;
    this.#makeRoom(size);
    const place = this.#used;
    this.#arena[place] = code.bytes.length;
    this.#arena[place + 1] = words.length * 4;
    new Uint8Array(this.#arena.buffer).set(code.bytes, (place + HEAD_WORDS) * 4);
    this.#arena.set(words, place + HEAD_WORDS + codeWords);
    this.#places.set(code.rip, place);
    this.#used += size;
  }

  #makeRoom(words: number): void {
    if (this.#used + words > LIMIT_WORDS) {
      this.#places.clear();
      this.#used = 0;
    }
    if (this.#used + words <= this.#arena.length) return;
    const larger = new Int32Array(Math.min(LIMIT_WORDS, Math.max(this.#used + words, 2 * this.#arena.length)));
    larger.set(this.#arena);
    this.#arena = larger;
  }
}
