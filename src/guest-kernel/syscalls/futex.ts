/** futex(2): wait, wake, requeue, wake-op, and locks that are handed to their next owner. */
import { REG } from '../../emulator/index.ts';
import { EAGAIN, EFAULT, EINVAL, ENOSYS, ERESTART_RESTARTBLOCK } from '../abi/errno.ts';
import { isBlocked } from '../program/blocked.ts';
import type { FutexPlace } from '../program/futex-table.ts';
import { futexPlace, futexWait } from './futex-wait.ts';
import type { Thread } from '../program/thread.ts';
import type { Call } from '../vfs/open-file.ts';
import {
  type LockRequeue,
  type FutexLock,
  lockFutex,
  requeueToLock,
  tryLockFutex,
  unlockFutex,
  waitForLock,
} from './futex-lock.ts';
import { type Result, type Syscall, syscall } from './syscall.ts';
import { loadTimespecNs } from './timespec.ts';

const FUTEX_WAIT = 0;
const FUTEX_WAKE = 1;
const FUTEX_REQUEUE = 3;
const FUTEX_CMP_REQUEUE = 4;
const FUTEX_WAKE_OP = 5;
const FUTEX_LOCK_PI = 6;
const FUTEX_UNLOCK_PI = 7;
const FUTEX_TRYLOCK_PI = 8;
const FUTEX_WAIT_BITSET = 9;
const FUTEX_WAKE_BITSET = 10;
const FUTEX_WAIT_REQUEUE_PI = 11;
const FUTEX_CMP_REQUEUE_PI = 12;
const FUTEX_LOCK_PI2 = 13;
const FUTEX_PRIVATE_FLAG = 0x80;
const FUTEX_CLOCK_REALTIME = 0x100;
const FUTEX_COMMAND = 0x7f;
/** Linux TASK_SIZE_MAX. */
const ADDRESS_LIMIT = 2 ** 47 - 4096;

interface FutexArguments {
  readonly addr: number;
  readonly operation: number;
  readonly value: number;
  /** A timeout's address, or the second count. */
  readonly timeout: number;
  readonly addr2: number;
  readonly value3: number;
}

type Operation = (thread: Thread, args: FutexArguments, call: Call) => Result;

const OPERATIONS: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  [FUTEX_WAIT, (thread, args, call) => wait(thread, args, call, -1)],
  [FUTEX_WAIT_BITSET, (thread, args, call) => wait(thread, args, call, args.value3 | 0)],
  [FUTEX_WAKE, (thread, args) => wake(thread, args, -1)],
  [FUTEX_WAKE_BITSET, (thread, args) => wake(thread, args, args.value3 | 0)],
  [FUTEX_REQUEUE, (thread, args) => requeue(thread, args, () => {})],
  [
    FUTEX_CMP_REQUEUE,
    (thread, args) =>
      requeue(thread, args, () => {
        if (thread.memory.loadU32(args.addr) !== args.value3) throw EAGAIN;
      }),
  ],
  [FUTEX_WAKE_OP, wakeOp],
  [
    FUTEX_LOCK_PI,
    (thread, args, call) => lockFutex(thread, lockWord(args), call, () => deadlineOf(thread, args, call)),
  ],
  [
    FUTEX_LOCK_PI2,
    (thread, args, call) => lockFutex(thread, lockWord(args), call, () => deadlineOf(thread, args, call)),
  ],
  [FUTEX_TRYLOCK_PI, (thread, args) => tryLockFutex(thread, lockWord(args))],
  [FUTEX_UNLOCK_PI, (thread, args) => unlockFutex(thread, lockWord(args))],
  [
    FUTEX_WAIT_REQUEUE_PI,
    (thread, args, call) =>
      waitForLock(thread, lockRequeue(args), args.value, call, () => deadlineOf(thread, args, call)),
  ],
  [
    FUTEX_CMP_REQUEUE_PI,
    (thread, args) => {
      // FUTEX_CMP_REQUEUE_PI of Linux refuses more than one to wake, and one word twice.
      if (args.value !== 1 || secondCount(thread) < 0 || args.addr === args.addr2 || args.addr2 % 4 !== 0) throw EINVAL;
      thread.memory.writable(args.addr2, 4);
      if (thread.memory.loadU32(args.addr) !== args.value3) throw EAGAIN;
      return requeueToLock(thread, lockRequeue(args), secondCount(thread));
    },
  ],
]);

/** Those that may name CLOCK_REALTIME; in FUTEX_LOCK_PI it is understood. */
const CLOCKED = [FUTEX_WAIT_BITSET, FUTEX_LOCK_PI2, FUTEX_WAIT_REQUEUE_PI];

/** Those whose timeout is looked at before anything else (Linux kernel/futex/syscalls.c: futex_cmd_has_timeout). */
const TIMED = [FUTEX_WAIT, FUTEX_LOCK_PI, ...CLOCKED];

function futex(thread: Thread, args: FutexArguments, call: Call): Result {
  const command = args.operation & FUTEX_COMMAND;
  if (args.timeout !== 0 && TIMED.includes(command)) loadTimespecNs(thread.memory, args.timeout);
  const operation = OPERATIONS.get(command);
  if (operation === undefined) throw ENOSYS;
  if ((args.operation & FUTEX_CLOCK_REALTIME) !== 0 && !CLOCKED.includes(command)) throw ENOSYS;
  if (args.addr % 4 !== 0 && command !== FUTEX_UNLOCK_PI) throw EINVAL; // whose word is looked at first
  return operation(thread, args, call);
}

