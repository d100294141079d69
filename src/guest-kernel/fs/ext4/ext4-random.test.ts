/**
 * Random operations on an ext4 image and, side by side, on the host's own filesystem: same errors, same tree. The same
 * run with blocks that are "not resident" at random gives the same image of names and bytes; the image as it is after
 * any commit fscks clean and holds what was synced.
 */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { Errno } from '../../abi/errno.ts';
import { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, O_CREAT, O_RDONLY, O_RDWR } from '../../abi/fcntl.ts';
import { S_IFDIR, S_IFLNK, S_IFMT } from '../../abi/stat.ts';
import { BlockCache } from '../../block/block-cache.ts';
import { MemoryDisk } from '../../block/testing/memory-disk.ts';
import { isBlocked } from '../../program/blocked.ts';
import type { Inode } from '../../vfs/inode.ts';
import type { OpenFile } from '../../vfs/open-file.ts';
import { testCall, treeOver, type Tree } from '../../vfs/testing/tree.ts';
import { mountExt4 } from './ext4.ts';
import { check, makeImage } from './testing/image.ts';

const SEED = Number(process.env['SEED'] ?? 20_261_123);
const RUNS = Number(process.env['RUNS'] ?? 6);

type Operation =
  | {
      readonly kind: 'write';
      readonly path: string;
      readonly offset: number;
      readonly size: number;
      readonly fill: number;
    }
  | { readonly kind: 'truncate' | 'chmod'; readonly path: string; readonly value: number }
  | { readonly kind: 'punch'; readonly path: string; readonly offset: number; readonly size: number }
  | { readonly kind: 'mkdir' | 'rmdir' | 'unlink' | 'hold' | 'releaseAll' | 'flush'; readonly path: string }
  | { readonly kind: 'rename' | 'link' | 'symlink'; readonly path: string; readonly other: string };

const NAMES = ['a', 'b', 'c', 'a-rather-long-name-that-takes-room-in-its-directory-block'.repeat(3)];
const name = fc.constantFrom(...NAMES);
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const offset = fc.oneof(
  fc.nat(20_000),
  fc.nat(3_000_000),
  fc.nat(300).map((block) => block * 4096),
);
const size = fc.oneof(
  fc.nat(5000),
  fc.nat(100_000),
  fc.nat(20).map((blocks) => blocks * 4096),
);

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      path,
      offset,
      size,
      fill: fc.integer({ min: 1, max: 255 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('truncate' as const), path, value: offset }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('chmod' as const), path, value: fc.nat(0o777) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('punch' as const), path, offset, size }) },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constantFrom('mkdir' as const, 'rmdir' as const, 'unlink' as const), path }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('hold' as const, 'releaseAll' as const, 'flush' as const), path }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('rename' as const, 'link' as const, 'symlink' as const),
      path,
      other: path,
    }),
  },
);

interface Machine extends Tree {
  readonly disk: MemoryDisk;
  readonly cache: BlockCache;
  readonly held: OpenFile[];
  readonly log: string[];
}

function mounted(image: Uint8Array, isFar?: () => boolean): Machine {
  const disk = new MemoryDisk(image, isFar === undefined ? {} : { isFar });
  const cache = new BlockCache(disk);
  const log: string[] = [];
  let seconds = 1_800_000_000;
  const now = (): { seconds: number; nanoseconds: number } => ({ seconds: seconds++, nanoseconds: 0 });
  const filesystem = disk.drive(() => mountExt4(cache, { deviceNumber: 1, now, log: (text) => log.push(text) }));
  return { ...treeOver(filesystem), disk, cache, held: [], log };
}

/** Runs an operation in the machine. @returns 'ok' or the name of the error */
function runInMachine(machine: Machine, step: Operation): string {
  try {
    machine.disk.drive(() => apply(machine, step));
    return 'ok';
  } catch (error) {
    if (error instanceof Errno) return error.name;
    throw error;
  }
}

