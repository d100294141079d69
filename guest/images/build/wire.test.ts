import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { writeWireImage, type Layout } from './wire.ts';

const folder = mkdtempSync(join(tmpdir(), 'wire-'));
afterAll(() => rmSync(folder, { recursive: true }));

const CHUNK = 128 * 1024;
const chunkOf = (text: string): Buffer => Buffer.alloc(CHUNK, text);

function writeImage(...chunks: Buffer[]): { layout: Layout; out: string; sha256: string } {
  const image = join(folder, 'image');
  const out = join(folder, 'out');
  writeFileSync(image, Buffer.concat(chunks));
  const wire = writeWireImage(image, out, { boot: [33, 0, 32], ready: [1, 64, 95] });
  return { layout: JSON.parse(readFileSync(join(out, wire.layout), 'utf8')) as Layout, out, sha256: wire.sha256 };
}

it('an image comes back from its chunks, zero ones left out', () => {
  const chunks = [chunkOf('first'), chunkOf('\0'), chunkOf('third').subarray(0, 8192)];
  const { layout, out, sha256 } = writeImage(...chunks);
  const back = layout.chunks.map((chunk, i) =>
    chunk ? execFileSync('zstd', ['-dqc', join(out, `${chunk[0]}.zst`)]) : Buffer.alloc(chunks[i].length),
  );
  expect(Buffer.concat(back).equals(Buffer.concat(chunks))).toBe(true);
  expect(layout.chunks[1]).toBeNull();
  expect(layout.bytes).toBe(2 * CHUNK + 8192);
  expect(sha256).toBe(createHash('sha256').update(Buffer.concat(chunks)).digest('hex'));
  const ids = chunks.map((chunk) => createHash('sha256').update(chunk).digest('hex').slice(0, 16));
  expect(layout.chunks.map((chunk) => chunk?.[0])).toEqual([ids[0], undefined, ids[2]]);
});

it('boot and ready name chunks once, in the order of the recording, without zero ones', () => {
  const { layout } = writeImage(chunkOf('first'), chunkOf('\0'), chunkOf('third'));
  expect(layout.boot).toEqual([0]);
  expect(layout.ready).toEqual([2]);
});

it('a rebuild leaves nothing of the former build behind', () => {
  const { out } = writeImage(chunkOf('other'));
  expect(readdirSync(out)).toHaveLength(2);
});
