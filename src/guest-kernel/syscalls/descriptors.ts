/** dup(2), fcntl(2), ioctl(2), pipe(2), fsync(2), sync_file_range(2), posix_fadvise(2), readahead(2). */
import { CAP_SYS_RESOURCE } from '../abi/capability.ts';
import { EBADF, EINVAL, EPERM, EROFS, ESPIPE } from '../abi/errno.ts';
import {
  F_DUPFD,
  F_DUPFD_CLOEXEC,
  F_GETFD,
  F_GETFL,
  F_GETLEASE,
  F_GETOWN,
  F_GETOWNER_UIDS,
  F_GETOWN_EX,
  F_GETSIG,
  F_SETLEASE,
  F_SETOWN_EX,
  F_SETSIG,
  F_ADD_SEALS,
  F_GET_SEALS,
  F_GETPIPE_SZ,
  F_SETFD,
  F_SETFL,
  F_NOTIFY,
  F_SETOWN,
  F_SETPIPE_SZ,
  FD_CLOEXEC,
  O_ACCMODE,
  O_APPEND,
  O_ASYNC,
  O_CLOEXEC,
  O_DIRECT,
  O_LARGEFILE,
  O_NOATIME,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  SYNC_FILE_RANGE_WAIT_AFTER,
  SYNC_FILE_RANGE_WAIT_BEFORE,
  SYNC_FILE_RANGE_WRITE,
} from '../abi/fcntl.ts';
import { FS_IOC_GETFLAGS, FS_IOC_SETFLAGS } from '../abi/file-flags.ts';
import {
  FIOASYNC,
  FIOCLEX,
  FIONBIO,
  FIONCLEX,
  FIONREAD,
  FIOGETOWN,
  FIOSETOWN,
  SIOCGPGRP,
  SIOCSPGRP,
} from '../abi/ioctls.ts';
import { PtyMaster, isPeerRequest } from '../devices/pty.ts';
import { blocked } from '../program/blocked.ts';
import { ioOwnerOf } from '../program/io-owner.ts';
import { asGuest } from '../program/guest-task.ts';
import type { Thread } from '../program/thread.ts';
import { isCapable } from '../vfs/credentials.ts';
import { isAppendOnly } from '../vfs/file-flags.ts';
import type { Call, OpenFile } from '../vfs/open-file.ts';
import type { Filesystem } from '../vfs/inode.ts';
import { makePipe, PipeFile } from '../vfs/pipe.ts';
import { addSeals, getSeals } from '../vfs/seals.ts';
import { isMappedWritable, writeBackShared } from '../vfs/shared-pages.ts';
import {
  getLease,
  getOwner,
  getOwnerEx,
  getOwnerUids,
  notifyOfDirectory,
  setAsync,
  setLease,
  setOwner,
  setOwnerEx,
  setSignal,
} from './io-signals.ts';
import { flock, isLockCommand, recordLock } from './locks.ts';
import { readableFile } from './read-write.ts';
import { getFileFlags, setFileFlags } from './file-flags.ts';
import { syscall, type Result, type Syscall } from './syscall.ts';

const SETTABLE = O_APPEND | O_DIRECT | O_NOATIME | O_NONBLOCK; // fcntl(2), F_SETFL

function duplicate(thread: Thread, fd: number, least: number, isCloseOnExec: boolean): Result {
  if (least < 0 || least >= thread.files.limit) throw EINVAL;
  const file = thread.files.get(fd);
  const copy = thread.files.add(file, { least, isCloseOnExec });
  file.retain();
  return copy;
}

function dup2(thread: Thread, { oldfd, newfd }: { oldfd: number; newfd: number }): Result {
  thread.files.get(oldfd);
  return oldfd === newfd ? newfd : thread.files.duplicate(oldfd, newfd);
}

function dup3(thread: Thread, { oldfd, newfd, flags }: { oldfd: number; newfd: number; flags: number }): Result {
  if ((flags & ~O_CLOEXEC) !== 0 || oldfd === newfd) throw EINVAL;
  return thread.files.duplicate(oldfd, newfd, flags !== 0);
}

