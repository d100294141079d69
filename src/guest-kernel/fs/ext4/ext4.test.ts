import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { BlockCache } from '../../block/block-cache.ts';
import { MemoryDisk, type MemoryDiskOptions } from '../../block/testing/memory-disk.ts';
import { O_CREAT, O_RDONLY, O_RDWR, O_TMPFILE, O_WRONLY, RENAME_WHITEOUT } from '../../abi/fcntl.ts';
import { FS_DIRSYNC_FL, FS_IMMUTABLE_FL, FS_NODUMP_FL } from '../../abi/file-flags.ts';
import { isBlocked } from '../../program/blocked.ts';
import type { Location } from '../../vfs/location.ts';
import type { OpenFile } from '../../vfs/open-file.ts';
import { testCall, treeOver, type Tree } from '../../vfs/testing/tree.ts';
import { mountExt4, type Ext4 } from './ext4.ts';
import { check, debugfs, makeImage } from './testing/image.ts';

interface Mounted extends Tree {
  readonly disk: MemoryDisk;
  readonly cache: BlockCache;
  readonly filesystem: Ext4;
  readonly log: string[];
}

function mounted(image: Uint8Array, options: MemoryDiskOptions = {}): Mounted {
  const disk = new MemoryDisk(image, options);
  const cache = new BlockCache(disk);
  const log: string[] = [];
  let seconds = 1_800_000_000;
  const filesystem = disk.drive(() =>
    mountExt4(cache, {
      deviceNumber: 1,
      now: () => ({ seconds: seconds++, nanoseconds: 7 }),
      log: (line) => log.push(line),
    }),
  );
  return { ...treeOver(filesystem), disk, cache, filesystem, log };
}

function flush({ disk, cache }: Mounted): void {
  disk.drive(() => cache.sync());
  disk.run();
}

function readAll(machine: Mounted, path: string): Uint8Array {
  const { vfs, viewer, disk } = machine;
  const file = disk.drive(() => vfs.open(viewer, path, O_RDONLY, 0));
  const bytes = new Uint8Array(file.attributes().sizeBytes);
  expect(finish(machine, (progress) => file.read(testCall({ progress }), bytes))).toBe(bytes.length);
  file.release();
  return bytes;
}

function finish({ disk }: Mounted, step: (progress: unknown) => ReturnType<OpenFile['read']>): number {
  let progress: unknown;
  for (;;) {
    const result = disk.drive(() => step(progress));
    if (!isBlocked(result)) return result;
    ({ progress } = result);
    disk.run();
  }
}

function write(machine: Mounted, path: string, bytes: Uint8Array, offset = 0): void {
  const { vfs, viewer, disk } = machine;
  const file = disk.drive(() => vfs.open(viewer, path, O_RDWR | O_CREAT, 0o644));
  file.offset = offset;
  expect(finish(machine, (progress) => file.write(testCall({ progress }), bytes))).toBe(bytes.length);
  file.release();
}

