/** fcntl(2) and ioctl(2) on owners of files and their signals, O_ASYNC, leases, F_NOTIFY. */
import { CAP_LEASE } from '../abi/capability.ts';
import { EACCES, EAGAIN, EINVAL, ENOTDIR, ENOTTY, ESRCH, Errno } from '../abi/errno.ts';
import {
  DN_MULTISHOT,
  DN_TO_IN,
  F_OWNER_PGRP,
  F_OWNER_PID,
  F_OWNER_TID,
  F_RDLCK,
  F_UNLCK,
  F_WRLCK,
  O_ACCMODE,
  O_ASYNC,
  O_RDONLY,
} from '../abi/fcntl.ts';
import { FIONREAD } from '../abi/ioctls.ts';
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLPRI } from '../abi/poll.ts';
import { POLL_ERR, POLL_HUP, POLL_IN, POLL_MSG, POLL_OUT, POLL_PRI, SIGNAL_COUNT } from '../abi/signal.ts';
import { TerminalFile } from '../devices/terminal.ts';
import { asGuest } from '../program/guest-task.ts';
import {
  ioOwnerOf,
  ownedPrograms,
  ownUnlessOwned,
  setIoOwner,
  signalOwner,
  signalUrgent,
} from '../program/io-owner.ts';
import type { RunningMachine } from '../program/running-machine.ts';
import type { Thread } from '../program/thread.ts';
import { isCapable } from '../vfs/credentials.ts';
import type { Inode } from '../vfs/inode.ts';
import { endLease, leaseOf, setLease as takeLease } from '../vfs/leases.ts';
import type { Call, OpenFile, UserMemory } from '../vfs/open-file.ts';
import { isOpenForWriting, openFilesOf } from '../vfs/regular-file.ts';
import { unwatch, watch, type Watcher } from '../vfs/watches.ts';
import type { Result } from './syscall.ts';

const INT_MIN = -0x8000_0000;

/** F_SETOWN, FIOSETOWN: a process, or a group by its negative id; 0: nobody. @throws ESRCH, EINVAL */
export function setOwner(thread: Thread, file: OpenFile, owner: number): Result {
  if (owner === INT_MIN) throw EINVAL;
  return setOwnerOfType(thread, file, owner < 0 ? F_OWNER_PGRP : F_OWNER_PID, Math.abs(owner));
}

function setOwnerOfType(thread: Thread, file: OpenFile, type: number, id: number): Result {
  const { machine } = asGuest(thread);
  const wanted = { ...ioOwnerOf(file), type, id };
  const isThere = type === F_OWNER_TID ? machine.task(id) !== undefined : ownedPrograms(machine, wanted).length > 0;
  if (id !== 0 && !isThere) throw ESRCH;
  setIoOwner(file, type, id, thread.credentials);
  if (file.kind === 'socket' && !urgentSockets.has(file)) listenForUrgent(machine, file);
  return 0;
}

const urgentSockets = new WeakSet<OpenFile>();

/** The owner of a socket hears of urgent bytes without O_ASYNC. */
function listenForUrgent(machine: RunningMachine, file: OpenFile): void {
  urgentSockets.add(file);
  let mask = file.poll();
  file.readiness.listen(() => {
    const gained = file.isClosed === true ? 0 : file.poll() & ~mask;
    mask = file.poll();
    if ((gained & POLLPRI) !== 0) signalUrgent(machine, file);
  });
}

/** 0 where it is gone, too. */
export function getOwner(thread: Thread, file: OpenFile): number {
  const { machine } = asGuest(thread);
  const owner = ioOwnerOf(file);
  const isThere =
    owner.type === F_OWNER_TID ? machine.task(owner.id) !== undefined : ownedPrograms(machine, owner).length > 0;
  return !isThere ? 0 : owner.type === F_OWNER_PGRP ? -owner.id : owner.id;
}

/** struct f_owner_ex: type, id. */
export function setOwnerEx(thread: Thread, file: OpenFile, addr: number): Result {
  const type = thread.memory.loadU32(addr);
  const id = thread.memory.loadU32(addr + 4) | 0;
  if (![F_OWNER_TID, F_OWNER_PID, F_OWNER_PGRP].includes(type)) throw EINVAL;
  return setOwnerOfType(thread, file, type, id);
}