type Control = (thread: Thread, file: OpenFile, fd: number, argument: number) => Result;

const CONTROLS: ReadonlyMap<number, Control> = new Map<number, Control>([
  [F_DUPFD, (thread, _file, fd, least) => duplicate(thread, fd, least, false)],
  [F_DUPFD_CLOEXEC, (thread, _file, fd, least) => duplicate(thread, fd, least, true)],
  [F_GETFD, (thread, _file, fd) => (thread.files.isCloseOnExec(fd) ? FD_CLOEXEC : 0)],
  [
    F_SETFD,
    (thread, _file, fd, flags) => {
      thread.files.setCloseOnExec(fd, (flags & FD_CLOEXEC) !== 0);
      return 0;
    },
  ],
  [F_GETFL, (_thread, file) => file.flags | (file.kind === 'regular' || file.kind === 'directory' ? O_LARGEFILE : 0)],
  [
    F_SETFL,
    (thread, file, fd, flags) => {
      const isAppendFixed = file.inode !== undefined && isAppendOnly(file.inode);
      if (isAppendFixed && ((file.flags ^ flags) & O_APPEND) !== 0) throw EPERM;
      setAsync(thread, file, fd, (flags & O_ASYNC) !== 0);
      file.flags = (file.flags & ~SETTABLE) | (flags & SETTABLE);
      return 0;
    },
  ],
  [F_GETOWN, getOwner],
  [F_SETOWN, (thread, file, _fd, owner) => setOwner(thread, file, owner)],
  [F_GETSIG, (_thread, file) => ioOwnerOf(file).signal],
  [F_SETSIG, (_thread, file, _fd, signal) => setSignal(file, signal)],
  [F_SETLEASE, setLease],
  [F_GETLEASE, (_thread, file) => getLease(file)],
  [F_NOTIFY, notifyOfDirectory],
  [F_GET_SEALS, (_thread, file) => getSeals(file.inode)],
  [F_ADD_SEALS, (_thread, file, _fd, seals) => seal(file, seals)],
  [F_GETPIPE_SZ, (_thread, file) => pipeOf(file).capacity],
  [
    F_SETPIPE_SZ,
    (thread, file, _fd, size) => pipeOf(file).resize(size, isCapable(thread.credentials, CAP_SYS_RESOURCE)),
  ],
]);

const ALLOWED_ON_PATH_FILES: readonly number[] = [F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL];

function seal(file: OpenFile, seals: number): Result {
  if ((file.flags & O_ACCMODE) === O_RDONLY) throw EPERM;
  addSeals(file.inode, seals, file.inode !== undefined && isMappedWritable(file.inode));
  return 0;
}

/** Those whose argument is an address. */
const POINTER_CONTROLS: ReadonlyMap<number, (thread: Thread, file: OpenFile, addr: number) => Result> = new Map([
  [F_SETOWN_EX, setOwnerEx],
  [F_GETOWN_EX, getOwnerEx],
  [F_GETOWNER_UIDS, getOwnerUids],
]);

function pipeOf(file: OpenFile): PipeFile['pipe'] {
  if (!(file instanceof PipeFile)) throw EBADF;
  return file.pipe;
}

function fcntl(thread: Thread, { fd, cmd, arg }: { fd: number; cmd: number; arg: number }, call: Call): Result {
  const file = thread.files.get(fd);
  if ((file.flags & O_PATH) !== 0 && !ALLOWED_ON_PATH_FILES.includes(cmd)) throw EBADF;
  if (isLockCommand(cmd)) return recordLock(thread, file, cmd, arg, call);
  const byPointer = POINTER_CONTROLS.get(cmd);
  if (byPointer !== undefined) return byPointer(thread, file, arg);
  const control = CONTROLS.get(cmd);
  if (control === undefined) throw EINVAL;
  return control(thread, file, fd, arg | 0);
}

