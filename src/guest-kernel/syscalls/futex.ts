/** futex(2): wait, wake, requeue, wake-op; the priority-inheriting forms are not there. */
import { EAGAIN, EINVAL, ENOSYS, ETIMEDOUT } from '../abi/errno.ts';
import { blocked } from '../program/blocked.ts';
import type { FutexTable, FutexWaiter } from '../program/futex-table.ts';
import { asGuest } from '../program/guest-task.ts';
import type { Thread } from '../program/thread.ts';
import type { Call } from '../vfs/open-file.ts';
import { type Result, type Syscall, partial, syscall } from './syscall.ts';
import { loadTimespecNs } from './timespec.ts';

const FUTEX_WAIT = 0;
const FUTEX_WAKE = 1;
const FUTEX_REQUEUE = 3;
const FUTEX_CMP_REQUEUE = 4;
const FUTEX_WAKE_OP = 5;
const FUTEX_WAIT_BITSET = 9;
const FUTEX_WAKE_BITSET = 10;
const FUTEX_CLOCK_REALTIME = 0x100;
const FUTEX_COMMAND = 0x7f;

interface FutexArguments {
  readonly addr: number;
  readonly operation: number;
  readonly value: number;
  /** A timeout's address, or the second count. */
  readonly timeout: number;
  readonly addr2: number;
  readonly value3: number;
}

/** What a waiting call keeps between runs. */
interface Waiting {
  readonly waiter: FutexWaiter;
  readonly deadlineNs: number | undefined;
}

function futex(thread: Thread, args: FutexArguments, call: Call): Result {
  const { futexes } = asGuest(thread).namespace;
  if (args.addr % 4 !== 0) throw EINVAL;
  switch (args.operation & FUTEX_COMMAND) {
    case FUTEX_WAIT:
      return wait(thread, args, call, -1);
    case FUTEX_WAIT_BITSET:
      return wait(thread, args, call, args.value3 | 0);
    case FUTEX_WAKE:
      return wake(thread, futexes, args, -1);
    case FUTEX_WAKE_BITSET:
      return wake(thread, futexes, args, args.value3 | 0);
    case FUTEX_REQUEUE:
      return requeue(thread, futexes, args);
    case FUTEX_CMP_REQUEUE:
      if (thread.memory.loadU32(args.addr) !== args.value3) throw EAGAIN;
      return requeue(thread, futexes, args);
    case FUTEX_WAKE_OP:
      return wakeOp(thread, futexes, args);
    default:
      throw ENOSYS;
  }
}

// Between two runs the waiter stands in the table, and is out of it (addr undefined) once it was woken.
function wait(thread: Thread, args: FutexArguments, call: Call, bits: number): Result {
  const { futexes } = asGuest(thread).namespace;
  if (bits === 0) throw EINVAL;
  const before = call.progress as Waiting | undefined;
  if (before !== undefined) {
    if (before.waiter.addr === undefined) return 0;
    if (before.deadlineNs !== undefined && call.nowNs >= before.deadlineNs) {
      futexes.cancel(before.waiter);
      throw ETIMEDOUT;
    }
    if (call.isInterrupted) futexes.cancel(before.waiter);
    return sleep(before);
  }
  const deadlineNs = deadlineOf(thread, args, call);
  if (thread.memory.loadU32(args.addr) !== args.value) throw EAGAIN;
  if (deadlineNs !== undefined && call.nowNs >= deadlineNs) throw ETIMEDOUT;
  if (call.isInterrupted) return sleep({ waiter: { queue: thread.program.ended, bits, addr: undefined }, deadlineNs });
  return sleep({ waiter: futexes.wait(args.addr, bits), deadlineNs });
}

function sleep(waiting: Waiting): Result {
  const { deadlineNs } = waiting;
  return blocked(waiting.waiter.queue, { progress: waiting, ...(deadlineNs === undefined ? {} : { deadlineNs }) });
}

/** FUTEX_WAIT counts from now; FUTEX_WAIT_BITSET names a time of the monotonic or the real clock. */
function deadlineOf(thread: Thread, args: FutexArguments, call: Call): number | undefined {
  if (args.timeout === 0) return undefined;
  const ns = loadTimespecNs(thread.memory, args.timeout);
  if ((args.operation & FUTEX_COMMAND) === FUTEX_WAIT) return call.nowNs + ns;
  if ((args.operation & FUTEX_CLOCK_REALTIME) === 0) return ns;
  return call.nowNs + ns - Number(thread.machine.clock.realtimeNs());
}

function wake(thread: Thread, futexes: FutexTable, args: FutexArguments, bits: number): Result {
  if (bits === 0) throw EINVAL;
  thread.memory.readable(args.addr, 4);
  return futexes.wake(args.addr, args.value | 0, bits);
}

/** Wakes `value`, moves up to `timeout` more to the second word. @returns how many were woken or moved */
function requeue(thread: Thread, futexes: FutexTable, args: FutexArguments): number {
  thread.memory.readable(args.addr2, 4);
  const woken = futexes.wake(args.addr, args.value | 0);
  return woken + futexes.requeue(args.addr, args.addr2, args.timeout | 0);
}

// FUTEX_WAKE_OP: value3 = op (4 bits), comparison (4), operand (12), comparand (12).
function wakeOp(thread: Thread, futexes: FutexTable, args: FutexArguments): Result {
  const { memory } = thread;
  const encoded = args.value3;
  const operand = (encoded << 8) >> 20;
  const amount = ((encoded >>> 28) & 8) !== 0 ? 1 << (operand & 31) : operand;
  const old = memory.loadU32(args.addr2) | 0;
  memory.storeU32(args.addr2, applyOp((encoded >>> 28) & 7, old, amount) >>> 0);
  const woken = futexes.wake(args.addr, args.value | 0);
  if (!compares((encoded >>> 24) & 15, old, (encoded << 20) >> 20)) return woken;
  return woken + futexes.wake(args.addr2, args.timeout | 0);
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

export const futexes: readonly Syscall[] = [
  syscall({
    nr: 202,
    name: 'futex',
    support: partial('priority inheritance; words shared between programs'),
    args: { addr: 'ptr', operation: 'int', value: 'uint', timeout: 'ptr', addr2: 'ptr', value3: 'uint' },
    run: futex,
  }),
];
