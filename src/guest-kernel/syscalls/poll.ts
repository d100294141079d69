/** poll(2), ppoll(2), select(2), pselect6(2). */
import { EBADF, EINVAL } from '../abi/errno.ts';
import {
  FD_SETSIZE,
  POLLERR,
  POLLFD,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  POLLPRI,
  POLLRDBAND,
  POLLRDNORM,
  POLLWRBAND,
  POLLWRNORM,
} from '../abi/poll.ts';
import { blocked } from '../program/blocked.ts';
import type { Thread } from '../program/thread.ts';
import type { Call, OpenFile, PollMask, UserMemory } from '../vfs/open-file.ts';
import { syscall, type Result, type Syscall } from './syscall.ts';
import { loadTimespecNs, loadTimevalNs, storeTimespec, storeTimeval } from './timespec.ts';

const SIGSET_BYTES = 8;

/** The deadline of a call, fixed when it first runs. */
interface Waiting {
  readonly deadlineNs: number | undefined;
}

function deadlineOf(call: Call, timeoutNs: () => number | undefined): number | undefined {
  const earlier = call.progress as Waiting | undefined;
  if (earlier !== undefined) return earlier.deadlineNs;
  const timeout = timeoutNs();
  return timeout === undefined ? undefined : call.nowNs + timeout;
}

/** Waits for any of the files; undefined when the deadline is past. */
function waitForAny(call: Call, files: readonly OpenFile[], deadlineNs: number | undefined): Result {
  if (deadlineNs !== undefined && call.nowNs >= deadlineNs) return undefined;
  const progress: Waiting = { deadlineNs };
  const queues = files.map(({ readiness }) => readiness);
  return blocked(queues, deadlineNs === undefined ? { progress } : { progress, deadlineNs });
}

/** Sets the mask that ppoll, pselect6 and epoll_pwait wait under. @throws EINVAL */
export function useSignalMask(thread: Thread, addr: number, sizeBytes: number): void {
  if (addr === 0) return;
  if (sizeBytes !== SIGSET_BYTES) throw EINVAL;
  thread.setTemporarySignalMask(BigInt.asUintN(64, thread.memory.loadI64(addr)));
}

function poll(thread: Thread, call: Call, fds: number, count: number, timeoutNs: () => number | undefined): Result {
  if (count > thread.files.limit) throw EINVAL;
  const deadlineNs = deadlineOf(call, timeoutNs);
  const view = dataView(thread.memory.writable(fds, count * POLLFD.size));
  const files: OpenFile[] = [];
  let ready = 0;
  for (let i = 0; i < count; i++) {
    const at = i * POLLFD.size;
    const fd = view.getInt32(at + POLLFD.fd, true);
    const events = view.getUint16(at + POLLFD.events, true) | POLLERR | POLLHUP;
    const file = fd < 0 ? undefined : fileOrNone(thread, fd);
    if (file !== undefined) files.push(file);
    const mask = fd < 0 ? 0 : file === undefined ? POLLNVAL : file.poll() & events;
    view.setUint16(at + POLLFD.revents, mask, true);
    if (mask !== 0) ready++;
  }
  return ready > 0 ? ready : (waitForAny(call, files, deadlineNs) ?? 0);
}

function fileOrNone(thread: Thread, fd: number): OpenFile | undefined {
  try {
    return thread.files.get(fd);
  } catch (error) {
    if (error === EBADF) return undefined;
    throw error;
  }
}

function dataView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

// Linux fs/select.c: POLLIN_SET, POLLOUT_SET, POLLEX_SET.
const READ_SET: PollMask = POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR;
const WRITE_SET: PollMask = POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR;
const EXCEPT_SET: PollMask = POLLPRI;

interface SelectArgs {
  readonly nfds: number;
  readonly readfds: number;
  readonly writefds: number;
  readonly exceptfds: number;
}