export function getOwnerEx(thread: Thread, file: OpenFile, addr: number): Result {
  thread.memory.writable(addr, 8);
  thread.memory.storeU32(addr, ioOwnerOf(file).type);
  thread.memory.storeU32(addr + 4, Math.abs(getOwner(thread, file)));
  return 0;
}

export function getOwnerUids(thread: Thread, file: OpenFile, addr: number): Result {
  const { uid, euid } = ioOwnerOf(file);
  thread.memory.writable(addr, 8);
  thread.memory.storeU32(addr, uid);
  thread.memory.storeU32(addr + 4, euid);
  return 0;
}

export function setSignal(file: OpenFile, signal: number): Result {
  if (signal < 0 || signal > SIGNAL_COUNT) throw EINVAL;
  ioOwnerOf(file).signal = signal;
  return 0;
}

/** Kinds whose readiness signals can tell (those with a fasync operation in Linux). */
const SIGNALLING: readonly string[] = ['pipe', 'socket', 'tty', 'inotify'];
const listeners = new WeakMap<OpenFile, () => void>();

/**
 * O_ASYNC goes on or off; what cannot signal never has it.
 * @throws ENOTTY for FIOASYNC on what cannot signal
 */
export function setAsync(thread: Thread, file: OpenFile, fd: number, isOn: boolean, isIoctl = false): void {
  if (isOn === ((file.flags & O_ASYNC) !== 0)) return;
  const canSignal = SIGNALLING.includes(file.kind);
  if (!canSignal && isIoctl) throw ENOTTY;
  if (!canSignal) return;
  file.flags = isOn ? file.flags | O_ASYNC : file.flags & ~O_ASYNC;
  listeners.get(file)?.();
  listeners.delete(file);
  if (!isOn) return;
  const { machine, program } = asGuest(thread);
  // Linux drivers/tty/tty_io.c: __tty_fasync.
  if (file.kind === 'tty') {
    const group = file instanceof TerminalFile ? file.terminal.foreground : undefined;
    if (group !== undefined) ownUnlessOwned(file, F_OWNER_PGRP, group, thread.credentials);
    else ownUnlessOwned(file, F_OWNER_PID, program.pid, thread.credentials);
  }
  listeners.set(file, listen(machine, file, fd));
}

/** Signals whenever more can be done with the file than before. @returns what ends that */
function listen(machine: RunningMachine, file: OpenFile, fd: number): () => void {
  let [mask, waiting] = stateOf(file);
  // A read wakes nobody: where the file counts what comes, that tells it.
  let { arrivals } = file;
  const stop = file.readiness.listen(() => {
    if (file.isClosed === true) {
      stop();
      return;
    }
    const [newMask, newWaiting] = stateOf(file);
    const gained = newMask & ~mask;
    const isLonger = newWaiting === undefined || newWaiting > (waiting ?? 0);
    const { arrivals: newArrivals } = file;
    const hasCome = newArrivals === undefined ? isLonger : newArrivals !== arrivals;
    const hasMore = (newMask & POLLIN) !== 0 && hasCome;
    [mask, waiting, arrivals] = [newMask, newWaiting, newArrivals];
    const code = codeOf(file, gained, hasMore);
    if (code !== undefined) signalOwner(machine, file, fd, code);
  });
  return stop;
}

function codeOf(file: OpenFile, gained: number, hasMore: boolean): Parameters<typeof signalOwner>[3] | undefined {
  if ((gained & POLLHUP) !== 0) return file.kind === 'pipe' ? POLL_IN : POLL_HUP;
  if ((gained & POLLPRI) !== 0) return POLL_PRI;
  if ((gained & POLLIN) !== 0 || hasMore) return POLL_IN;
  if ((gained & POLLOUT) !== 0) return POLL_OUT;
  if ((gained & POLLERR) === 0) return undefined;
  return file.kind === 'pipe' ? POLL_OUT : POLL_ERR;
}

/** What poll says, and how many bytes there are to read, where the file can tell. */
function stateOf(file: OpenFile): [mask: number, waiting: number | undefined] {
  let waiting: number | undefined;
  const memory = { storeU32: (_addr: number, value: number) => (waiting = value) } as unknown as UserMemory;
  const call: Call = { progress: undefined, isInterrupted: false, nowNs: 0, threadId: 0, raise: () => {} };
  try {
    file.ioctl(call, FIONREAD, 0, memory);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
  }
  return [file.poll(), waiting];
}