function ioctl(thread: Thread, { fd, request, arg }: { fd: number; request: number; arg: number }, call: Call): Result {
  const file = thread.files.get(fd);
  const { memory } = thread;
  switch (request) {
    case FIOCLEX:
    case FIONCLEX:
      thread.files.setCloseOnExec(fd, request === FIOCLEX);
      return 0;
    case FS_IOC_GETFLAGS:
      return getFileFlags(thread, file, arg);
    case FS_IOC_SETFLAGS:
      return setFileFlags(thread, file, arg);
    case FIONBIO:
      file.flags = memory.loadU32(arg) === 0 ? file.flags & ~O_NONBLOCK : file.flags | O_NONBLOCK;
      return 0;
    case FIOASYNC:
      setAsync(thread, file, fd, memory.loadU32(arg) !== 0, true);
      return 0;
    case FIOSETOWN:
    case SIOCSPGRP:
      if (file.kind !== 'socket') break;
      return setOwner(thread, file, memory.loadU32(arg) | 0);
    case FIOGETOWN:
    case SIOCGPGRP:
      if (file.kind !== 'socket') break;
      memory.storeU32(arg, getOwner(thread, file));
      return 0;
    case FIONREAD:
      if (file.kind !== 'regular') break;
      memory.storeU32(arg, Math.max(0, file.attributes().sizeBytes - file.offset));
      return 0;
    default:
  }
  if (file instanceof PtyMaster && isPeerRequest(request)) {
    const peer = file.openPeer(arg & ~O_CLOEXEC);
    return thread.files.add(peer, { isCloseOnExec: (arg & O_CLOEXEC) !== 0 });
  }
  return file.ioctl(call, request, arg, memory);
}

let pipeSerial = 0x8000;

function pipe2(thread: Thread, fds: number, flags: number): Result {
  if ((flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT)) !== 0) throw EINVAL;
  thread.memory.writable(fds, 8);
  const isCloseOnExec = (flags & O_CLOEXEC) !== 0;
  const [reader, writer] = makePipe(flags, ++pipeSerial, asGuest(thread).machine.keptMemory);
  let readFd = -1;
  try {
    readFd = thread.files.add(reader, { isCloseOnExec });
    const writeFd = thread.files.add(writer, { isCloseOnExec });
    thread.memory.storeU32(fds, readFd);
    thread.memory.storeU32(fds + 4, writeFd);
  } catch (error) {
    if (readFd < 0) reader.release();
    else thread.files.close(readFd);
    writer.release();
    throw error;
  }
  return 0;
}

/** Waits until everything written before is durable. @throws EIO when it could not be made so */
function syncFilesystems(filesystems: readonly Filesystem[], call: Call): Result {
  if (call.progress !== 'synced') for (const filesystem of filesystems) writeBackShared(filesystem);
  const queues = filesystems.map((filesystem) => filesystem.sync()).filter((queue) => queue !== undefined);
  // The second run comes when the flush is over; what others have written since is not its business.
  if (queues.length === 0 || call.progress === 'synced') return 0;
  return blocked(queues.slice(0, 1), { progress: 'synced', isUninterruptible: true });
}

function fsync(thread: Thread, { fd }: { fd: number }, call: Call): Result {
  const file = openFile(thread, fd);
  if (file.kind !== 'regular' && file.kind !== 'directory') throw file.inode === undefined ? EINVAL : EROFS;
  return file.inode === undefined ? 0 : syncFilesystems([file.inode.filesystem], call);
}

const WRITE_AND_WAIT = SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;

interface RangeArgs {
  readonly fd: number;
  readonly offset: number;
  readonly count: number;
  readonly flags: number;
}

