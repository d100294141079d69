/** epoll_create(2), epoll_ctl(2), epoll_wait(2), eventfd(2). */
import { EINVAL } from '../abi/errno.ts';
import { O_CLOEXEC, O_NONBLOCK } from '../abi/fcntl.ts';
import {
  EFD_SEMAPHORE,
  EPOLLET,
  EPOLLEXCLUSIVE,
  EPOLLWAKEUP,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLL_EVENT,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
} from '../abi/poll.ts';
import { blocked } from '../program/blocked.ts';
import { asGuest } from '../program/guest-task.ts';
import type { Thread } from '../program/thread.ts';
import { EpollFile, type EpollEvent } from '../vfs/epoll-file.ts';
import { EventCounter } from '../vfs/event-counter.ts';
import type { Call, OpenFile, UserMemory } from '../vfs/open-file.ts';
import { timespecOrForever, useSignalMask } from './poll.ts';
import { syscall, type Result, type Syscall } from './syscall.ts';

const MAX_EVENTS = Math.floor(0x7fff_ffff / EPOLL_EVENT.size);

function create(thread: Thread, flags: number): Result {
  if ((flags & ~O_CLOEXEC) !== 0) throw EINVAL;
  return thread.files.add(new EpollFile(asGuest(thread).machine.keptMemory), { isCloseOnExec: flags !== 0 });
}

function epollOf(thread: Thread, fd: number): EpollFile {
  const file = thread.files.get(fd);
  if (!(file instanceof EpollFile)) throw EINVAL;
  return file;
}

function control(
  thread: Thread,
  { epfd, op, fd, event }: { epfd: number; op: number; fd: number; event: number },
): Result {
  const set = thread.files.get(epfd);
  const file = thread.files.get(fd);
  if (!(set instanceof EpollFile) || set === file) throw EINVAL;
  switch (op) {
    case EPOLL_CTL_ADD:
      set.add(fd, file, exclusiveEvent(loadEvent(thread.memory, event), file));
      return 0;
    case EPOLL_CTL_MOD:
      set.modify(fd, file, sharedEvent(loadEvent(thread.memory, event)));
      return 0;
    case EPOLL_CTL_DEL:
      set.remove(fd, file);
      return 0;
    default:
      throw EINVAL;
  }
}

/** EPOLLEXCLUSIVE wakes at least one (epoll_ctl(2)): here all. @throws EINVAL with what it may not go with */
function exclusiveEvent(event: EpollEvent, file: OpenFile): EpollEvent {
  const allowed = EPOLLEXCLUSIVE | POLLIN | POLLOUT | POLLERR | POLLHUP | EPOLLWAKEUP | EPOLLET;
  if ((event.events & EPOLLEXCLUSIVE) === 0) return event;
  if (file instanceof EpollFile || (event.events & ~allowed) !== 0) throw EINVAL;
  return event;
}

/** An interest cannot become exclusive later. @throws EINVAL */
function sharedEvent(event: EpollEvent): EpollEvent {
  if ((event.events & EPOLLEXCLUSIVE) !== 0) throw EINVAL;
  return event;
}

function loadEvent(memory: UserMemory, addr: number): EpollEvent {
  const events = memory.loadU32(addr + EPOLL_EVENT.events);
  return { events, data: memory.loadI64(addr + EPOLL_EVENT.data) };
}

interface WaitArgs {
  readonly epfd: number;
  readonly events: number;
  readonly maxevents: number;
}

function wait(thread: Thread, call: Call, args: WaitArgs, timeoutNs: () => number | undefined): Result {
  if (args.maxevents <= 0 || args.maxevents > MAX_EVENTS) throw EINVAL;
  const set = epollOf(thread, args.epfd);
  const earlier = call.progress as { readonly deadlineNs: number | undefined } | undefined;
  const timeout = earlier === undefined ? timeoutNs() : undefined;
  const deadlineNs =
    earlier === undefined ? (timeout === undefined ? undefined : call.nowNs + timeout) : earlier.deadlineNs;
  // What is handed out counts as told: it must have a place before.
  const { size } = EPOLL_EVENT;
  const room = thread.memory.prefix(args.events, Math.min(args.maxevents, set.itemCount) * size, true);
  if (room < size) thread.memory.writable(args.events, size);
  const found = set.collect(Math.min(args.maxevents, Math.floor(room / size)));
  if (found.length > 0) {
    found.forEach(({ events, data }, i) => {
      const at = args.events + i * EPOLL_EVENT.size;
      thread.memory.storeU32(at + EPOLL_EVENT.events, events);
      thread.memory.storeI64(at + EPOLL_EVENT.data, data);
    });
    return found.length;
  }
  if (deadlineNs !== undefined && call.nowNs >= deadlineNs) return 0;
  const progress = { deadlineNs };
  return blocked(set.readiness, deadlineNs === undefined ? { progress } : { progress, deadlineNs });
}

function milliseconds(timeout: number): () => number | undefined {
  return () => (timeout < 0 ? undefined : timeout * 1e6);
}

function eventfd(thread: Thread, initval: number, flags: number): Result {
  if ((flags & ~(EFD_SEMAPHORE | O_CLOEXEC | O_NONBLOCK)) !== 0) throw EINVAL;
  const file = new EventCounter(BigInt(initval), {
    isSemaphore: (flags & EFD_SEMAPHORE) !== 0,
    isNonBlocking: (flags & O_NONBLOCK) !== 0,
  });
  return thread.files.add(file, { isCloseOnExec: (flags & O_CLOEXEC) !== 0 });
}

// oxfmt-ignore
export const epoll: readonly Syscall[] = [
  syscall({ nr: 213, name: 'epoll_create', args: { size: 'int' }, support: 'full',
    run: (thread, { size }) => { if (size <= 0) throw EINVAL; return create(thread, 0); } }),
  syscall({ nr: 232, name: 'epoll_wait', args: { epfd: 'fd', events: 'ptr', maxevents: 'int', timeout: 'int' }, support: 'full',
    run: (thread, args, call) => wait(thread, call, args, milliseconds(args.timeout)) }),
  syscall({ nr: 233, name: 'epoll_ctl', args: { epfd: 'fd', op: 'int', fd: 'fd', event: 'ptr' }, support: 'full', run: control }),
  syscall({ nr: 281, name: 'epoll_pwait',
    args: { epfd: 'fd', events: 'ptr', maxevents: 'int', timeout: 'int', sigmask: 'ptr', sigsetsize: 'size' }, support: 'full',
    run: (thread, args, call) => {
      useSignalMask(thread, args.sigmask, args.sigsetsize);
      return wait(thread, call, args, milliseconds(args.timeout));
    } }),
  syscall({ nr: 284, name: 'eventfd', args: { initval: 'uint' }, support: 'full', run: (thread, { initval }) => eventfd(thread, initval, 0) }),
  syscall({ nr: 290, name: 'eventfd2', args: { initval: 'uint', flags: 'flags' }, support: 'full',
    run: (thread, { initval, flags }) => eventfd(thread, initval, flags) }),
  syscall({ nr: 291, name: 'epoll_create1', args: { flags: 'flags' }, support: 'full', run: (thread, { flags }) => create(thread, flags) }),
  syscall({ nr: 441, name: 'epoll_pwait2',
    args: { epfd: 'fd', events: 'ptr', maxevents: 'int', timeout: 'ptr', sigmask: 'ptr', sigsetsize: 'size' }, support: 'full',
    run: (thread, args, call) => {
      useSignalMask(thread, args.sigmask, args.sigsetsize);
      return wait(thread, call, args, () => timespecOrForever(thread.memory, args.timeout));
    } }),
];