/** @throws EINVAL, EACCES */
function leasable(thread: Thread, file: OpenFile): Inode {
  const { inode } = file;
  if (file.kind !== 'regular' || inode === undefined) throw EINVAL;
  const { euid, fsUid = euid } = thread.credentials;
  if (inode.attributes().uid !== fsUid && !isCapable(thread.credentials, CAP_LEASE)) throw EACCES;
  return inode;
}

export function setLease(thread: Thread, file: OpenFile, fd: number, type: number): Result {
  if (type !== F_RDLCK && type !== F_WRLCK && type !== F_UNLCK) throw EINVAL;
  const inode = leasable(thread, file);
  if (type === F_UNLCK) {
    if (!endLease(inode, file)) throw EAGAIN;
    // Linux fs/locks.c: lease_modify.
    setIoOwner(file, F_OWNER_PID, 0, thread.credentials);
    return setSignal(file, 0);
  }
  // Linux fs/locks.c: check_conflicting_open.
  const isWriter = (file.flags & O_ACCMODE) !== O_RDONLY;
  if (type === F_RDLCK ? isOpenForWriting(inode) : openFilesOf(inode) > 1) throw EAGAIN;
  if (type === F_RDLCK && isWriter) throw EAGAIN;
  const { machine, program } = asGuest(thread);
  takeLease(inode, file, type, (force) => {
    signalOwner(machine, file, fd, POLL_MSG);
    const patienceNs = machine.settings.leaseBreakSeconds * 1e9;
    return machine.scheduler.timers.add(machine.clock.monotonicNs() + patienceNs, force);
  });
  ownUnlessOwned(file, F_OWNER_PID, program.pid, thread.credentials);
  return 0;
}

export function getLease(file: OpenFile): Result {
  if (file.inode === undefined || file.kind !== 'regular') throw EINVAL;
  return leaseOf(file.inode, file);
}

/** What happens in a directory makes a signal: once, or with DN_MULTISHOT until it is closed. */
class DirectoryNotice implements Watcher {
  mask = 0;
  isMultishot = false;
  readonly #tell: () => void;
  readonly #onOver: () => void;

  constructor(tell: () => void, onOver: () => void) {
    this.#tell = tell;
    this.#onOver = onOver;
  }

  onEvent(mask: number): void {
    if (!DN_TO_IN.some(([dn, events]) => (this.mask & dn) !== 0 && (mask & events) !== 0)) return;
    this.#tell();
    if (!this.isMultishot) this.#onOver();
  }
}

const notices = new WeakMap<OpenFile, { readonly notice: DirectoryNotice; readonly end: () => void }>();

/** F_NOTIFY: watches of one open directory add up; an empty set ends them. @throws ENOTDIR */
export function notifyOfDirectory(thread: Thread, file: OpenFile, fd: number, events: number): Result {
  const { inode } = file;
  if (file.kind !== 'directory' || inode === undefined) throw ENOTDIR;
  const mask = events & ~DN_MULTISHOT;
  if (mask === 0) {
    notices.get(file)?.end();
    return 0;
  }
  const { machine, program } = asGuest(thread);
  ownUnlessOwned(file, F_OWNER_PID, program.pid, thread.credentials);
  const { notice } = notices.get(file) ?? beginNotice(machine, file, inode, fd);
  notice.mask |= mask;
  notice.isMultishot ||= (events & DN_MULTISHOT) !== 0;
  return 0;
}

function beginNotice(
  machine: RunningMachine,
  file: OpenFile,
  inode: Inode,
  fd: number,
): { readonly notice: DirectoryNotice; readonly end: () => void } {
  const end = (): void => {
    unwatch(inode, notice);
    notices.delete(file);
    stop();
  };
  const notice = new DirectoryNotice(() => signalOwner(machine, file, fd, POLL_MSG), end);
  const stop = file.readiness.listen(() => {
    if (file.isClosed === true) end();
  });
  watch(inode, notice);
  const made = { notice, end };
  notices.set(file, made);
  return made;
}