// Linux fs/sync.c: ksys_sync_file_range. What is only to be begun is begun by the next flush.
function syncFileRange(thread: Thread, { fd, offset, count, flags }: RangeArgs, call: Call): Result {
  const file = openFile(thread, fd);
  if ((flags & ~(SYNC_FILE_RANGE_WAIT_BEFORE | WRITE_AND_WAIT)) !== 0) throw EINVAL;
  if (offset < 0 || count < 0 || offset + count >= 2 ** 63) throw EINVAL;
  if (file.kind !== 'regular' && file.kind !== 'directory') throw ESPIPE;
  const isAwaited = (flags & WRITE_AND_WAIT) === WRITE_AND_WAIT;
  return isAwaited && file.inode !== undefined ? syncFilesystems([file.inode.filesystem], call) : 0;
}

/** Not one that only names a file. */
function openFile(thread: Thread, fd: number): OpenFile {
  const file = thread.files.get(fd);
  if ((file.flags & O_PATH) !== 0) throw EBADF;
  return file;
}

function syncfs(thread: Thread, { fd }: { fd: number }, call: Call): Result {
  const { inode } = openFile(thread, fd);
  return inode === undefined ? 0 : syncFilesystems([inode.filesystem], call);
}

function sync(thread: Thread, _args: object, call: Call): Result {
  return syncFilesystems([...new Set(thread.machine.vfs.mounts.map(({ filesystem }) => filesystem))], call);
}

function fadvise(thread: Thread, { fd, len, advice }: { fd: number; len: number; advice: number }): Result {
  if (openFile(thread, fd).kind === 'pipe') throw ESPIPE;
  if (len < 0 || advice < 0 || advice > 5) throw EINVAL;
  return 0;
}

function readahead(thread: Thread, { fd }: { fd: number }): Result {
  if (readableFile(thread, fd).kind !== 'regular') throw EINVAL;
  return 0;
}

// oxfmt-ignore
export const descriptors: readonly Syscall[] = [
  syscall({ nr: 16, name: 'ioctl', args: { fd: 'fd', request: 'uint', arg: 'ptr' }, support: 'full', run: ioctl }),
  syscall({ nr: 22, name: 'pipe', args: { fds: 'ptr' }, support: 'full', run: (thread, { fds }) => pipe2(thread, fds, 0) }),
  syscall({ nr: 32, name: 'dup', args: { fd: 'fd' }, support: 'full', run: (thread, { fd }) => duplicate(thread, fd, 0, false) }),
  syscall({ nr: 33, name: 'dup2', args: { oldfd: 'fd', newfd: 'fd' }, support: 'full', run: dup2 }),
  syscall({ nr: 72, name: 'fcntl', args: { fd: 'fd', cmd: 'int', arg: 'off' },
    support: 'full', run: fcntl }),
  syscall({ nr: 73, name: 'flock', args: { fd: 'fd', operation: 'int' }, support: 'full', run: flock }),
  syscall({ nr: 74, name: 'fsync', args: { fd: 'fd' }, support: 'full', run: fsync }),
  syscall({ nr: 75, name: 'fdatasync', args: { fd: 'fd' }, support: 'full', run: fsync }),
  syscall({ nr: 162, name: 'sync', args: {}, support: 'full', run: sync }),
  syscall({ nr: 187, name: 'readahead', args: { fd: 'fd', offset: 'off', count: 'size' }, support: 'full', run: readahead }),
  syscall({ nr: 221, name: 'fadvise64', args: { fd: 'fd', offset: 'off', len: 'off', advice: 'int' }, support: 'full', run: fadvise }),
  syscall({ nr: 277, name: 'sync_file_range', args: { fd: 'fd', offset: 'off', count: 'off', flags: 'flags' }, support: 'full',
    run: syncFileRange }),
  syscall({ nr: 292, name: 'dup3', args: { oldfd: 'fd', newfd: 'fd', flags: 'flags' }, support: 'full', run: dup3 }),
  syscall({ nr: 293, name: 'pipe2', args: { fds: 'ptr', flags: 'flags' }, support: 'full',
    run: (thread, { fds, flags }) => pipe2(thread, fds, flags) }),
  syscall({ nr: 306, name: 'syncfs', args: { fd: 'fd' }, support: 'full', run: syncfs }),
];
