/** Cuts a raw image into the compressed chunks that a page fetches; public/images/README.md is the format. */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';

import { join } from 'node:path';
import { runCommand } from './command.ts';

const BLOCK_BYTES = 4096;
/** A boot needs scattered metadata: larger chunks bring more that nobody asked for, smaller ones compress worse. */
const CHUNK_BYTES = 128 * 1024;

export interface Layout {
  readonly format: 1;
  readonly bytes: number;
  readonly blockBytes: number;
  readonly chunkBytes: number;
  readonly chunks: readonly (readonly [id: string, wireBytes: number] | null)[];
  readonly boot: readonly number[];
  readonly ready: readonly number[];
}

/** Blocks of an image in the order in which a machine reads them: up to its prompt, then to be ready for programs. */
export interface BootRecord {
  readonly boot: readonly number[];
  readonly ready: readonly number[];
}

export interface WireImage {
  /** File name of the layout inside the folder. */
  readonly layout: string;
  readonly sha256: string;
  readonly wireBytes: number;
}

/** Writes layout and chunks of `image` to `folder`, and removes what no chunk names any more. */
export function writeWireImage(image: string, folder: string, record: BootRecord): WireImage {
  mkdirSync(folder, { recursive: true });
  const hash = createHash('sha256');
  const chunks: (readonly [string, number] | null)[] = [];
  forEachChunk(image, (bytes) => {
    hash.update(bytes);
    chunks.push(isZero(bytes) ? null : writeChunk(bytes, folder));
  });
  const boot = chunksOf(record.boot, chunks);
  const layout: Layout = {
    format: 1,
    bytes: statSync(image).size,
    blockBytes: BLOCK_BYTES,
    chunkBytes: CHUNK_BYTES,
    chunks,
    boot,
    ready: chunksOf(record.ready, chunks).filter((chunk) => !boot.includes(chunk)),
  };
  const text = JSON.stringify(layout);
  const name = `layout-${shortHash(Buffer.from(text))}.json`;
  writeFileSync(join(folder, name), text);
  removeOthers(folder, new Set([name, ...chunks.flatMap((chunk) => (chunk ? [`${chunk[0]}.zst`] : []))]));
  const wireBytes = chunks.reduce((sum, chunk) => sum + (chunk?.[1] ?? 0), text.length);
  return { layout: name, sha256: hash.digest('hex'), wireBytes };
}

function forEachChunk(image: string, visit: (bytes: Buffer) => void): void {
  const fd = openSync(image, 'r');
  try {
    const size = statSync(image).size;
    for (let at = 0; at < size; at += CHUNK_BYTES) {
      const bytes = Buffer.alloc(Math.min(CHUNK_BYTES, size - at));
      readSync(fd, bytes, 0, bytes.length, at);
      visit(bytes);
    }
  } finally {
    closeSync(fd);
  }
}

function isZero(bytes: Buffer): boolean {
  return bytes[0] === 0 && bytes.compare(bytes, 1, bytes.length, 0, bytes.length - 1) === 0;
}

function writeChunk(bytes: Buffer, folder: string): readonly [string, number] {
  const id = shortHash(bytes);
  const file = join(folder, `${id}.zst`);
  if (!existsSync(file)) {
    writeFileSync(
      file,
      runCommand('zstd', ['-19', '--quiet', `--stream-size=${bytes.length}`, '-c'], { input: bytes }),
    );
  }
  return [id, readFileSync(file).length];
}

function shortHash(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

function chunksOf(blocks: readonly number[], chunks: Layout['chunks']): readonly number[] {
  const wanted = blocks.map((block) => Math.floor((block * BLOCK_BYTES) / CHUNK_BYTES));
  return [...new Set(wanted)].filter((chunk) => chunks[chunk]);
}

function removeOthers(folder: string, kept: ReadonlySet<string>): void {
  for (const name of readdirSync(folder)) if (!kept.has(name)) rmSync(join(folder, name));
}
