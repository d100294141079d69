/**
 * A disk image that comes over the network by chunk (public/images/README.md is the format). Each chunk is
 * decompressed, checked against its SHA-256 and kept while there is room; chunks of zeros cost nothing.
 */
import { decompress } from 'fzstd';
import { HostError } from '../../guest-kernel/index.ts';

const BLOCK_BYTES = 4096;
// 48 MiB of the image near at hand: all of what a session with the default image touches.
const MAX_NEAR_BYTES = 48 << 20;
// Browsers allow six connections to a host; more would only queue.
const PARALLEL_FETCHES = 6;

export interface ImageEntry {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly layout: string;
  /** glibc's version on it, '2.36'. */
  readonly glibc?: string;
}

interface Layout {
  readonly bytes: number;
  readonly chunkBytes: number;
  readonly chunks: readonly (readonly [id: string, wireBytes: number] | null)[];
  readonly boot: readonly number[];
  readonly ready?: readonly number[];
}

export type FetchBytes = (url: string) => Promise<Uint8Array>;

export class ImageSource {
  readonly entry: ImageEntry;
  readonly blockCount: number;
  /** Bytes that came over the network for chunks. */
  wireBytes = 0;
  readonly #layout: Layout;
  readonly #folder: string;
  readonly #fetchBytes: FetchBytes;
  readonly #blocksPerChunk: number;
  readonly #maxNear: number;
  readonly #near = new Map<number, Uint8Array>();
  readonly #coming = new Map<number, Promise<void>>();
  /** By chunk: when it was last read. */
  readonly #used: Float64Array;
  #clock = 0;

  private constructor(entry: ImageEntry, layout: Layout, folder: string, fetchBytes: FetchBytes) {
    this.entry = entry;
    this.#layout = layout;
    this.#folder = folder;
    this.#fetchBytes = fetchBytes;
    this.blockCount = Math.floor(layout.bytes / BLOCK_BYTES);
    this.#blocksPerChunk = layout.chunkBytes / BLOCK_BYTES;
    this.#maxNear = Math.max(8, Math.floor(MAX_NEAR_BYTES / layout.chunkBytes));
    this.#used = new Float64Array(layout.chunks.length);
  }

  /**
   * @param imagesUrl folder of index.json, ending in a slash
   * @param name of an image; empty: the first
   * @throws HostError
   */
  static async open(imagesUrl: string, name: string, fetchBytes: FetchBytes = fetchOverHttp): Promise<ImageSource> {
    const index = parseJson(await fetchBytes(new URL('index.json', imagesUrl).href), 'The list of disk images');
    const entry = (index as { images?: readonly ImageEntry[] }).images?.find(
      (image) => name === '' || image.name === name,
    );
    if (entry === undefined) throw new HostError(`This site has no disk image named ${name}.`);
    const url = new URL(entry.layout, imagesUrl).href;
    const layout = parseJson(await fetchBytes(url), `The layout of image "${name}"`) as Layout;
    checkLayout(layout, name);
    return new ImageSource(entry, layout, new URL('.', url).href, fetchBytes);
  }