/** toEqual compares megabytes byte by byte, in seconds. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function pattern(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0, x = seed + 1; i < size; i++) {
    x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = x >>> 16;
  }
  return bytes;
}

const source = mkdtempSync(join(tmpdir(), 'ext4-source-'));
afterAll(() => rmSync(source, { recursive: true, force: true }));
mkdirSync(join(source, 'dir/deep'), { recursive: true });
mkdirSync(join(source, 'many'));
for (let i = 0; i < 600; i++) writeFileSync(join(source, 'many', `a-name-that-is-not-short-${i}`), String(i));
writeFileSync(join(source, 'dir/deep/big'), pattern(3_000_000, 1));
writeFileSync(join(source, 'sparse'), 'start');
truncateSync(join(source, 'sparse'), 2_000_000);
writeFileSync(join(source, 'sparse-end'), 'x');
symlinkSync('dir/deep/big', join(source, 'fast'));
symlinkSync('dir/'.repeat(30) + 'x', join(source, 'slow'));

const FLAVOURS: readonly (readonly [string, readonly string[]])[] = [
  ['4 KiB blocks without journal', ['-b', '4096', '-O', '^has_journal']],
  ['default features', []],
  ['1 KiB blocks', ['-b', '1024']],
  ['no checksums, 32 bit', ['-b', '4096', '-O', '^metadata_csum,^64bit,uninit_bg']],
  ['no checksums at all', ['-b', '4096', '-O', '^metadata_csum,^uninit_bg,^64bit', '-I', '128']],
];

describe.each(FLAVOURS)('reading an image of mke2fs: %s', (_name, args) => {
  const image = makeImage({ megabytes: 16, args, from: source });

  test('files, links and directories are what went in', () => {
    const machine = mounted(image.slice());
    const { vfs, viewer } = machine;
    expect(isSame(readAll(machine, '/fast'), pattern(3_000_000, 1))).toBe(true);
    expect(vfs.walk(viewer, '/slow', { followLast: false }).dentry.inode.readLink()).toBe('dir/'.repeat(30) + 'x');
    const sparse = readAll(machine, '/sparse');
    expect([sparse.length, String.fromCharCode(...sparse.subarray(0, 6))]).toEqual([2_000_000, 'start\0']);
    expect(vfs.attributes(vfs.walk(viewer, '/sparse')).blocks512).toBeLessThan(100);
    expect(String.fromCharCode(...readAll(machine, '/many/a-name-that-is-not-short-599'))).toBe('599');
    const names = new Set<string>();
    const { inode } = vfs.walk(viewer, '/many').dentry;
    for (let offset = 0; ;) {
      const entries = inode.entries(offset);
      if (entries.length === 0) break;
      for (const entry of entries) names.add(entry.name);
      offset = entries.at(-1)?.nextOffset ?? 0;
    }
    expect(names.size).toBe(602);
    expect(machine.log).toEqual([]);
  });

  test('blocks that come late change nothing but the number of attempts', () => {
    let count = 0;
    const machine = mounted(image.slice(), { isFar: () => ++count % 3 !== 0 });
    expect(isSame(readAll(machine, '/dir/deep/big'), pattern(3_000_000, 1))).toBe(true);
    expect(machine.disk.fetches).toBeGreaterThan(3);
  });

  test('what is made, written, moved and removed fscks clean and reads back', () => {
    const machine = mounted(image.slice());
    const { vfs, viewer } = machine;
    write(machine, '/new', pattern(100_000, 2));
    write(machine, '/new', pattern(10, 3), 50_000);
    write(machine, '/holes', pattern(5000, 4), 1_000_000);
    vfs.mkdir(viewer, { path: '/d' }, 0o755);
    vfs.mkdir(viewer, { path: '/d/e' }, 0o755);
    vfs.symlink(viewer, 'new', { path: '/short-link' });
    vfs.symlink(viewer, `${'long/'.repeat(40)}x`, { path: '/long-link' });
    vfs.link(viewer, vfs.walk(viewer, '/new'), { path: '/d/hard' });
    vfs.rename(viewer, { path: '/d/e' }, { path: '/many/moved' });
    vfs.rename(viewer, { path: '/fast' }, { path: '/sparse-end' });
    vfs.unlink(viewer, { path: '/dir/deep/big' });
    vfs.rmdir(viewer, { path: '/dir/deep' });
    vfs.mknod(viewer, { path: '/device' }, 0o020600, (5 << 8) | 1);
    vfs.mknod(viewer, { path: '/fifo' }, 0o010600, 0);
    vfs.setAttributes(viewer, vfs.walk(viewer, '/sparse'), { sizeBytes: 3 });
    flush(machine);
    expect(check(machine.disk.bytes)).toBe('');
    const again = mounted(machine.disk.bytes);
    const expected = pattern(100_000, 2);
    expected.set(pattern(10, 3), 50_000);
    expect(isSame(readAll(again, '/d/hard'), expected)).toBe(true);
    expect(isSame(readAll(again, '/holes').subarray(1_000_000), pattern(5000, 4))).toBe(true);
    expect(again.vfs.walk(again.viewer, '/long-link', { followLast: false }).dentry.inode.readLink()).toBe(
      `${'long/'.repeat(40)}x`,
    );
    expect(again.vfs.attributes(again.vfs.walk(again.viewer, '/device')).rdev).toBe((5 << 8) | 1);
    expect(debugfs(machine.disk.bytes, 'stat /d/hard')).toContain('Links: 2');
  });
});

test('flags of a file stand in its inode as Linux has them, and new files inherit some', () => {
  const machine = mounted(makeImage({ megabytes: 8 }));
  const { vfs, viewer } = machine;
  vfs.mkdir(viewer, { path: '/d' }, 0o755);
  const directory = vfs.walk(viewer, '/d').dentry.inode;
  const extents = directory.fileFlags?.get() ?? 0;
  directory.fileFlags?.set(extents | FS_NODUMP_FL | FS_DIRSYNC_FL);
  write(machine, '/d/file', pattern(5000, 1));
  const place = vfs.walk(viewer, '/d/file');
  expect((place.dentry.inode.fileFlags?.get() ?? 0) & (FS_NODUMP_FL | FS_DIRSYNC_FL)).toBe(FS_NODUMP_FL);
  place.dentry.inode.fileFlags?.set(extents | FS_IMMUTABLE_FL);
  expect(() => vfs.unlink(viewer, { path: '/d/file' })).toThrow(expect.objectContaining({ name: 'EPERM' }));
  expect(() => vfs.setAttributes(viewer, place, { mode: 0o600 })).toThrow(expect.objectContaining({ name: 'EPERM' }));
  flush(machine);
  expect(check(machine.disk.bytes)).toBe('');
  expect(debugfs(machine.disk.bytes, 'stat /d/file')).toContain('Flags: 0x80010');
  expect(debugfs(machine.disk.bytes, 'stat /d')).toContain('Flags: 0x90040');
});

test('a file of many extents needs deeper trees, and loses them again', () => {
  const machine = mounted(makeImage({ megabytes: 32 }));
  // Every other block is written: no two extents join.
  for (let i = 0; i < 1600; i++) write(machine, '/comb', pattern(4096, i), i * 8192);
  flush(machine);
  expect(check(machine.disk.bytes)).toBe('');
  expect(debugfs(machine.disk.bytes, 'extents /comb')).toMatch(/^ 2\/ 2/m);
  const { vfs, viewer } = machine;
  for (let i = 0; i < 1600; i += 97)
    expect(isSame(readAll(machine, '/comb').subarray(i * 8192, i * 8192 + 4096), pattern(4096, i))).toBe(true);
  for (const sizeBytes of [9_000_000, 4_000_000, 8192 * 3, 0]) {
    vfs.setAttributes(viewer, vfs.walk(viewer, '/comb'), { sizeBytes });
    flush(machine);
    expect(check(machine.disk.bytes)).toBe('');
  }
});

/** NAMES=100000 makes the large run. */
const NAMES = Number(process.env['NAMES'] ?? 5000);

