/** process_vm_readv(2), process_vm_writev(2). */
import { EFAULT, EINVAL, EPERM, ESRCH } from '../abi/errno.ts';
import { asGuest } from '../program/guest-task.ts';
import { mayAttach } from '../vfs/credentials.ts';
import type { Thread } from '../program/thread.ts';
import type { UserMemory } from '../vfs/open-file.ts';
import { type Result, type Syscall, syscall } from './syscall.ts';
import { loadSegments } from './user-buffers.ts';

const PAGE = 4096;

interface Transfer {
  readonly pid: number;
  readonly local: number;
  readonly localCount: number;
  readonly remote: number;
  readonly remoteCount: number;
  readonly flags: number;
}

function remoteMemory(thread: Thread, pid: number): UserMemory {
  const task = asGuest(thread);
  const program = task.machine.program(pid);
  if (program?.isRunning !== true || program.namespace === undefined) throw ESRCH;
  if (!mayAttach(task, { credentials: program.credentials, program })) throw EPERM;
  return program.namespace.memory;
}

/** Page by page: what comes before memory that is not there is moved. @throws EFAULT when nothing could be */
function move(thread: Thread, args: Transfer, isReading: boolean): Result {
  if (args.flags !== 0) throw EINVAL;
  const here = loadSegments(thread.memory, args.local, args.localCount);
  const there = loadSegments(thread.memory, args.remote, args.remoteCount);
  const memory = remoteMemory(thread, args.pid);
  let moved = 0;
  const places = [cursor(here), cursor(there)] as const;
  try {
    for (;;) {
      const [local, remote] = [places[0].next(), places[1].next()];
      if (local === undefined || remote === undefined) return moved;
      const count = Math.min(local.sizeBytes, remote.sizeBytes, PAGE - (remote.addr % PAGE));
      const [from, to] = isReading ? [memory, thread.memory] : [thread.memory, memory];
      const [fromAddr, toAddr] = isReading ? [remote.addr, local.addr] : [local.addr, remote.addr];
      const bytes = from.readable(fromAddr, count).slice();
      to.writable(toAddr, count).set(bytes);
      moved += count;
      for (const place of places) place.skip(count);
    }
  } catch (error) {
    if (error === EFAULT && moved > 0) return moved;
    throw error;
  }
}

interface Piece {
  readonly addr: number;
  readonly sizeBytes: number;
}

/** Goes through the bytes of segments. */
function cursor(segments: readonly Piece[]): { next(): Piece | undefined; skip(count: number): void } {
  let index = 0;
  let done = 0;
  return {
    next() {
      const segment = segments[index];
      return segment === undefined ? undefined : { addr: segment.addr + done, sizeBytes: segment.sizeBytes - done };
    },
    skip(count) {
      done += count;
      if (done < (segments[index]?.sizeBytes ?? 0)) return;
      index++;
      done = 0;
    },
  };
}

const ARGS = {
  pid: 'int',
  local: 'ptr',
  localCount: 'int',
  remote: 'ptr',
  remoteCount: 'int',
  flags: 'flags',
} as const;

// oxfmt-ignore
export const processMemory: readonly Syscall[] = [
  syscall({ nr: 310, name: 'process_vm_readv', args: ARGS, support: 'full', run: (thread, args) => move(thread, args, true) }),
  syscall({ nr: 311, name: 'process_vm_writev', args: ARGS, support: 'full', run: (thread, args) => move(thread, args, false) }),
];
