/**
 * A disk image fetched by chunk, as public/images/README.md lays it out. Chunks stay in memory once fetched; each is
 * checked against its name, which is its hash.
 */
import { decompress } from 'fzstd';
import { HostError } from '../../guest-kernel/index.ts';

export const BLOCK_BYTES = 4096;

interface Layout {
  readonly bytes: number;
  readonly chunkBytes: number;
  /** [id, wireBytes], or null when all bytes are zero. */
  readonly chunks: readonly (readonly [id: string, wireBytes: number] | null)[];
  readonly boot: readonly number[];
}

const ZEROS = new Uint8Array(BLOCK_BYTES);

export class ChunkedImage {
  readonly #layoutUrl: URL;
  readonly #layout: Layout;
  readonly #chunks = new Map<number, Uint8Array>();
  readonly #fetching = new Map<number, Promise<void>>();

  /** @throws HostError */
  static async open(layoutUrl: URL): Promise<ChunkedImage> {
    const response = await fetchOk(layoutUrl);
    return new ChunkedImage(layoutUrl, (await response.json()) as Layout);
  }

  private constructor(layoutUrl: URL, layout: Layout) {
    this.#layoutUrl = layoutUrl;
    this.#layout = layout;
  }

  get blockCount(): number {
    return this.#layout.bytes / BLOCK_BYTES;
  }

  /** Fetches what a boot needs. */
  async fetchBoot(onProgress: (doneBytes: number, totalBytes: number) => void): Promise<void> {
    const wireBytes = (chunk: number): number => this.#layout.chunks[chunk]?.[1] ?? 0;
    const totalBytes = this.#layout.boot.reduce((sum, chunk) => sum + wireBytes(chunk), 0);
    let doneBytes = 0;
    onProgress(0, totalBytes);
    await Promise.all(
      this.#layout.boot.map(async (chunk) => {
        await this.#fetchChunk(chunk);
        doneBytes += wireBytes(chunk);
        onProgress(doneBytes, totalBytes);
      }),
    );
  }

  readNow(block: number): Uint8Array | undefined {
    const at = block * BLOCK_BYTES;
    const chunk = Math.floor(at / this.#layout.chunkBytes);
    if (this.#layout.chunks[chunk] === null) return ZEROS;
    const offset = at - chunk * this.#layout.chunkBytes;
    return this.#chunks.get(chunk)?.subarray(offset, offset + BLOCK_BYTES);
  }

  /** @throws HostError */
  async fetchBlocks(blocks: readonly number[]): Promise<void> {
    const chunks = new Set(blocks.map((block) => Math.floor((block * BLOCK_BYTES) / this.#layout.chunkBytes)));
    await Promise.all([...chunks].map((chunk) => this.#fetchChunk(chunk)));
  }

  async #fetchChunk(chunk: number): Promise<void> {
    if (this.#chunks.has(chunk) || this.#layout.chunks[chunk] === null) return;
    let fetching = this.#fetching.get(chunk);
    if (fetching === undefined) {
      fetching = this.#load(chunk).finally(() => this.#fetching.delete(chunk));
      this.#fetching.set(chunk, fetching);
    }
    await fetching;
  }

  async #load(chunk: number): Promise<void> {
    const id = this.#layout.chunks[chunk]?.[0] ?? '';
    const response = await fetchOk(new URL(`${id}.zst`, this.#layoutUrl));
    const bytes = decompress(new Uint8Array(await response.arrayBuffer())) as Uint8Array<ArrayBuffer>;
    if ((await hashName(bytes)) !== id) throw new HostError(`Chunk ${chunk} of the disk image is damaged.`);
    this.#chunks.set(chunk, bytes);
  }
}

async function hashName(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes), 0, 8);
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @throws HostError with a sentence for the user */
export async function fetchOk(url: URL): Promise<Response> {
  const what = url.pathname.slice(url.pathname.lastIndexOf('/') + 1);
  let response: Response;
  try {
    response = await fetch(url);
  } catch (cause) {
    throw new HostError(`The disk image could not be loaded (${what}). Check the connection, then start again.`, {
      cause,
    });
  }
  if (!response.ok) throw new HostError(`The disk image is not complete on this site (${what}: ${response.status}).`);
  return response;
}
