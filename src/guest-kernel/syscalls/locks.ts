/** fcntl(2) record locks and flock(2). */
import { EAGAIN, EBADF, EINTR, EINVAL, EOVERFLOW } from '../abi/errno.ts';
import {
  F_GETLK,
  F_OFD_GETLK,
  F_OFD_SETLK,
  F_OFD_SETLKW,
  F_RDLCK,
  F_SETLK,
  F_SETLKW,
  F_UNLCK,
  F_WRLCK,
  FLOCK,
  LOCK_EX,
  LOCK_MAND,
  LOCK_NB,
  LOCK_SH,
  LOCK_UN,
  O_ACCMODE,
  O_RDONLY,
  O_WRONLY,
  SEEK_CUR,
  SEEK_END,
  SEEK_SET,
} from '../abi/fcntl.ts';
import { type Abandonable, blocked, isBlocked } from '../program/blocked.ts';
import type { Thread } from '../program/thread.ts';
import { fileLocksOf, noteWait, noteWaited, recordLocksOf, type LockList, type LockRange } from '../vfs/file-locks.ts';
import type { Call, OpenFile } from '../vfs/open-file.ts';
import type { Inode } from '../vfs/inode.ts';
import type { Result } from './syscall.ts';

const LOCK_COMMANDS: readonly number[] = [F_GETLK, F_SETLK, F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW];
const END_OF_OFFSETS = Number.POSITIVE_INFINITY;

export function isLockCommand(cmd: number): boolean {
  return LOCK_COMMANDS.includes(cmd);
}

interface Wanted {
  readonly type: number;
  readonly start: number;
  readonly end: number;
}

/** F_GETLK, F_SETLK, F_SETLKW and their forms that belong to the open file. */
export function recordLock(thread: Thread, file: OpenFile, cmd: number, addr: number, call: Call): Result {
  const wanted = loadLock(thread, file, addr);
  const isOpenFile = cmd >= F_OFD_GETLK;
  if (isOpenFile && thread.memory.loadU32(addr + FLOCK.l_pid) !== 0) throw EINVAL;
  if (file.inode === undefined) throw EINVAL;
  const list = recordLocksOf(file.inode);
  const owner = isOpenFile ? file : thread.files;
  const range: LockRange = {
    start: wanted.start,
    end: wanted.end,
    isExclusive: wanted.type === F_WRLCK,
    owner,
    pid: isOpenFile ? -1 : thread.program.pid,
  };
  if (cmd === F_GETLK || cmd === F_OFD_GETLK) return tell(thread, addr, wanted.type, list.conflictOf(range));
  if (wanted.type === F_UNLCK) {
    list.drop(owner, wanted.start, wanted.end);
    return 0;
  }
  const access = file.flags & O_ACCMODE;
  if (access === (wanted.type === F_WRLCK ? O_RDONLY : O_WRONLY)) throw EBADF;
  if (cmd !== F_SETLKW) return take(list, range, cmd === F_OFD_SETLKW, call);
  noteWaited(owner);
  if (!call.isInterrupted) noteWait(list, range);
  const result = take(list, range, true, call);
  if (isBlocked(result)) return { ...result, progress: { abandon: () => noteWaited(owner) } satisfies Abandonable };
  noteWaited(owner);
  return result;
}

function take(list: LockList, range: LockRange, isWaiting: boolean, call: Call): Result {
  if (list.conflictOf(range) === undefined) {
    list.set(range);
    return 0;
  }
  if (!isWaiting) throw EAGAIN;
  if (call.isInterrupted) throw EINTR;
  return blocked(list.dropped);
}

/** F_GETLK: the lock in the way, or F_UNLCK and nothing else changed. */
function tell(thread: Thread, addr: number, type: number, found: LockRange | undefined): Result {
  if (type === F_UNLCK) throw EINVAL;
  const bytes = thread.memory.writable(addr, FLOCK.size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, FLOCK.size);
  view.setInt16(FLOCK.l_type, found === undefined ? F_UNLCK : found.isExclusive ? F_WRLCK : F_RDLCK, true);
  if (found === undefined) return 0;
  view.setInt16(FLOCK.l_whence, SEEK_SET, true);
  view.setBigInt64(FLOCK.l_start, BigInt(found.start), true);
  view.setBigInt64(FLOCK.l_len, found.end === END_OF_OFFSETS ? 0n : BigInt(found.end - found.start), true);
  view.setInt32(FLOCK.l_pid, found.pid, true);
  return 0;
}

function loadLock(thread: Thread, file: OpenFile, addr: number): Wanted {
  const bytes = thread.memory.readable(addr, FLOCK.size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, FLOCK.size);
  const type = view.getInt16(FLOCK.l_type, true);
  if (type !== F_RDLCK && type !== F_WRLCK && type !== F_UNLCK) throw EINVAL;
  const length = Number(view.getBigInt64(FLOCK.l_len, true));
  const from = baseOf(file, view.getInt16(FLOCK.l_whence, true)) + Number(view.getBigInt64(FLOCK.l_start, true));
  // fcntl(2): a negative length is the bytes before the start, none means to the end of the file.
  const start = length < 0 ? from + length : from;
  if (start < 0) throw EINVAL;
  if (start > Number.MAX_SAFE_INTEGER) throw EOVERFLOW;
  return { type, start, end: length === 0 ? END_OF_OFFSETS : length < 0 ? from : from + length };
}

function baseOf(file: OpenFile, whence: number): number {
  switch (whence) {
    case SEEK_SET:
      return 0;
    case SEEK_CUR:
      return file.offset;
    case SEEK_END:
      return file.attributes().sizeBytes;
    default:
      throw EINVAL;
  }
}

export function flock(thread: Thread, { fd, operation }: { fd: number; operation: number }, call: Call): Result {
  const file = thread.files.get(fd);
  if ((operation & LOCK_MAND) !== 0) return 0;
  const kind = operation & ~LOCK_NB;
  if (kind !== LOCK_SH && kind !== LOCK_EX && kind !== LOCK_UN) throw EINVAL;
  const inode: Inode | undefined = file.inode;
  if (inode === undefined) throw EINVAL;
  const list = fileLocksOf(inode);
  if (kind === LOCK_UN) {
    list.drop(file);
    return 0;
  }
  const range = { start: 0, end: END_OF_OFFSETS, isExclusive: kind === LOCK_EX, owner: file, pid: -1 };
  return take(list, range, (operation & LOCK_NB) === 0, call);
}
