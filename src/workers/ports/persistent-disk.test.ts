import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import type { HostError } from '../../guest-kernel/index.ts';
import { withQuota, type ChangeStore } from './change-store.ts';
import { ImageSource } from './image-source.ts';
import { PersistentDisk } from './persistent-disk.ts';

const BLOCK = 4096;
const CHUNK = 16 * BLOCK;

function filled(value: number): Uint8Array {
  return new Uint8Array(BLOCK).fill(value);
}

/** A site with one image of three chunks: ones to sixteens, zeros, and a short last one. */
function makeSite(): { readonly files: Map<string, Uint8Array>; readonly fetched: string[] } {
  const image = new Uint8Array(CHUNK * 2 + BLOCK * 3);
  for (let block = 0; block < 16; block++) image.fill(block + 1, block * BLOCK, (block + 1) * BLOCK);
  image.fill(99, CHUNK * 2);
  const files = new Map<string, Uint8Array>();
  const chunks = [0, 1, 2].map((i) => {
    const bytes = image.subarray(i * CHUNK, (i + 1) * CHUNK);
    if (bytes.every((byte) => byte === 0)) return null;
    const id = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
    const packed = new Uint8Array(
      execFileSync('zstd', ['-q', '-c', `--stream-size=${bytes.length}`], { input: bytes }),
    );
    files.set(`http://site/images/t/${id}.zst`, packed);
    return [id, packed.length];
  });
  const layout = { format: 1, bytes: image.length, blockBytes: BLOCK, chunkBytes: CHUNK, chunks, boot: [0] };
  const index = { format: 1, images: [{ name: 't', bytes: image.length, sha256: 'ab', layout: 't/layout.json' }] };
  files.set('http://site/images/t/layout.json', new TextEncoder().encode(JSON.stringify(layout)));
  files.set('http://site/images/index.json', new TextEncoder().encode(JSON.stringify(index)));
  return { files, fetched: [] };
}

function openImage({ files, fetched }: ReturnType<typeof makeSite>): Promise<ImageSource> {
  return ImageSource.open('http://site/images/', 't', (url) => {
    fetched.push(url);
    const bytes = files.get(url);
    return bytes === undefined ? Promise.reject(new Error(`404 ${url}`)) : Promise.resolve(bytes);
  });
}

function memoryStore(): ChangeStore & { readonly kept: Map<number, Uint8Array> } {
  const kept = new Map<number, Uint8Array>();
  return {
    kept,
    blocks: () => Promise.resolve([...kept.keys()]),
    load: (blocks) => Promise.resolve(blocks.map((block) => kept.get(block))),
    save: async (blocks) => {
      await Promise.resolve();
      for (const [block, bytes] of blocks) kept.set(block, bytes.slice());
    },
    clear: () => Promise.resolve(kept.clear()),
  };
}

function fetchBlocks(disk: PersistentDisk, blocks: number[]): Promise<HostError | undefined> {
  return new Promise((resolve) => disk.fetch(blocks, resolve));
}

function commit(
  disk: PersistentDisk,
  blocks: readonly (readonly [number, Uint8Array])[],
): Promise<HostError | undefined> {
  return new Promise((resolve) => disk.commit(new Map(blocks), resolve));
}

const ignore = (): void => undefined;

test('blocks come by chunk, zeros cost nothing and nothing is fetched twice', async () => {
  const site = makeSite();
  const disk = new PersistentDisk(await openImage(site), undefined, ignore);
  expect(disk.blockCount).toBe(35);
  expect(disk.readNow(3)).toBeUndefined();
  expect(disk.readNow(20)).toEqual(filled(0));
  expect(await fetchBlocks(disk, [3, 4, 33])).toBeUndefined();
  expect(await fetchBlocks(disk, [5])).toBeUndefined();
  expect([disk.readNow(3)?.[0], disk.readNow(34)?.[9]]).toEqual([4, 99]);
  expect(site.fetched.filter((url) => url.endsWith('.zst')).length).toBe(2);
});

test('a chunk that is not what its name says is refused', async () => {
  const site = makeSite();
  const [first = '', second = ''] = [...site.files.keys()];
  site.files.set(first, site.files.get(second) as Uint8Array);
  const disk = new PersistentDisk(await openImage(site), undefined, ignore);
  expect((await fetchBlocks(disk, [0]))?.message).toContain('disk image "t"');
});

test('a commit is seen at once, and by the next life', async () => {
  const site = makeSite();
  const store = memoryStore();
  const disk = new PersistentDisk(await openImage(site), { store, blocks: [] }, ignore);
  const done = commit(disk, [
    [3, filled(77)],
    [20, filled(78)],
  ]);
  expect(disk.readNow(3)).toEqual(filled(77));
  expect(await done).toBeUndefined();
  const next = new PersistentDisk(await openImage(site), { store, blocks: await store.blocks() }, ignore);
  expect(next.readNow(20)).toBeUndefined();
  expect(await fetchBlocks(next, [3, 20])).toBeUndefined();
  expect([next.readNow(3)?.[0], next.readNow(20)?.[0]]).toEqual([77, 78]);
});

test('when the quota is exceeded the machine goes on in memory and what was durable stays', async () => {
  const store = memoryStore();
  const messages: string[] = [];
  const limited = withQuota(store, 2 * BLOCK);
  const disk = new PersistentDisk(await openImage(makeSite()), { store: limited, blocks: [] }, (message) =>
    messages.push(message),
  );
  expect(
    await commit(disk, [
      [0, filled(1)],
      [1, filled(2)],
    ]),
  ).toBeUndefined();
  expect(
    (
      await commit(disk, [
        [0, filled(3)],
        [2, filled(4)],
      ])
    )?.message,
  ).toContain('no room');
  expect(messages.length).toBe(1);
  expect(await commit(disk, [[1, filled(5)]])).toBeUndefined();
  expect([0, 1, 2].map((block) => disk.readNow(block)?.[0])).toEqual([3, 5, 4]);
  expect([...store.kept].map(([block, bytes]) => [block, bytes[0]])).toEqual([
    [0, 1],
    [1, 2],
  ]);
});
