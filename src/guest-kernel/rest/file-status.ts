/** FileStatus models of /file (facts 1.2): one path, a directory, or a pattern of paths. */
import { utf8FromBytes, type ByteString } from '../../emulator/util/bytes.ts';
import { EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR } from '../abi/errno.ts';
import { S_IFDIR, S_IFLNK, S_IFMT } from '../abi/stat.ts';
import type { FileAttributes, Inode } from '../vfs/inode.ts';
import { rootViewer, type Management } from './management.ts';
import { ApiError } from './reply.ts';

/** Directories are read in steps; one that never ends is broken. */
const MAX_ENTRIES = 100_000;

/** Whether a path walk failed because there is nothing of that name. */
export function isAbsence(error: unknown): boolean {
  return [ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG, EACCES].some((each) => each === error);
}

export function notFound(path: ByteString): ApiError {
  return new ApiError(404, `Not found: '${utf8FromBytes(path)}'`);
}

/** @throws ApiError 404, NotResident */
export function statusOf(management: Management, path: ByteString): unknown {
  const model = modelOf(management, path);
  if (model === undefined) throw notFound(path);
  return model;
}

/** The entries of a directory with '.' and '..', a file itself, or what matches '*' and '?'. @throws ApiError, NotResident */
export function listStatus(management: Management, path: ByteString): readonly unknown[] {
  if (/[*?]/.test(path)) return present(matches(management, path).map((each) => modelOf(management, each)));
  const inode = find(management, path);
  if (inode === undefined) throw notFound(path);
  if (!isDirectory(inode.attributes())) return [statusOf(management, path)];
  return present(namesIn(inode).map((name) => modelOf(management, join(path, name), name)));
}

/** The inode at `path`, links followed; undefined where nothing is. @throws NotResident */
export function find(management: Management, path: ByteString, followLast = true): Inode | undefined {
  try {
    return management.machine.vfs.walk(rootViewer(management), path, { followLast }).dentry.inode;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

export function isDirectory({ mode }: FileAttributes): boolean {
  return (mode & S_IFMT) === S_IFDIR;
}

/** Names in a directory, '.' and '..' included. */
export function namesIn(directory: Inode): readonly ByteString[] {
  const names: ByteString[] = [];
  for (let offset = 0; names.length < MAX_ENTRIES;) {
    const entries = directory.entries(offset);
    const last = entries.at(-1);
    if (last === undefined) break;
    names.push(...entries.map(({ name }) => name));
    offset = last.nextOffset;
  }
  return names;
}

export function join(directory: ByteString, name: ByteString): ByteString {
  return directory.endsWith('/') ? `${directory}${name}` : `${directory}/${name}`;
}

function modelOf(management: Management, path: ByteString, name = leafOf(path)): unknown {
  const own = find(management, path, false);
  if (own === undefined) return undefined;
  const isLink = (own.attributes().mode & S_IFMT) === S_IFLNK;
  // As OSv, a link shows its target's state; one that leads nowhere shows its own.
  const target = isLink ? find(management, path) : own;
  const attributes = (target ?? own).attributes();
  return {
    accessTime: attributes.accessTime.seconds,
    blockSize: attributes.blockSizeBytes,
    group: 'osv',
    length: attributes.sizeBytes,
    modificationTime: attributes.modifyTime.seconds,
    owner: 'osv',
    pathSuffix: utf8FromBytes(name),
    permission: (attributes.mode & 0o777).toString(8),
    replication: attributes.linkCount,
    ...(isLink && { symlink: utf8FromBytes(own.readLink()) }),
    type: target === undefined ? 'SYMLINK' : isDirectory(attributes) ? 'DIRECTORY' : 'FILE',
  };
}

/** Paths that fit a pattern, component by component. */
function matches(management: Management, pattern: ByteString): readonly ByteString[] {
  let paths: readonly ByteString[] = ['/'];
  for (const part of pattern.split('/').filter((each) => each !== '')) {
    const fits = /[*?]/.test(part) ? globOf(part) : undefined;
    paths = paths.flatMap((path) => {
      if (fits === undefined) return find(management, join(path, part), false) === undefined ? [] : [join(path, part)];
      const inode = find(management, path);
      if (inode === undefined || !isDirectory(inode.attributes())) return [];
      return namesIn(inode)
        .filter((name) => name !== '.' && name !== '..' && fits.test(name))
        .map((name) => join(path, name));
    });
  }
  return paths;
}

function globOf(part: ByteString): RegExp {
  const source = part
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '[^]*')
    .replaceAll('?', '[^]');
  return new RegExp(`^${source}$`);
}

function leafOf(path: ByteString): ByteString {
  return path.split('/').findLast((part) => part !== '') ?? '/';
}

function present(models: readonly unknown[]): readonly unknown[] {
  return models.filter((model) => model !== undefined);
}
