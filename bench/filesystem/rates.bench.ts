/**
 * Rates of the ext4 code over a disk in memory: npx vitest run --config bench/filesystem/vitest.config.ts
 * Each figure is the median of five rounds; the host's own share (copying, garbage collection) is in it.
 */
import { expect, test } from 'vitest';
import { BlockCache } from '../../src/guest-kernel/block/block-cache.ts';
import { MemoryDisk } from '../../src/guest-kernel/block/testing/memory-disk.ts';
import { mountExt4 } from '../../src/guest-kernel/fs/ext4/ext4.ts';
import { makeImage } from '../../src/guest-kernel/fs/ext4/testing/image.ts';
import { O_CREAT, O_RDONLY, O_RDWR } from '../../src/guest-kernel/abi/fcntl.ts';
import { testCall, treeOver, type Tree } from '../../src/guest-kernel/vfs/testing/tree.ts';

const ROUNDS = 5;
const CALL = testCall();

interface Bench extends Tree {
  readonly cache: BlockCache;
  readonly disk: MemoryDisk;
}

function fresh(megabytes: number): Bench {
  const disk = new MemoryDisk(makeImage({ megabytes, args: ['-b', '4096', '-O', '^has_journal', '-N', '30000'] }));
  const cache = new BlockCache(disk);
  const now = { seconds: 1_800_000_000, nanoseconds: 0 };
  const filesystem = disk.drive(() => mountExt4(cache, { deviceNumber: 1, now: () => now, log: () => undefined }));
  return { ...treeOver(filesystem), cache, disk };
}

/** Work per second, median of the rounds. */
function rate(amount: number, work: (round: number) => void): number {
  const times = Array.from({ length: ROUNDS }, (_, round) => {
    const start = performance.now();
    work(round);
    return performance.now() - start;
  });
  return (amount / (times.toSorted((a, b) => a - b)[ROUNDS >> 1] ?? 1)) * 1000;
}

function report(name: string, value: number, unit: string): void {
  process.stdout.write(`${name.padEnd(44)}${Math.round(value).toLocaleString('en').padStart(12)} ${unit}\n`);
}

function flush({ cache, disk }: Bench): void {
  cache.sync();
  disk.run();
}

function measureNames(bench: Bench): void {
  const { vfs, viewer } = bench;
  report(
    'walk and stat of /a/b/file',
    rate(100_000, () => {
      for (let i = 0; i < 100_000; i++) vfs.attributes(vfs.walk(viewer, '/a/b/file'));
    }),
    '/s',
  );
  report(
    'open and close',
    rate(50_000, () => {
      for (let i = 0; i < 50_000; i++) vfs.open(viewer, '/a/b/file', O_RDONLY, 0).release();
    }),
    '/s',
  );
  report(
    'create',
    rate(4000, (round) => {
      for (let i = 0; i < 4000; i++) vfs.open(viewer, `/a/file-${round}-${i}`, O_RDWR | O_CREAT, 0o644).release();
      flush(bench);
    }),
    '/s',
  );
  report(
    'unlink',
    rate(4000, (round) => {
      for (let i = 0; i < 4000; i++) vfs.unlink(viewer, { path: `/a/file-${round}-${i}` });
      flush(bench);
    }),
    '/s',
  );
}

test('rates', () => {
  const bench = fresh(512);
  const { vfs, viewer } = bench;
  vfs.mkdir(viewer, { path: '/a' }, 0o755);
  vfs.mkdir(viewer, { path: '/a/b' }, 0o755);
  const file = vfs.open(viewer, '/a/b/file', O_RDWR | O_CREAT, 0o644);
  const megabyte = new Uint8Array(1 << 20).fill(7);
  report(
    'sequential write, 1 MiB at a time',
    rate(32, (round) => {
      for (let i = 0; i < 32; i++) file.writeAt?.(CALL, (round * 32 + i) << 20, megabyte);
      flush(bench);
    }),
    'MiB/s',
  );
  const block = new Uint8Array(4096).fill(9);
  report(
    'overwrite, 4 KiB at a time, in order',
    rate(16, (round) => {
      for (let i = 0; i < 4096; i++) file.writeAt?.(CALL, (round << 24) + i * 4096, block);
      flush(bench);
    }),
    'MiB/s',
  );
  const appended = vfs.open(viewer, '/a/appended', O_RDWR | O_CREAT, 0o644);
  report(
    'append, 4 KiB at a time',
    rate(16, () => {
      for (let i = 0; i < 4096; i++) appended.write(CALL, block);
      flush(bench);
    }),
    'MiB/s',
  );
  const buffer = new Uint8Array(1 << 20);
  report(
    'sequential read, 1 MiB at a time',
    rate(128, () => {
      for (let i = 0; i < 128; i++) file.readAt?.(CALL, i << 20, buffer);
    }),
    'MiB/s',
  );
  const small = new Uint8Array(4096);
  report(
    'sequential read, 4 KiB at a time',
    rate(64, () => {
      for (let i = 0; i < 16_384; i++) file.readAt?.(CALL, i * 4096, small);
    }),
    'MiB/s',
  );
  measureNames(bench);
  expect(appended.attributes().sizeBytes).toBe(ROUNDS * (16 << 20));
}, 120_000);
