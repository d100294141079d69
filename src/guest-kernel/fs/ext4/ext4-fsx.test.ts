/** fsx on one file: random writes, holes, reservations and truncations against an array of bytes; deep extent trees. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  FALLOC_FL_COLLAPSE_RANGE,
  FALLOC_FL_INSERT_RANGE,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  FALLOC_FL_ZERO_RANGE,
  O_CREAT,
  O_RDWR,
} from '../../abi/fcntl.ts';
import { BlockCache } from '../../block/block-cache.ts';
import { MemoryDisk } from '../../block/testing/memory-disk.ts';
import { testCall, treeOver } from '../../vfs/testing/tree.ts';
import { mountExt4 } from './ext4.ts';
import { check, makeImage } from './testing/image.ts';

const SEED = Number(process.env['SEED'] ?? 11);
const RUNS = Number(process.env['RUNS'] ?? 4);
const MAX_BYTES = 2_000_000;

const KINDS = [
  'write',
  'write',
  'write',
  'punch',
  'zero',
  'reserve',
  'reserve-beyond',
  'truncate',
  'collapse',
  'insert',
] as const;
const step = fc.record({
  kind: fc.constantFrom(...KINDS),
  offset: fc.oneof(
    fc.nat(MAX_BYTES),
    fc.nat(1900).map((block) => block * 1024),
  ),
  size: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 3000 }) }, fc.integer({ min: 1, max: 60_000 })),
  fill: fc.integer({ min: 1, max: 255 }),
});

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts));
}

test.each([
  ['1 KiB blocks', ['-b', '1024', '-O', '^has_journal']],
  ['4 KiB blocks', ['-b', '4096', '-O', '^has_journal']],
])(`a file is the bytes that were put there: %s (seed ${SEED})`, (_name, args) => {
  const image = makeImage({ megabytes: 8, args });
  fc.assert(
    fc.property(fc.array(step, { minLength: 300, maxLength: 600, size: 'max' }), (steps) => {
      const disk = new MemoryDisk(image.slice());
      const cache = new BlockCache(disk);
      const log: string[] = [];
      const now = { seconds: 1_700_000_000, nanoseconds: 0 };
      const options = { deviceNumber: 1, now: () => now, log: (text: string) => log.push(text) };
      const { vfs, viewer } = treeOver(mountExt4(cache, options));
      const file = vfs.open(viewer, '/file', O_RDWR | O_CREAT, 0o644);
      let model = new Uint8Array(0);
      const resize = (bytes: number): void => {
        const next = new Uint8Array(bytes);
        next.set(model.subarray(0, bytes));
        model = next;
      };
      for (const { kind, offset, size, fill } of steps) {
        const end = offset + size;
        if (kind === 'truncate') {
          file.inode?.setAttributes({ sizeBytes: offset });
          resize(offset);
        } else if (kind === 'collapse' || kind === 'insert') {
          const at = Math.floor(offset / 4096) * 4096;
          const length = Math.ceil(size / 4096) * 4096;
          if (kind === 'insert' && at < model.length && model.length + length < MAX_BYTES) {
            file.inode?.allocate?.(FALLOC_FL_INSERT_RANGE, at, length);
            model = joined(model.subarray(0, at), new Uint8Array(length), model.subarray(at));
          } else if (kind === 'collapse' && at + length < model.length) {
            file.inode?.allocate?.(FALLOC_FL_COLLAPSE_RANGE, at, length);
            model = joined(model.subarray(0, at), model.subarray(at + length));
          }
        } else if (kind === 'write') {
          file.writeAt?.(testCall(), offset, new Uint8Array(size).fill(fill));
          if (end > model.length) resize(end);
          model.fill(fill, offset, end);
        } else if (kind === 'reserve-beyond') {
          file.inode?.allocate?.(FALLOC_FL_KEEP_SIZE, offset, size);
        } else if (kind === 'reserve') {
          file.inode?.allocate?.(0, offset, size);
          if (end > model.length) resize(end);
        } else {
          const mode = kind === 'punch' ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE;
          file.inode?.allocate?.(mode | FALLOC_FL_KEEP_SIZE, offset, size);
          model.fill(0, offset, end);
        }
      }
      const bytes = new Uint8Array(file.attributes().sizeBytes);
      file.readAt?.(testCall(), 0, bytes);
      expect(Buffer.compare(bytes, model)).toBe(0);
      cache.sync();
      disk.run();
      expect(log).toEqual([]);
      expect(check(disk.bytes)).toBe('');
    }),
    { seed: SEED, numRuns: RUNS, endOnFailure: process.env['SHRINK'] === undefined, interruptAfterTimeLimit: 25_000 },
  );
});