test(`a directory of ${NAMES} names is made, read and emptied`, { timeout: 600_000 }, () => {
  const args = ['-b', '4096', '-O', '^has_journal', '-N', String(NAMES + 1000)];
  const machine = mounted(makeImage({ megabytes: 16 + Math.ceil(NAMES / 2000), args }));
  const { vfs, viewer } = machine;
  vfs.mkdir(viewer, { path: '/d' }, 0o755);
  for (let i = 0; i < NAMES; i++) vfs.open(viewer, `/d/file-number-${i}`, O_CREAT | O_WRONLY, 0o644).release();
  flush(machine);
  expect(check(machine.disk.bytes)).toBe('');
  expect(debugfs(machine.disk.bytes, 'ls /d').match(/file-number-\d+/g)?.length).toBe(NAMES);
  const again = mounted(machine.disk.bytes);
  for (let i = 0; i < NAMES; i++) again.vfs.unlink(again.viewer, { path: `/d/file-number-${i}` });
  again.vfs.rmdir(again.viewer, { path: '/d' });
  flush(again);
  expect(check(again.disk.bytes)).toBe('');
});

test('an unlinked file that is still open survives its name, not a restart', () => {
  const machine = mounted(makeImage());
  write(machine, '/f', pattern(50_000, 5));
  write(machine, '/g', pattern(50_000, 6));
  const { vfs, viewer } = machine;
  const free = machine.filesystem.usage().freeBlocks;
  const held = [vfs.open(viewer, '/f', O_RDONLY, 0), vfs.open(viewer, '/g', O_RDONLY, 0)];
  vfs.unlink(viewer, { path: '/f' });
  vfs.unlink(viewer, { path: '/g' });
  flush(machine);
  const bytes = new Uint8Array(50_000);
  expect(held[0].read(testCall(), bytes)).toBe(50_000);
  expect(isSame(bytes, pattern(50_000, 5))).toBe(true);
  const restarted = mounted(machine.disk.bytes.slice());
  flush(restarted);
  expect(check(restarted.disk.bytes)).toBe('');
  expect(restarted.filesystem.usage().freeBlocks).toBe(free + 26);
  for (const file of held) file.release();
  flush(machine);
  expect(check(machine.disk.bytes)).toBe('');
  expect(machine.filesystem.usage().freeBlocks).toBe(free + 26);
});

