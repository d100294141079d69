/** What PUT and DELETE /file do. Each step may be repeated after a wait for the disk without harm. */
import { bytesOf, utf8FromBytes, type ByteString } from '../../emulator/util/bytes.ts';
import { Errno } from '../abi/errno.ts';
import { O_APPEND, O_CREAT, O_RDONLY, O_TRUNC, O_WRONLY } from '../abi/fcntl.ts';
import { S_IFDIR, S_IFMT } from '../abi/stat.ts';
import type { NativeCalls, Wait } from '../program/native-program.ts';
import { find, isAbsence, isDirectory, join, namesIn, notFound } from './file-status.ts';
import { rootViewer, type Management } from './management.ts';
import { ApiError } from './reply.ts';
import type { RouteCall } from './route.ts';

const PIECE_BYTES = 64 * 1024;
/** OSv's default for what it makes. */
const NEW_MODE = 0o777;

export function* makeDirectories(call: RouteCall, path: ByteString): Wait<void> {
  const permission = permissionOf(call);
  const parts = path.split('/').filter((part) => part !== '');
  for (let i = 1; i <= parts.length; i++) {
    const directory = `/${parts.slice(0, i).join('/')}`;
    yield* attempt(call.sys, `Failed to create directory '${utf8FromBytes(directory)}'`, () => {
      const existing = find(call.management, directory);
      if (existing !== undefined && isDirectory(existing.attributes())) return;
      call.management.machine.vfs.mkdir(rootViewer(call.management), { path: directory }, NEW_MODE);
    });
  }
  yield* changeMode(call, path, permission);
}

export function* renameFile(call: RouteCall, path: ByteString): Wait<void> {
  const destination = destinationOf(call);
  const permission = permissionOf(call);
  yield* requirePresent(call, path);
  yield* attempt(call.sys, `Failed renaming '${utf8FromBytes(path)}'`, () => {
    call.management.machine.vfs.rename(rootViewer(call.management), { path }, { path: destination });
  });
  yield* changeMode(call, destination, permission);
}

export function* copyFile(call: RouteCall, path: ByteString): Wait<void> {
  const destination = destinationOf(call);
  const permission = permissionOf(call);
  const mode = yield* requirePresent(call, path);
  if ((mode & S_IFMT) === S_IFDIR) throw new ApiError(400, `'${utf8FromBytes(path)}' is a directory`);
  const isSame = yield* call.sys.retry(() => find(call.management, path) === find(call.management, destination));
  if (isSame) throw new ApiError(400, `'${utf8FromBytes(path)}' and its copy are the same file`);
  yield* translated(`Failed copying '${utf8FromBytes(path)}'`, copyBytes(call.sys, path, destination, mode & 0o777));
  yield* changeMode(call, destination, permission);
}

function* copyBytes(sys: NativeCalls, from: ByteString, to: ByteString, mode: number): Wait<void> {
  const source = yield* sys.open(from, O_RDONLY, 0);
  try {
    const target = yield* sys.open(to, O_WRONLY | O_CREAT | O_TRUNC, mode);
    try {
      for (;;) {
        const piece = yield* sys.read(source, PIECE_BYTES);
        if (piece.length === 0) return;
        yield* sys.write(target, piece);
      }
    } finally {
      sys.close(target);
    }
  } finally {
    sys.close(source);
  }
}

export function* writeFile(call: RouteCall, path: ByteString): Wait<void> {
  const permission = permissionOf(call);
  const isNew = (yield* call.sys.retry(() => find(call.management, path))) === undefined;
  const flags = O_WRONLY | O_CREAT | (call.flag('overwrite') ? O_TRUNC : O_APPEND);
  yield* translated(`Failed writing '${utf8FromBytes(path)}'`, writeBytes(call, path, flags), 500);
  yield* changeMode(call, path, permission ?? (isNew ? NEW_MODE : undefined));
}

function* writeBytes(call: RouteCall, path: ByteString, flags: number): Wait<void> {
  const fd = yield* call.sys.open(path, flags, NEW_MODE);
  try {
    yield* call.sys.write(fd, bytesOf(call.text('content')));
  } finally {
    call.sys.close(fd);
  }
}

export function* removeFile(call: RouteCall, path: ByteString): Wait<void> {
  const inode = yield* call.sys.retry(() => find(call.management, path, false));
  if (inode === undefined) throw notFound(path);
  const text = `Failed deleting '${utf8FromBytes(path)}'`;
  if (path === '/') throw new ApiError(400, text);
  if (call.flag('recursive')) yield* removeTree(call, path, text);
  else yield* attempt(call.sys, text, () => removeOne(call.management, path));
}

/** Depth first, one name per attempt, so that a wait for the disk repeats one step only. */
function* removeTree(call: RouteCall, path: ByteString, text: string): Wait<void> {
  const names = yield* call.sys.retry(() => {
    const inode = find(call.management, path, false);
    if (inode === undefined || !isDirectory(inode.attributes())) return [];
    return namesIn(inode).filter((name) => name !== '.' && name !== '..');
  });
  for (const name of names) yield* removeTree(call, join(path, name), text);
  yield* attempt(call.sys, text, () => removeOne(call.management, path));
}

function removeOne(management: Management, path: ByteString): void {
  const inode = find(management, path, false);
  if (inode === undefined) return; // removed meanwhile
  const { vfs } = management.machine;
  if (isDirectory(inode.attributes())) vfs.rmdir(rootViewer(management), { path });
  else vfs.unlink(rootViewer(management), { path });
}

/** Mode of what is at `path`. @throws ApiError 404 */
function* requirePresent(call: RouteCall, path: ByteString): Wait<number> {
  const attributes = yield* call.sys.retry(() => find(call.management, path)?.attributes());
  if (attributes === undefined) throw notFound(path);
  return attributes.mode;
}

function* changeMode(call: RouteCall, path: ByteString, mode: number | undefined): Wait<void> {
  if (mode === undefined) return;
  yield* attempt(call.sys, `Failed setting permissions of '${utf8FromBytes(path)}'`, () => {
    const viewer = rootViewer(call.management);
    const { vfs } = call.management.machine;
    vfs.setAttributes(viewer, vfs.walk(viewer, path), { mode });
  });
}

function destinationOf(call: RouteCall): ByteString {
  const destination = call.text('destination');
  if (destination === '') throw new ApiError(400, 'Missing mandatory parameter(s): destination');
  if (!destination.startsWith('/') || destination.includes('\0')) {
    throw new ApiError(400, `Bad destination '${utf8FromBytes(destination)}'`);
  }
  return destination;
}

function permissionOf(call: RouteCall): number | undefined {
  if (!call.has('permission')) return undefined;
  if (!/^[0-7]{1,4}$/.test(call.text('permission'))) {
    throw new ApiError(400, `Bad permission '${utf8FromBytes(call.text('permission'))}', use an octal number`);
  }
  return Number.parseInt(call.text('permission'), 8);
}

/** Kernel work whose refusal is the caller's mistake. */
function* attempt(sys: NativeCalls, text: string, work: () => void): Wait<void> {
  try {
    yield* sys.retry(work);
  } catch (error) {
    if (error instanceof Errno) throw failure(text, error, 400);
    throw error;
  }
}

/** Runs `steps`; an Errno becomes an error reply. */
export function* translated(text: string, steps: Wait<void>, status = 400): Wait<void> {
  try {
    yield* steps;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    throw failure(text, error, isAbsence(error) ? 404 : status);
  }
}

function failure(text: string, error: Errno, status: number): ApiError {
  return new ApiError(status, `${text}: ${error.message}`);
}
