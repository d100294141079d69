import { userCredentials } from './credentials.ts';
import { describe, expect, test } from 'vitest';
import { bytesOf, byteStringFrom } from '../../emulator/util/bytes.ts';
import { Errno } from '../abi/errno.ts';
import {
  O_APPEND,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
} from '../abi/fcntl.ts';
import { isBlocked } from '../program/blocked.ts';
import type { OpenFile } from './open-file.ts';
import { ramfs, testCall, treeOver, type Tree } from './testing/tree.ts';

function makeTree(): Tree {
  const tree = treeOver(ramfs());
  const { vfs, viewer } = tree;
  vfs.mkdir(viewer, { path: '/a' }, 0o755);
  vfs.mkdir(viewer, { path: '/a/b' }, 0o755);
  put(tree, '/a/file', 'hello');
  vfs.symlink(viewer, '/a/file', { path: '/link' });
  vfs.symlink(viewer, 'b', { path: '/a/dirlink' });
  vfs.symlink(viewer, '/nowhere', { path: '/dangling' });
  vfs.symlink(viewer, '/loop', { path: '/loop' });
  return tree;
}

function put({ vfs, viewer }: Tree, path: string, text: string): void {
  const file = vfs.open(viewer, path, O_CREAT | O_TRUNC | O_WRONLY, 0o644);
  file.write(testCall(), bytesOf(text));
  file.release();
}

function readAll(file: OpenFile): string {
  const dst = new Uint8Array(1000);
  const count = file.read(testCall(), dst);
  if (isBlocked(count)) throw new Error('blocked');
  return byteStringFrom(dst.subarray(0, count));
}

function errnoOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof Errno) return error.name;
    throw error;
  }
  return 'ok';
}

describe('path walk', () => {
  // oxfmt-ignore
  test.each([
    // path                  → the place, or the error
    ['/',                     '/'],
    ['/a/../a/./b//',         '/a/b'],
    ['/../..',                '/'],
    ['a/b',                   '/a/b'],
    ['/link',                 '/a/file'],
    ['/a/dirlink/..',         '/a'],
    ['/a/dirlink/',           '/a/b'],
    ['/a/file/',              'ENOTDIR'],
    ['/a/file/x',             'ENOTDIR'],
    ['/link/',                'ENOTDIR'],
    ['',                      'ENOENT'],
    ['/none',                 'ENOENT'],
    ['/none/x',               'ENOENT'],
    ['/dangling',             'ENOENT'],
    ['/loop',                 'ELOOP'],
    [`/${'n'.repeat(256)}`,   'ENAMETOOLONG'],
    [`/${'a/../'.repeat(820)}`, 'ENAMETOOLONG'],
  ])('walks %j to %s', (path, expected) => {
    const { vfs, viewer } = makeTree();
    let found = '';
    const errno = errnoOf(() => (found = vfs.pathOf(vfs.walk(viewer, path))));
    expect(errno === 'ok' ? found : errno).toBe(expected);
  });

  test('a mount covers its directory and .. leads out of it', () => {
    const { vfs, viewer } = makeTree();
    const mount = vfs.mount(ramfs(), '/a/b', 'none', 'rw');
    vfs.mkdir(viewer, { path: '/a/b/inside' }, 0o755);
    expect(vfs.pathOf(vfs.walk(viewer, '/a/b/inside'))).toBe('/a/b/inside');
    expect(vfs.pathOf(vfs.walk(viewer, '/a/b/inside/../..'))).toBe('/a');
    expect(errnoOf(() => vfs.rename(viewer, { path: '/a/file' }, { path: '/a/b/file' }))).toBe('EXDEV');
    expect(errnoOf(() => vfs.rmdir(viewer, { path: '/a/b' }))).toBe('EBUSY');
    vfs.unmount(mount);
    expect(errnoOf(() => vfs.walk(viewer, '/a/b/inside'))).toBe('ENOENT');
  });
});

describe('open', () => {
  // oxfmt-ignore
  test.each([
    ['/a/file',   O_RDONLY,                       'hello'],
    ['/link',     O_RDONLY | O_NOFOLLOW,          'ELOOP'],
    ['/a',        O_WRONLY,                       'EISDIR'],
    ['/a',        O_RDONLY | O_CREAT,             'EISDIR'],
    ['/a/file',   O_RDONLY | O_DIRECTORY,         'ENOTDIR'],
    ['/a/file',   O_RDWR | O_CREAT | O_EXCL,      'EEXIST'],
    ['/dangling', O_RDWR | O_CREAT | O_EXCL,      'EEXIST'],
    ['/new/',     O_RDWR | O_CREAT,               'EISDIR'],
    ['/none',     O_RDONLY,                       'ENOENT'],
    ['/none/x',   O_RDWR | O_CREAT,               'ENOENT'],
    ['/link',     O_PATH,                         'EBADF'],
    ['/a/file',   O_RDWR | O_TRUNC,               ''],
  ])('opens %s with flags %o: %s', (path, flags, expected) => {
    const { vfs, viewer } = makeTree();
    let text = '';
    const errno = errnoOf(() => (text = readAll(vfs.open(viewer, path, flags, 0o644))));
    expect(errno === 'ok' ? text : errno).toBe(expected);
  });

  test('a dangling symlink is created through, as Linux does', () => {
    const { vfs, viewer } = makeTree();
    vfs.open(viewer, '/dangling', O_CREAT | O_WRONLY, 0o600).release();
    expect(vfs.attributes(vfs.walk(viewer, '/nowhere')).mode & 0o777).toBe(0o600);
  });

  test('the umask takes bits away', () => {
    const { vfs, viewer } = makeTree();
    vfs.open(viewer, '/n', O_CREAT | O_WRONLY, 0o666).release();
    expect(vfs.attributes(vfs.walk(viewer, '/n')).mode).toBe(0o100644);
  });

  test('O_APPEND writes at the end whatever the offset', () => {
    const { vfs, viewer } = makeTree();
    const file = vfs.open(viewer, '/a/file', O_RDWR | O_APPEND, 0);
    expect(file.write(testCall(), bytesOf(' world'))).toBe(6);
    expect(file.offset).toBe(11);
    file.offset = 0;
    expect(readAll(file)).toBe('hello world');
  });

  test('an unlinked file lives while it is open', () => {
    const { vfs, viewer } = makeTree();
    const file = vfs.open(viewer, '/a/file', O_RDONLY, 0);
    vfs.unlink(viewer, { path: '/a/file' });
    expect(errnoOf(() => vfs.walk(viewer, '/a/file'))).toBe('ENOENT');
    expect(readAll(file)).toBe('hello');
    file.release();
  });
});