  /** A block's bytes if its chunk is near. */
  blockNow(block: number): Uint8Array | undefined {
    const chunk = Math.floor(block / this.#blocksPerChunk);
    const bytes = this.#near.get(chunk);
    if (bytes === undefined) return this.#layout.chunks[chunk] === null ? ZEROS : undefined;
    this.#used[chunk] = ++this.#clock;
    const at = (block % this.#blocksPerChunk) * BLOCK_BYTES;
    return bytes.subarray(at, at + BLOCK_BYTES);
  }

  /** Brings the chunks of these blocks near. @throws HostError */
  async fetchBlocks(blocks: Iterable<number>): Promise<void> {
    const chunks = new Set<number>();
    for (const block of blocks) chunks.add(Math.floor(block / this.#blocksPerChunk));
    await Promise.all([...chunks].map((chunk) => this.#fetchChunk(chunk)));
    this.#evict();
  }

  /** Fetches what a boot needs, in its order. @throws HostError */
  async prefetch(onProgress: (doneBytes: number, totalBytes: number) => void): Promise<void> {
    await this.#fetchAll(this.#layout.boot, onProgress);
  }

  /** Fetches what the machine needs to be ready for programs. @throws HostError */
  async prefetchReady(): Promise<void> {
    await this.#fetchAll(this.#layout.ready ?? [], () => undefined);
  }

  async #fetchAll(all: readonly number[], onProgress: (doneBytes: number, totalBytes: number) => void): Promise<void> {
    const chunks = all.slice(0, this.#maxNear);
    const size = (chunk: number): number => this.#layout.chunks[chunk]?.[1] ?? 0;
    const total = chunks.reduce((sum, chunk) => sum + size(chunk), 0);
    let done = 0;
    const waiting = [...chunks];
    const worker = async (): Promise<void> => {
      for (let chunk = waiting.shift(); chunk !== undefined; chunk = waiting.shift()) {
        await this.#fetchChunk(chunk);
        onProgress((done += size(chunk)), total);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL_FETCHES }, worker));
  }

  async #fetchChunk(chunk: number): Promise<void> {
    if (this.#near.has(chunk) || this.#layout.chunks[chunk] === null) return;
    let coming = this.#coming.get(chunk);
    if (coming === undefined) {
      coming = this.#loadChunk(chunk).finally(() => this.#coming.delete(chunk));
      this.#coming.set(chunk, coming);
    }
    await coming;
  }

  async #loadChunk(chunk: number): Promise<void> {
    const [id, wireBytes] = this.#layout.chunks[chunk] ?? ['', 0];
    const packed = await this.#fetchBytes(`${this.#folder}${id}.zst`);
    const size = Math.min(this.#layout.chunkBytes, this.#layout.bytes - chunk * this.#layout.chunkBytes);
    let bytes: Uint8Array;
    try {
      bytes = decompress(packed);
    } catch (error) {
      throw new HostError(`Part ${chunk} of disk image "${this.entry.name}" is damaged.`, { cause: error });
    }
    if (bytes.length !== size || !(await hasId(bytes, id))) {
      throw new HostError(`Part ${chunk} of disk image "${this.entry.name}" is not what the image's layout says.`);
    }
    this.wireBytes += wireBytes;
    this.#used[chunk] = ++this.#clock;
    this.#near.set(chunk, bytes);
  }

  #evict(): void {
    if (this.#near.size <= this.#maxNear) return;
    const byAge = [...this.#near.keys()].toSorted((a, b) => (this.#used[a] ?? 0) - (this.#used[b] ?? 0));
    for (const chunk of byAge.slice(0, this.#near.size - this.#maxNear)) this.#near.delete(chunk);
  }
}

const ZEROS = new Uint8Array(BLOCK_BYTES);

function parseJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new HostError(`${what} cannot be read.`, { cause: error });
  }
}

function checkLayout({ bytes, chunkBytes, chunks, boot }: Layout, name: string): void {
  const isSound =
    Number.isSafeInteger(bytes) &&
    Number.isSafeInteger(chunkBytes) &&
    chunkBytes > 0 &&
    chunkBytes % BLOCK_BYTES === 0 &&
    Array.isArray(boot) &&
    Array.isArray(chunks) &&
    chunks.length === Math.ceil(bytes / chunkBytes);
  if (!isSound) throw new HostError(`The layout of image "${name}" makes no sense.`);
}

/** The id is the start of the SHA-256. Where the page is no secure context there is no digest, and sizes must do. */
async function hasId(bytes: Uint8Array, id: string): Promise<boolean> {
  const subtle = globalThis.crypto.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) return true;
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  const text = Array.from(digest.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return text === id;
}

async function fetchOverHttp(url: string): Promise<Uint8Array> {
  const what = url.slice(url.lastIndexOf('/') + 1);
  let response: Response;
  try {
    response = await fetch(url);
  } catch (cause) {
    const advice = 'Check the connection, then start again.';
    throw new HostError(`The disk image could not be loaded (${what}). ${advice}`, { cause });
  }
  if (!response.ok) throw new HostError(`The disk image is not complete on this site (${what}: ${response.status}).`);
  return new Uint8Array(await response.arrayBuffer());
}
