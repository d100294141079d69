import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Inode } from '../guest-kernel/index.ts';
import { HostDirectory } from './host-directory.ts';

let folder = '';
let mounted: HostDirectory;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'host-directory-'));
  mkdirSync(join(folder, 'sub'));
  writeFileSync(join(folder, 'sub/file'), 'contents');
  symlinkSync('sub/file', join(folder, 'link'));
  mounted = new HostDirectory(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

const REGULAR = { mode: 0o100_640, uid: 0, gid: 0 };

function find(...path: string[]): Inode {
  let inode: Inode = mounted.root;
  for (const name of path) inode = inode.lookup(name)!;
  return inode;
}

function text(inode: Inode, offset = 0): string {
  const bytes = new Uint8Array(100);
  return Buffer.from(bytes.subarray(0, inode.read(offset, bytes))).toString();
}

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

it('shows what the host has', () => {
  expect(text(find('sub', 'file'))).toBe('contents');
  expect(find('link').readLink()).toBe('sub/file');
  expect(mounted.root.entries(0).map((entry) => entry.name)).toEqual(['.', '..', 'link', 'sub']);
  expect(mounted.root.entries(2).map((entry) => entry.nextOffset)).toEqual([3, 4]);
  expect(mounted.root.lookup('missing')).toBeUndefined();
  expect(find('sub', 'file').attributes()).toMatchObject({ sizeBytes: 8, linkCount: 1, uid: 0 });
});

it('makes, writes, renames and removes on the host', () => {
  const file = mounted.root.create('new', REGULAR);
  file.write(3, Buffer.from('abc'));
  expect(readFileSync(join(folder, 'new'), 'latin1')).toBe('\0\0\0abc');
  expect(statSync(join(folder, 'new')).mode & 0o777).toBe(0o640);
  mounted.root.rename('new', find('sub'), 'moved');
  expect(text(file, 3)).toBe('abc');
  file.setAttributes({ sizeBytes: 4, mode: 0o600, modifyTime: { seconds: 1000, nanoseconds: 0 } });
  expect(statSync(join(folder, 'sub/moved'))).toMatchObject({ size: 4, mtimeMs: 1_000_000 });
  find('sub').unlink('moved');
  expect(find('sub').lookup('moved')).toBeUndefined();
  mounted.root.create('s', { mode: 0o120_777, uid: 0, gid: 0, target: 'else\xff' });
  expect(readlinkSync(join(folder, 's'), 'latin1')).toBe('else\xff');
});

it('a file below a renamed directory is still found', () => {
  const file = find('sub', 'file');
  mounted.root.rename('sub', mounted.root, 'other');
  expect(text(file)).toBe('contents');
});

it('a file that is held lives on without a name', () => {
  const file = find('sub', 'file');
  file.retain();
  find('sub').unlink('file');
  expect(text(file)).toBe('contents');
  file.write(0, Buffer.from('C'));
  expect(text(file)).toBe('Contents');
  expect(file.attributes().linkCount).toBe(0);
  file.release();
});

it('one file is one inode under all its names', () => {
  mounted.root.link('hard', find('sub', 'file'));
  expect(find('hard')).toBe(find('sub', 'file'));
  expect(find('hard').attributes().linkCount).toBe(2);
});

it.each([
  ['EEXIST', () => mounted.root.create('sub', REGULAR)],
  ['ENOTEMPTY', () => mounted.root.rmdir('sub')],
  ['ENOENT', () => mounted.root.unlink('missing')],
  ['EPERM', () => mounted.root.create('fifo', { mode: 0o010_600, uid: 0, gid: 0 })],
] as const)('the host’s error is the guest’s: %s', (name, work) => {
  expect(thrownBy(work)).toMatchObject({ name });
});