function apply(machine: Machine, step: Operation): void {
  const { vfs, viewer, disk, cache, held } = machine;
  const at = { path: `/${step.path}` };
  switch (step.kind) {
    case 'write':
      return writeAll(machine, at.path, step.offset, new Uint8Array(step.size).fill(step.fill));
    case 'truncate':
      return withOpen(machine, at.path, (inode) => inode.setAttributes({ sizeBytes: step.value }));
    case 'chmod':
      return vfs.setAttributes(viewer, vfs.walk(viewer, at.path), { mode: step.value });
    case 'punch':
      if (step.size === 0) return;
      return withOpen(machine, at.path, (inode) =>
        inode.allocate?.(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, step.offset, step.size),
      );
    case 'mkdir':
      return vfs.mkdir(viewer, at, 0o755);
    case 'rmdir':
      return vfs.rmdir(viewer, at);
    case 'unlink':
      return vfs.unlink(viewer, at);
    case 'hold':
      held.push(vfs.open(viewer, at.path, O_RDONLY, 0));
      return;
    case 'releaseAll':
      for (const file of held.splice(0)) file.release();
      return;
    case 'flush':
      cache.sync();
      disk.run();
      return;
    case 'rename':
      return vfs.rename(viewer, at, { path: `/${step.other}` });
    case 'link':
      return vfs.link(viewer, vfs.walk(viewer, at.path, { followLast: false }), { path: `/${step.other}` });
    case 'symlink':
      return vfs.symlink(viewer, step.path, { path: `/${step.other}` });
  }
}

function withOpen({ vfs, viewer }: Machine, at: string, use: (inode: Inode) => void): void {
  const file = vfs.open(viewer, at, O_RDWR, 0);
  try {
    if (file.inode !== undefined) use(file.inode);
  } finally {
    file.release();
  }
}

function writeAll({ vfs, viewer, disk }: Machine, at: string, start: number, bytes: Uint8Array): void {
  const file = vfs.open(viewer, at, O_RDWR | O_CREAT, 0o644);
  let progress: unknown;
  for (;;) {
    const result = disk.drive(() => file.writeAt?.(testCall({ progress }), start, bytes));
    if (!isBlocked(result)) break;
    ({ progress } = result);
    disk.run();
  }
  file.release();
}

