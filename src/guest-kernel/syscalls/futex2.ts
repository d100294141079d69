/** The newer futex calls: futex_waitv(2), futex_wait, futex_wake, futex_requeue (Linux kernel/futex/syscalls.c). */
import { EAGAIN, EINVAL } from '../abi/errno.ts';
import { isBlocked } from '../program/blocked.ts';
import { type FutexWord, futexPlace, futexWait } from './futex-wait.ts';
import type { Thread } from '../program/thread.ts';
import type { Call } from '../vfs/open-file.ts';
import { type Result, type Syscall, syscall } from './syscall.ts';
import { CLOCK } from './time.ts';
import { loadTimespecNs } from './timespec.ts';

const FUTEX2_SIZE_MASK = 3;
const FUTEX2_SIZE_U32 = 2;
const FUTEX2_PRIVATE = 0x80;
const MAX_WAITERS = 128;
/** struct futex_waitv: val, uaddr (64 bits each), flags, reserved. */
const WAITER_BYTES = 24;

/** Words of 32 bits are the only ones; @throws EINVAL as Linux for others. */
function checkFlags(flags: number): void {
  if ((flags & ~(FUTEX2_SIZE_MASK | FUTEX2_PRIVATE)) !== 0) throw EINVAL;
  if ((flags & FUTEX2_SIZE_MASK) !== FUTEX2_SIZE_U32) throw EINVAL;
}

function checkAddress(addr: number): void {
  if (addr % 4 !== 0) throw EINVAL;
}

/** An absolute time of either clock as one of the monotonic clock. */
function deadlineOf(thread: Thread, call: Call, timeout: number, clock: number): number | undefined {
  if (timeout === 0) return undefined;
  if (clock !== CLOCK.MONOTONIC && clock !== CLOCK.REALTIME) throw EINVAL;
  const ns = loadTimespecNs(thread.memory, timeout);
  return clock === CLOCK.MONOTONIC ? ns : call.nowNs + ns - Number(thread.machine.clock.realtimeNs());
}

function loadWaiter(thread: Thread, addr: number): FutexWord {
  const { memory } = thread;
  const flags = memory.loadU32(addr + 16);
  checkFlags(flags);
  if (memory.loadU32(addr + 20) !== 0) throw EINVAL;
  const word = memory.loadNumber(addr + 8);
  checkAddress(word);
  const expected = memory.loadNumber(addr);
  if (expected > 0xffff_ffff || expected < 0) throw EINVAL;
  return { addr: word, expected, isPrivate: (flags & FUTEX2_PRIVATE) !== 0, wait: { bits: -1 } };
}

interface WaitMany {
  readonly waiters: number;
  readonly count: number;
  readonly flags: number;
  readonly timeout: number;
  readonly clock: number;
}

function waitv(thread: Thread, args: WaitMany, call: Call): Result {
  if (args.flags !== 0 || args.count < 1 || args.count > MAX_WAITERS || args.waiters === 0) throw EINVAL;
  return futexWait(
    thread,
    call,
    () => Array.from({ length: args.count }, (_, i) => loadWaiter(thread, args.waiters + i * WAITER_BYTES)),
    () => deadlineOf(thread, call, args.timeout, args.clock),
  );
}

interface Wait {
  readonly addr: number;
  readonly value: number;
  readonly mask: number;
  readonly flags: number;
  readonly timeout: number;
  readonly clock: number;
}

function wait(thread: Thread, args: Wait, call: Call): Result {
  checkFlags(args.flags);
  checkAddress(args.addr);
  if (args.value > 0xffff_ffff || args.mask > 0xffff_ffff || args.mask === 0) throw EINVAL;
  const isPrivate = (args.flags & FUTEX2_PRIVATE) !== 0;
  const word = { addr: args.addr, expected: args.value, isPrivate, wait: { bits: args.mask | 0 } };
  const result = futexWait(
    thread,
    call,
    () => [word],
    () => deadlineOf(thread, call, args.timeout, args.clock),
  );
  return isBlocked(result) ? result : 0;
}

function wake(thread: Thread, args: { addr: number; mask: number; count: number; flags: number }): Result {
  checkFlags(args.flags);
  checkAddress(args.addr);
  if (args.mask > 0xffff_ffff || args.mask === 0) throw EINVAL;
  thread.memory.readable(args.addr, 4);
  const { table, key } = futexPlace(thread, args.addr, (args.flags & FUTEX2_PRIVATE) !== 0);
  return args.count === 0 ? 0 : table.wake(key, args.count, args.mask | 0);
}

function requeue(thread: Thread, args: { waiters: number; flags: number; wakes: number; moves: number }): Result {
  if (args.flags !== 0 || args.waiters === 0 || args.wakes < 0 || args.moves < 0) throw EINVAL;
  const from = loadWaiter(thread, args.waiters);
  const to = loadWaiter(thread, args.waiters + WAITER_BYTES);
  if (thread.memory.loadU32(from.addr) !== from.expected) throw EAGAIN;
  thread.memory.readable(to.addr, 4);
  const { table, key } = futexPlace(thread, from.addr, from.isPrivate);
  const woken = table.wake(key, args.wakes);
  return woken + table.requeue(key, futexPlace(thread, to.addr, to.isPrivate), args.moves);
}

// oxfmt-ignore
export const futexes2: readonly Syscall[] = [
  syscall({ nr: 449, name: 'futex_waitv', args: { waiters: 'ptr', count: 'uint', flags: 'flags', timeout: 'ptr', clock: 'int' }, support: 'full', run: waitv }),
  syscall({ nr: 454, name: 'futex_wake', args: { addr: 'ptr', mask: 'size', count: 'int', flags: 'flags' }, support: 'full', run: wake }),
  syscall({ nr: 455, name: 'futex_wait', args: { addr: 'ptr', value: 'size', mask: 'size', flags: 'flags', timeout: 'ptr', clock: 'int' }, support: 'full', run: wait }),
  syscall({ nr: 456, name: 'futex_requeue', args: { waiters: 'ptr', flags: 'flags', wakes: 'int', moves: 'int' }, support: 'full', run: requeue }),
];