test('whiteouts and nameless files fsck clean, however late their blocks come', () => {
  for (let far = 2; far < 8; far++) {
    let count = 0;
    const machine = mounted(makeImage(), { isFar: () => ++count % far !== 0 });
    const { vfs, viewer, disk } = machine;
    const open = (path: string, flags: number): OpenFile => disk.drive(() => vfs.open(viewer, path, flags, 0o644));
    const rename = (from: string, to: string, flags: number): void =>
      disk.drive(() => vfs.rename(viewer, { path: from }, { path: to }, flags));
    disk.drive(() => vfs.mkdir(viewer, { path: '/a' }, 0o755));
    open('/a/file', O_CREAT | O_WRONLY).release();
    open('/replaced', O_CREAT | O_WRONLY).release();
    machine.cache.sync();
    disk.run();
    disk.evict();
    rename('/a/file', '/replaced', RENAME_WHITEOUT);
    disk.evict();
    const { mode, linkCount } = disk.drive(() => vfs.walk(viewer, '/a/file').dentry.inode.attributes());
    expect([mode, linkCount]).toEqual([0o020000, 1]);
    disk.evict();
    const [kept, linked] = [open('/a', O_TMPFILE | O_RDWR), open('/a', O_TMPFILE | O_RDWR)];
    finish(machine, (progress) => kept.write(testCall({ progress }), pattern(10_000, 1)));
    finish(machine, (progress) => linked.write(testCall({ progress }), pattern(10_000, 2)));
    disk.evict();
    disk.drive(() => vfs.link(viewer, linked.location as Location, { path: '/linked' }));
    linked.release();
    flush(machine);
    // The machine stops with one of them open: it is an orphan, which the next mount frees.
    const again = mounted(disk.bytes.slice());
    expect(isSame(readAll(again, '/linked'), pattern(10_000, 2))).toBe(true);
    flush(again);
    expect(check(again.disk.bytes)).toBe('');
    kept.release();
    flush(machine);
    expect(check(disk.bytes)).toBe('');
  }
});

test('a full disk says ENOSPC, loses nothing and can be used again', () => {
  const machine = mounted(makeImage({ megabytes: 4 }));
  const { vfs, viewer } = machine;
  const file = vfs.open(viewer, '/big', O_RDWR | O_CREAT, 0o644);
  let written = 0;
  let error: unknown;
  try {
    for (;;) written += file.write(testCall(), pattern(100_000, written)) as number;
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ name: 'ENOSPC' });
  expect(file.attributes().sizeBytes).toBe(written);
  expect(machine.filesystem.usage().freeBlocks).toBeLessThan(2);
  flush(machine);
  expect(check(machine.disk.bytes)).toBe('');
  file.release();
  vfs.unlink(viewer, { path: '/big' });
  write(machine, '/again', pattern(100_000, 9));
  flush(machine);
  expect(check(machine.disk.bytes)).toBe('');
});

test('a block that cannot be read is EIO', () => {
  const image = makeImage({ megabytes: 16, from: source });
  const failingReads = new Set<number>();
  const machine = mounted(image, { isFar: () => true, failingReads });
  const { inode } = machine.disk.drive(() => machine.vfs.walk(machine.viewer, '/dir/deep/big')).dentry;
  for (let block = 0; block < image.length / 4096; block++) failingReads.add(block);
  machine.disk.evict();
  expect(() => machine.disk.drive(() => inode.read(0, new Uint8Array(10)))).toThrow(
    expect.objectContaining({ name: 'EIO' }),
  );
});