/** The same on the host. */
function runOnHost(root: string, step: Operation): string {
  try {
    applyOnHost(root, step);
    return 'ok';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

function applyOnHost(root: string, step: Operation): void {
  const at = join(root, step.path);
  switch (step.kind) {
    case 'write':
      return withFile(at, fs.constants.O_RDWR | fs.constants.O_CREAT, (fd) => {
        fs.writeSync(fd, new Uint8Array(step.size).fill(step.fill), 0, step.size, step.offset);
      });
    case 'truncate':
      return withFile(at, fs.constants.O_RDWR, (fd) => fs.ftruncateSync(fd, step.value));
    case 'chmod':
      return fs.chmodSync(at, step.value);
    case 'punch':
      if (step.size === 0) return;
      return withFile(at, fs.constants.O_RDWR, (fd) => {
        const count = Math.min(step.size, fs.fstatSync(fd).size - step.offset);
        if (count > 0) fs.writeSync(fd, new Uint8Array(count), 0, count, step.offset);
      });
    case 'mkdir':
      return fs.mkdirSync(at, 0o755);
    case 'rmdir':
      return fs.rmdirSync(at);
    case 'unlink':
      return fs.unlinkSync(at);
    case 'hold':
      return withFile(at, fs.constants.O_RDONLY, () => undefined);
    case 'releaseAll':
    case 'flush':
      return;
    case 'rename':
      return fs.renameSync(at, join(root, step.other));
    case 'link':
      return fs.linkSync(at, join(root, step.other));
    case 'symlink':
      return fs.symlinkSync(step.path, join(root, step.other));
  }
}

function withFile(at: string, flags: number, use: (fd: number) => void): void {
  const fd = fs.openSync(at, flags, 0o644);
  try {
    use(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** A tree as text: one line per name with type, mode, links, size and a digest of the content. */
function describeMachine({ vfs, viewer, disk }: Machine): string[] {
  const lines: string[] = [];
  const visit = (folder: string): void => {
    const { inode } = vfs.walk(viewer, folder === '' ? '/' : folder).dentry;
    const names: string[] = [];
    for (let from = 0; ;) {
      const entries = inode.entries(from);
      if (entries.length === 0) break;
      names.push(...entries.map((entry) => entry.name));
      from = entries.at(-1)?.nextOffset ?? 0;
    }
    for (const each of names.toSorted()) {
      if (each === '.' || each === '..' || each === 'lost+found') continue;
      const at = `${folder}/${each}`;
      const node = vfs.walk(viewer, at, { followLast: false }).dentry.inode;
      const { mode, linkCount, sizeBytes } = node.attributes();
      const content = new Uint8Array((mode & S_IFMT) === 0o100000 ? sizeBytes : 0);
      if (content.length > 0) disk.drive(() => node.read(0, content));
      lines.push(line(at, mode, linkCount, sizeBytes, node.fileType === S_IFLNK ? node.readLink() : '', content));
      if (node.fileType === S_IFDIR) visit(at);
    }
  };
  disk.drive(() => {
    lines.length = 0;
    visit('');
  });
  return lines;
}

function describeHost(root: string): string[] {
  const lines: string[] = [];
  const visit = (folder: string): void => {
    for (const each of fs.readdirSync(root + folder).toSorted()) {
      const at = `${folder}/${each}`;
      const { mode, nlink, size: bytes } = fs.lstatSync(root + at);
      const type = mode & S_IFMT;
      const content = type === 0o100000 ? fs.readFileSync(root + at) : new Uint8Array();
      lines.push(line(at, mode, nlink, bytes, type === S_IFLNK ? fs.readlinkSync(root + at) : '', content));
      if (type === S_IFDIR) visit(at);
    }
  };
  visit('');
  return lines;
}

function line(at: string, mode: number, links: number, bytes: number, target: string, content: Uint8Array): string {
  const isDirectory = (mode & S_IFMT) === S_IFDIR;
  const hash = createHash('sha1').update(content).digest('hex');
  return `${at} ${mode.toString(8)} ${links} ${isDirectory ? '' : bytes} ${target} ${hash}`;
}

function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

const folder = fs.mkdtempSync(join(tmpdir(), 'ext4-host-'));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
let serial = 0;

const FLAVOURS: readonly (readonly [string, readonly string[]])[] = [
  ['4 KiB blocks', ['-b', '4096', '-O', '^has_journal']],
  ['1 KiB blocks', ['-b', '1024', '-O', '^has_journal']],
];

describe.each(FLAVOURS)('random operations, %s', (_flavour, args) => {
  const image = makeImage({ megabytes: 24, args });

  test(`give the same errors and the same tree as the host's filesystem (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.array(operation, { minLength: 20, maxLength: 120, size: 'max' }), (steps) => {
        const root = join(folder, String(serial++));
        fs.mkdirSync(root);
        const machine = mounted(image.slice());
        for (const step of steps) expect([step, runInMachine(machine, step)]).toEqual([step, runOnHost(root, step)]);
        expect(describeMachine(machine)).toEqual(describeHost(root));
        for (const file of machine.held.splice(0)) file.release();
        runInMachine(machine, { kind: 'flush', path: '' });
        expect(machine.log).toEqual([]);
        expect(check(machine.disk.bytes)).toBe('');
        expect(describeMachine(mounted(machine.disk.bytes))).toEqual(describeHost(root));
        fs.rmSync(root, { recursive: true });
      }),
      { seed: SEED, numRuns: RUNS, endOnFailure: process.env['SHRINK'] === undefined, interruptAfterTimeLimit: 25_000 },
    );
  });

  test(`give the same with blocks that are not resident, and after any commit a sound disk (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.array(operation, { minLength: 20, maxLength: 80, size: 'max' }), fc.nat(), (steps, seed) => {
        const next = random(seed);
        const near = mounted(image.slice());
        const far = mounted(image.slice(), () => next() < 0.5);
        for (const step of steps) {
          expect([step, runInMachine(far, step)]).toEqual([step, runInMachine(near, step)]);
          if (next() < 0.2) far.disk.evict();
          if (next() > 0.06) continue;
          // A commit happens now and the machine dies right after it.
          const synced = describeMachine(far);
          runInMachine(far, { kind: 'flush', path: '' });
          const restarted = mounted(far.disk.bytes.slice());
          expect(describeMachine(restarted)).toEqual(synced);
          runInMachine(restarted, { kind: 'flush', path: '' });
          expect(check(restarted.disk.bytes)).toBe('');
        }
        expect(describeMachine(far)).toEqual(describeMachine(near));
      }),
      {
        seed: SEED,
        numRuns: Math.ceil(RUNS / 2),
        endOnFailure: process.env['SHRINK'] === undefined,
        interruptAfterTimeLimit: 25_000,
      },
    );
  });
});
