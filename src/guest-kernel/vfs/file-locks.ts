/**
 * Advisory locks on files: byte ranges of a process or of an open file (fcntl(2)), and whole files (flock(2)).
 *
 * A range belongs to its owner: a file table (F_SETLK; closing any descriptor of the file drops it) or an open file
 * (F_OFD_SETLK and flock; the last close drops it). Ranges of one owner never overlap; of different owners only when
 * both are shared.
 */
import { EDEADLK, ENOLCK } from '../abi/errno.ts';
import { WaitQueue } from '../program/wait-queue.ts';
import type { Inode } from './inode.ts';

export interface LockRange {
  readonly start: number;
  /** One past the last byte; Infinity: to the end of the file however long it grows. */
  readonly end: number;
  readonly isExclusive: boolean;
  readonly owner: object;
  /** What F_GETLK tells; -1 for an open file's. */
  readonly pid: number;
}

/** More locks nobody holds on one file; Linux has no bound but its memory. */
const MOST_RANGES = 65_536;

export class LockList {
  /** Woken when a lock is dropped. */
  readonly dropped = new WaitQueue();
  #ranges: LockRange[] = [];

  /** The first lock of another owner that forbids this one. */
  conflictOf(wanted: LockRange): LockRange | undefined {
    return this.#ranges.find((held) => {
      const isShared = !held.isExclusive && !wanted.isExclusive;
      return held.owner !== wanted.owner && !isShared && held.start < wanted.end && wanted.start < held.end;
    });
  }

  /** Takes a lock that conflicts with none; what its owner held there is replaced. @throws ENOLCK */
  set(wanted: LockRange): void {
    if (this.#ranges.length >= MOST_RANGES) throw ENOLCK;
    this.#cut(wanted.owner, wanted.start, wanted.end);
    this.#ranges.push(wanted);
    this.#ranges.sort((a, b) => a.start - b.start);
    this.dropped.wake(); // an exclusive lock may have become a shared one
  }

  /** @throws ENOLCK where a part of a lock goes, which leaves two */
  drop(owner: object, start = 0, end = Number.POSITIVE_INFINITY): void {
    if (end !== Number.POSITIVE_INFINITY && this.#ranges.length >= MOST_RANGES) throw ENOLCK;
    if (this.#cut(owner, start, end)) this.dropped.wake();
  }

  /** Takes [start, end) out of the owner's ranges; what sticks out on either side stays. */
  #cut(owner: object, start: number, end: number): boolean {
    let isChanged = false;
    this.#ranges = this.#ranges.flatMap((held) => {
      if (held.owner !== owner || held.start >= end || held.end <= start) return [held];
      isChanged = true;
      const left = held.start < start ? [{ ...held, end: start }] : [];
      const right = held.end > end ? [{ ...held, start: end }] : [];
      return [...left, ...right];
    });
    return isChanged;
  }
}

/** What owners wait for; of use only while the owner holds locks that another one waits for. */
const waits = new WeakMap<object, { readonly list: LockList; readonly range: LockRange }>();
const MAX_CHAIN = 10; // Linux fs/locks.c: MAX_DEADLK_ITERATIONS

/** F_SETLKW goes to wait for a lock that is in the way. @throws EDEADLK where those who hold it wait for this owner */
export function noteWait(list: LockList, range: LockRange): void {
  let holder = list.conflictOf(range)?.owner;
  for (let i = 0; i < MAX_CHAIN && holder !== undefined; i++) {
    const next = waits.get(holder);
    holder = next?.list.conflictOf(next.range)?.owner;
    if (holder === range.owner) throw EDEADLK;
  }
  waits.set(range.owner, { list, range });
}

export function noteWaited(owner: object): void {
  waits.delete(owner);
}

const recordLocks = new WeakMap<Inode, LockList>();
const fileLocks = new WeakMap<Inode, LockList>();

function listIn(lists: WeakMap<Inode, LockList>, inode: Inode): LockList {
  let list = lists.get(inode);
  if (list === undefined) lists.set(inode, (list = new LockList()));
  return list;
}

/** Locks of byte ranges (fcntl). */
export function recordLocksOf(inode: Inode): LockList {
  return listIn(recordLocks, inode);
}

/** Locks of whole files (flock); the two kinds do not see each other. */
export function fileLocksOf(inode: Inode): LockList {
  return listIn(fileLocks, inode);
}

/** The owner lets go of the file: a process that closes a descriptor, an open file that is closed at last. */
export function dropLocks(inode: Inode | undefined, owner: object): void {
  if (inode === undefined) return;
  recordLocks.get(inode)?.drop(owner);
  fileLocks.get(inode)?.drop(owner);
}