function select(thread: Thread, call: Call, args: SelectArgs, timeoutNs: () => number | undefined): Result {
  if (args.nfds < 0) throw EINVAL;
  const nfds = Math.min(args.nfds, tableSize(thread));
  const sizeBytes = Math.ceil(nfds / 64) * 8; // fd_set is an array of longs
  const deadlineNs = deadlineOf(call, timeoutNs);
  const sets = [
    { addr: args.readfds, mask: READ_SET },
    { addr: args.writefds, mask: WRITE_SET },
    { addr: args.exceptfds, mask: EXCEPT_SET },
  ].map(({ addr, mask }) => {
    return {
      addr,
      mask,
      wanted: addr === 0 ? undefined : thread.memory.readable(addr, sizeBytes).slice(),
      found: new Uint8Array(sizeBytes),
    };
  });
  const files: OpenFile[] = [];
  let ready = 0;
  for (let fd = 0; fd < nfds; fd++) {
    const bit = 1 << (fd & 7);
    const asked = sets.filter(({ wanted }) => ((wanted?.[fd >> 3] ?? 0) & bit) !== 0);
    if (asked.length === 0) continue;
    const file = thread.files.get(fd);
    files.push(file);
    const mask = file.poll();
    for (const { mask: wanted, found } of asked) {
      if ((mask & wanted) === 0) continue;
      found[fd >> 3] = (found[fd >> 3] ?? 0) | bit;
      ready++;
    }
  }
  if (ready === 0) {
    const wait = waitForAny(call, files, deadlineNs);
    if (wait !== undefined) return wait;
  }
  for (const { addr, found } of sets) if (addr !== 0) thread.memory.writable(addr, sizeBytes).set(found);
  return ready;
}

/** Linux fs/select.c looks no further than the descriptor table goes, which is 64, 256, 512 and so on long. */
function tableSize(thread: Thread): number {
  const highest = thread.files.descriptors().at(-1) ?? 0;
  let size = highest < 64 ? 64 : 256;
  while (size <= highest) size *= 2;
  return Math.min(size, FD_SETSIZE);
}

/** select(2), ppoll(2): Linux leaves the time not slept in the timeout, also when a signal ends the call. */
function storeRemaining(result: Result, call: Call, store: (ns: number) => void): Result {
  const deadlineNs = (call.progress as Waiting | undefined)?.deadlineNs;
  const isOver = typeof result === 'number' || call.isInterrupted;
  if (isOver && deadlineNs !== undefined) store(Math.max(0, deadlineNs - call.nowNs));
  return result;
}

function selectWithTimeval(thread: Thread, args: SelectArgs & { timeout: number }, call: Call): Result {
  const { memory } = thread;
  const result = select(thread, call, args, () =>
    args.timeout === 0 ? undefined : loadTimevalNs(memory, args.timeout),
  );
  return storeRemaining(result, call, (ns) => storeTimeval(memory, args.timeout, ns));
}

function pselect(thread: Thread, args: SelectArgs & { timeout: number; sigmask: number }, call: Call): Result {
  const { memory } = thread;
  if (args.sigmask !== 0) useSignalMask(thread, memory.loadNumber(args.sigmask), memory.loadNumber(args.sigmask + 8));
  const result = select(thread, call, args, () => timespecOrForever(memory, args.timeout));
  return storeRemaining(result, call, (ns) => storeTimespec(memory, args.timeout, BigInt(Math.floor(ns))));
}

/** A struct timespec; a null pointer waits for ever. */
export function timespecOrForever(memory: UserMemory, addr: number): number | undefined {
  return addr === 0 ? undefined : loadTimespecNs(memory, addr);
}

function ppoll(
  thread: Thread,
  args: { fds: number; nfds: number; timeout: number; sigmask: number; sigsetsize: number },
  call: Call,
): Result {
  useSignalMask(thread, args.sigmask, args.sigsetsize);
  const { memory } = thread;
  const result = poll(thread, call, args.fds, args.nfds, () => timespecOrForever(memory, args.timeout));
  return storeRemaining(result, call, (ns) => storeTimespec(memory, args.timeout, BigInt(Math.floor(ns))));
}

// oxfmt-ignore
export const polling: readonly Syscall[] = [
  syscall({ nr: 7, name: 'poll', args: { fds: 'ptr', nfds: 'uint', timeout: 'int' }, support: 'full',
    run: (thread, { fds, nfds, timeout }, call) => poll(thread, call, fds, nfds, () => (timeout < 0 ? undefined : timeout * 1e6)) }),
  syscall({ nr: 23, name: 'select', args: { nfds: 'int', readfds: 'ptr', writefds: 'ptr', exceptfds: 'ptr', timeout: 'ptr' },
    support: 'full', run: selectWithTimeval }),
  syscall({ nr: 270, name: 'pselect6',
    args: { nfds: 'int', readfds: 'ptr', writefds: 'ptr', exceptfds: 'ptr', timeout: 'ptr', sigmask: 'ptr' }, support: 'full', run: pselect }),
  syscall({ nr: 271, name: 'ppoll', args: { fds: 'ptr', nfds: 'uint', timeout: 'ptr', sigmask: 'ptr', sigsetsize: 'size' },
    support: 'full', run: ppoll }),
];
