/**
 * Blocks of micro-ops as some space of the machine wrote them, for spaces with the same code at the same address: the
 * second start of a program copies what the first one decoded. Nothing in a block depends on where it lies (layout.ts:
 * links are 0 before the first way through, handlers have the same slots everywhere).
 *
 * One arena; when it is full everything is forgotten. The latest block of an address is kept.
 *
 *   record   code bytes u32 | block bytes u32 | code, filled up to words | block
 */
import type { AddressSpace } from '../../../memory/address-space.ts';
import type { CodeBytes } from '../../../memory/code-pages.ts';
import { IntMap } from '../../../util/int-map.ts';

export interface KnownBlock {
  /** What it was decoded from. */
  readonly code: CodeBytes;
  /** The block with its head. */
  readonly words: Int32Array;
}

const LIMIT_WORDS = 4 << 20; // 16 MB: some fifty thousand blocks
const FIRST_WORDS = 1 << 16;
const HEAD_WORDS = 2;
/** What an IntMap says of what it does not have; so no record lies there. */
const NO_PLACE = 0;

export class MicroStore {
  #arena = new Int32Array(FIRST_WORDS);
  #bytes = new Uint8Array(this.#arena.buffer);
  #used = NO_PLACE + 1;
  /** Where the records of addresses lie. */
  readonly #places = new IntMap();
  #generation = 0;

  get count(): number {
    return this.#places.size;
  }

  /** Blocks name slots of handlers: where those are of another generation (HandlerLibrary), all blocks are forgotten. */
  of(generation: number): this {
    if (generation !== this.#generation) {
      this.#generation = generation;
      this.#places.clear();
      this.#used = NO_PLACE + 1;
    }
    return this;
  }

  find(rip: number): KnownBlock | null {
    const place = this.#places.get(rip);
    if (place === NO_PLACE) return null;
    const { buffer } = this.#arena;
    const [codeBytes, blockBytes] = [this.#arena[place], this.#arena[place + 1]];
    const codeAt = (place + HEAD_WORDS) * 4;
    const blockAt = codeAt + ((codeBytes + 3) & ~3);
    return {
      code: { rip, bytes: new Uint8Array(buffer, codeAt, codeBytes) },
      words: new Int32Array(buffer, blockAt, blockBytes >> 2),
    };
  }

  /** Copies the block of `words` words at `addr`, and the `codeBytes` at `rip` that it was decoded from. */
  put(
    { u8, i32 }: Pick<AddressSpace, 'u8' | 'i32'>,
    rip: number,
    codeBytes: number,
    addr: number,
    words: number,
  ): void {
    const codeWords = (codeBytes + 3) >> 2;
    this.#makeRoom(HEAD_WORDS + codeWords + words);
    const place = this.#used;
    const arena = this.#arena;
    arena[place] = codeBytes;
    arena[place + 1] = words * 4;
    // Loops: views of some thirty bytes cost more to make than to copy.
    const bytes = this.#bytes;
    let at = place + HEAD_WORDS;
    for (let i = 0; i < codeBytes; i++) bytes[4 * at + i] = u8[rip + i];
    at += codeWords;
    for (let i = 0; i < words; i++) arena[at + i] = i32[(addr >> 2) + i];
    this.#places.set(rip, place);
    this.#used = at + words;
  }

  #makeRoom(words: number): void {
    if (this.#used + words > LIMIT_WORDS) {
      this.#places.clear();
      this.#used = NO_PLACE + 1;
    }
    if (this.#used + words <= this.#arena.length) return;
    const larger = new Int32Array(Math.min(LIMIT_WORDS, Math.max(this.#used + words, 2 * this.#arena.length)));
    larger.set(this.#arena);
    this.#arena = larger;
    this.#bytes = new Uint8Array(larger.buffer);
  }
}