describe('names', () => {
  // oxfmt-ignore
  test.each([
    ['rmdir of a full directory',            'ENOTEMPTY', ({ vfs, viewer }: Tree) => vfs.rmdir(viewer, { path: '/a' })],
    ['rmdir of .',                           'EINVAL',    ({ vfs, viewer }: Tree) => vfs.rmdir(viewer, { path: '/a/.' })],
    ['rmdir of the root',                    'EBUSY',     ({ vfs, viewer }: Tree) => vfs.rmdir(viewer, { path: '/' })],
    ['unlink of a directory',                'EISDIR',    ({ vfs, viewer }: Tree) => vfs.unlink(viewer, { path: '/a/b' })],
    ['mkdir of what exists',                 'EEXIST',    ({ vfs, viewer }: Tree) => vfs.mkdir(viewer, { path: '/link' }, 0o755)],
    ['mkdir of the root',                    'EEXIST',    ({ vfs, viewer }: Tree) => vfs.mkdir(viewer, { path: '/' }, 0o755)],
    ['mkdir with a trailing slash',          'ok',        ({ vfs, viewer }: Tree) => vfs.mkdir(viewer, { path: '/c/' }, 0o755)],
    ['rename of a directory below itself',   'EINVAL',    ({ vfs, viewer }: Tree) => vfs.rename(viewer, { path: '/a' }, { path: '/a/b/c' })],
    ['rename of a file over a directory',    'EISDIR',    ({ vfs, viewer }: Tree) => vfs.rename(viewer, { path: '/a/file' }, { path: '/a/b' })],
    ['rename of a directory over a file',    'ENOTDIR',   ({ vfs, viewer }: Tree) => vfs.rename(viewer, { path: '/a/b' }, { path: '/a/file' })],
    ['rename over a non-empty ancestor',     'ENOTEMPTY', ({ vfs, viewer }: Tree) => vfs.rename(viewer, { path: '/a/b' }, { path: '/a' })],
    ['rename of a name to itself',           'ok',        ({ vfs, viewer }: Tree) => vfs.rename(viewer, { path: '/a/file' }, { path: '/a/file' })],
    ['link of a directory',                  'EPERM',     ({ vfs, viewer }: Tree) => vfs.link(viewer, vfs.walk(viewer, '/a'), { path: '/d' })],
  ])('%s: %s', (_what, expected, work) => {
    const tree = makeTree();
    expect(errnoOf(() => work(tree))).toBe(expected);
  });

  test('a cwd follows the rename of a directory above it', () => {
    const { vfs, viewer } = makeTree();
    viewer.fs.cwd = vfs.walk(viewer, '/a/b');
    vfs.rename(viewer, { path: '/a' }, { path: '/z' });
    expect(vfs.pathOf(viewer.fs.cwd)).toBe('/z/b');
    expect(errnoOf(() => vfs.walk(viewer, '/a/b'))).toBe('ENOENT');
  });

  test('binds of the root within itself end where there are too many', () => {
    const { vfs, viewer } = makeTree();
    const bindOften = (): void => {
      for (let i = 0; i < 64; i++) vfs.bind(vfs.root, vfs.walk(viewer, '/a/b'), true);
    };
    expect(errnoOf(bindOften)).toBe('ENOSPC');
    expect(vfs.mounts.length).toBeLessThan(20_000);
  });

  test('permissions bind others than root', () => {
    const { vfs, viewer } = makeTree();
    const user = { fs: viewer.fs, credentials: userCredentials(5, 5) };
    vfs.setAttributes(viewer, vfs.walk(viewer, '/a'), { mode: 0o700 });
    expect(errnoOf(() => vfs.walk(user, '/a/file'))).toBe('EACCES');
    expect(errnoOf(() => vfs.mkdir(user, { path: '/mine' }, 0o755))).toBe('EACCES');
    expect(errnoOf(() => vfs.setAttributes(user, vfs.walk(user, '/'), { mode: 0o777 }))).toBe('EPERM');
  });
});