function isPrivate({ operation }: FutexArguments): boolean {
  return (operation & FUTEX_PRIVATE_FLAG) !== 0;
}

function lockWord(args: FutexArguments): FutexLock {
  return { addr: args.addr, isPrivate: isPrivate(args) };
}

function lockRequeue(args: FutexArguments): LockRequeue {
  return { from: lockWord(args), to: { addr: args.addr2, isPrivate: isPrivate(args) } };
}

function wait(thread: Thread, args: FutexArguments, call: Call, bits: number): Result {
  if (bits === 0) throw EINVAL;
  const word = { addr: args.addr, expected: args.value, isPrivate: isPrivate(args), wait: { bits } };
  const result = futexWait(
    thread,
    call,
    () => [word],
    () => deadlineOf(thread, args, call),
  );
  if (!isBlocked(result)) return 0;
  return args.timeout === 0 ? result : { ...result, interruption: ERESTART_RESTARTBLOCK };
}

/** FUTEX_WAIT counts from now; the others name a time of the monotonic or the real clock. */
function deadlineOf(thread: Thread, args: FutexArguments, call: Call): number | undefined {
  if (args.timeout === 0) return undefined;
  const ns = loadTimespecNs(thread.memory, args.timeout);
  const command = args.operation & FUTEX_COMMAND;
  if (command === FUTEX_WAIT) return call.nowNs + ns;
  if ((args.operation & FUTEX_CLOCK_REALTIME) === 0 && command !== FUTEX_LOCK_PI) return ns;
  return call.nowNs + ns - Number(thread.machine.clock.realtimeNs());
}

/** The word's place; its page must be there, or, where memory is not shared, could be. @throws EFAULT, EINVAL */
function placeAt(thread: Thread, args: FutexArguments, addr: number): FutexPlace {
  if (addr % 4 !== 0) throw EINVAL;
  if (!isPrivate(args)) thread.memory.readable(addr, 4);
  else if (addr >= ADDRESS_LIMIT) throw EFAULT;
  return futexPlace(thread, addr, isPrivate(args));
}

function wake(thread: Thread, args: FutexArguments, bits: number): Result {
  if (bits === 0) throw EINVAL;
  const { table, key } = placeAt(thread, args, args.addr);
  return table.wake(key, atLeastOne(args.value), bits);
}

/** Wakes `value`, moves up to `timeout` more to the second word. @returns how many were woken or moved */
function requeue(thread: Thread, args: FutexArguments, check: () => void): Result {
  if ((args.value | 0) < 0 || secondCount(thread) < 0) throw EINVAL;
  const { table, key } = placeAt(thread, args, args.addr);
  const to = placeAt(thread, args, args.addr2);
  check();
  const woken = table.wake(key, args.value | 0);
  return woken + table.requeue(key, to, secondCount(thread));
}

/** The second count stands in the timeout's register, of which 32 bits count; a number has not all of its bits. */
function secondCount({ cpuState }: Thread): number {
  return cpuState.low(REG.R10);
}

/** Linux futex_wake wakes one where it is asked for none. */
function atLeastOne(count: number): number {
  return Math.max(1, count | 0);
}

// FUTEX_WAKE_OP: value3 = op (4 bits), comparison (4), operand (12), comparand (12).
function wakeOp(thread: Thread, args: FutexArguments): Result {
  const { memory } = thread;
  const encoded = args.value3;
  const first = placeAt(thread, args, args.addr);
  const second = placeAt(thread, args, args.addr2);
  const operand = (encoded << 8) >> 20;
  const amount = ((encoded >>> 28) & 8) !== 0 ? 1 << (operand & 31) : operand;
  const old = memory.loadU32(args.addr2) | 0;
  memory.storeU32(args.addr2, applyOp((encoded >>> 28) & 7, old, amount) >>> 0);
  const woken = first.table.wake(first.key, atLeastOne(args.value));
  if (!compares((encoded >>> 24) & 15, old, (encoded << 20) >> 20)) return woken;
  return woken + second.table.wake(second.key, atLeastOne(secondCount(thread)));
}

function applyOp(op: number, old: number, amount: number): number {
  const results = [amount, (old + amount) | 0, old | amount, old & ~amount, old ^ amount];
  const result = results[op];
  if (result === undefined) throw ENOSYS;
  return result;
}

function compares(comparison: number, old: number, comparand: number): boolean {
  const results = [
    old === comparand,
    old !== comparand,
    old < comparand,
    old <= comparand,
    old > comparand,
    old >= comparand,
  ];
  const result = results[comparison];
  if (result === undefined) throw ENOSYS;
  return result;
}

// oxfmt-ignore
export const futexes: readonly Syscall[] = [
  syscall({
    nr: 202,
    name: 'futex',
    support: 'full',
    args: { addr: 'ptr', operation: 'int', value: 'uint', timeout: 'ptr', addr2: 'ptr', value3: 'uint' },
    run: futex,
  }),
];
