/** mlock(2), mlock2(2), munlock(2), mlockall(2), munlockall(2), and what RLIMIT_MEMLOCK says to those who map locked memory. */
import { GUEST_LIMIT, PAGE_SIZE } from '../../emulator/index.ts';
import { CAP_IPC_LOCK } from '../abi/capability.ts';
import { EAGAIN, EINVAL, ENOMEM, EPERM } from '../abi/errno.ts';
import { MLOCK_ONFAULT } from '../abi/mman.ts';
import { RLIMIT_MEMLOCK } from '../abi/resource.ts';
import { lockedBytes, mappedBytes, setLocked } from '../mm/locked-areas.ts';
import { type MemoryMap, pageUp } from '../mm/memory-map.ts';
import { asGuest } from '../program/guest-task.ts';
import type { Thread } from '../program/thread.ts';
import { isCapable } from '../vfs/credentials.ts';
import { type Result, type Syscall, syscall } from './syscall.ts';

const MCL_CURRENT = 1;
const MCL_FUTURE = 2;
const MCL_ONFAULT = 4;
const ADDRESS_SPACE = 2 ** 64;

interface Range {
  readonly addr: number;
  readonly length: number;
}

function mapOf(thread: Thread): MemoryMap {
  return asGuest(thread).namespace.map;
}

/** Bytes that may be locked in all; Infinity for the privileged. @throws EPERM where that is none */
function lockLimit(thread: Thread): number {
  if (isCapable(thread.credentials, CAP_IPC_LOCK)) return Number.POSITIVE_INFINITY;
  const limit = asGuest(thread).program.limits.soft(RLIMIT_MEMLOCK);
  if (limit === 0) throw EPERM;
  return limit;
}

/** Before locked memory is mapped or grows (MAP_LOCKED, MCL_FUTURE, mremap). @throws EPERM, EAGAIN */
export function requireLockable(thread: Thread, moreBytes: number): void {
  if (lockedBytes(mapOf(thread)) + moreBytes > lockLimit(thread)) throw EAGAIN;
}

/** Whole pages around the bytes. @throws EINVAL where the end wraps around, ENOMEM beyond the address space */
function pagesAround({ addr, length }: Range): { start: number; end: number } {
  const start = addr - (addr % PAGE_SIZE);
  const end = start + pageUp(length + (addr % PAGE_SIZE));
  if (end > ADDRESS_SPACE) throw EINVAL;
  if (end > GUEST_LIMIT) throw ENOMEM;
  return { start, end };
}

/** The order is that of Linux mm/mlock.c: do_mlock. */
function mlock(thread: Thread, args: Range & { readonly flags: number }): Result {
  if ((args.flags & ~MLOCK_ONFAULT) !== 0) throw EINVAL;
  const limit = lockLimit(thread);
  const map = mapOf(thread);
  const { start, end } = pagesAround(args);
  if (lockedBytes(map) - lockedBytes(map, start, end) + end - start > limit) throw ENOMEM;
  if (!map.areas.covers(start, end)) throw ENOMEM;
  setLocked(map, start, end, true);
  if (args.flags === 0) map.populateQuietly(start, end);
  return 0;
}

function munlock(thread: Thread, args: Range): Result {
  const map = mapOf(thread);
  const { start, end } = pagesAround(args);
  if (!map.areas.covers(start, end)) throw ENOMEM;
  setLocked(map, start, end, false);
  return 0;
}

function mlockall(thread: Thread, { flags }: { flags: number }): Result {
  if ((flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) !== 0 || flags === 0 || flags === MCL_ONFAULT) throw EINVAL;
  const limit = lockLimit(thread);
  const map = mapOf(thread);
  const isCurrent = (flags & MCL_CURRENT) !== 0;
  if (isCurrent && mappedBytes(map) > limit) throw ENOMEM;
  map.locksFuture = (flags & MCL_FUTURE) !== 0;
  if (isCurrent) setLocked(map, 0, GUEST_LIMIT, true);
  return 0;
}

function munlockall(thread: Thread): Result {
  const map = mapOf(thread);
  map.locksFuture = false;
  setLocked(map, 0, GUEST_LIMIT, false);
  return 0;
}

// oxfmt-ignore
export const memoryLocks: readonly Syscall[] = [
  syscall({ nr: 149, name: 'mlock', args: { addr: 'ptr', length: 'size' }, support: 'full', run: (thread, args) => mlock(thread, { ...args, flags: 0 }) }),
  syscall({ nr: 150, name: 'munlock', args: { addr: 'ptr', length: 'size' }, support: 'full', run: munlock }),
  syscall({ nr: 151, name: 'mlockall', args: { flags: 'flags' }, support: 'full', run: mlockall }),
  syscall({ nr: 152, name: 'munlockall', args: {}, support: 'full', run: munlockall }),
  syscall({ nr: 325, name: 'mlock2', args: { addr: 'ptr', length: 'size', flags: 'flags' }, support: 'full', run: mlock }),
];
