/** getrusage(2), times(2), and what wait4(2) and waitid(2) tell of a child. */
import { EFAULT, EINVAL } from '../abi/errno.ts';
import { asGuest } from '../program/guest-task.ts';
import type { Thread } from '../program/thread.ts';
import type { Usage } from '../program/usage.ts';
import type { UserMemory } from '../vfs/open-file.ts';
import { type Result, type Syscall, syscall } from './syscall.ts';
import { storeTimeval } from './timespec.ts';

const RUSAGE_SELF = 0;
const RUSAGE_CHILDREN = -1;
const RUSAGE_THREAD = 1;
/** struct rusage. */
export const RUSAGE_BYTES = 144;
/** Block I/O counts in sectors, whatever the disk's own are. */
const SECTOR_BYTES = 512;
/** sysconf(_SC_CLK_TCK) is 100. */
const TICK_NS = 1e7;

/** What Linux counts of it; the other fields have no meaning there either (getrusage(2)). */
export function storeUsage(memory: UserMemory, addr: number, usage: Usage): void {
  memory.writable(addr, RUSAGE_BYTES).fill(0);
  storeTimeval(memory, addr, usage.userNs);
  storeTimeval(memory, addr + 16, usage.systemNs);
  // oxfmt-ignore
  const fields: readonly (readonly [offset: number, value: number])[] = [
    [32, usage.peakBytes / 1024], [64, usage.minorFaults], [72, usage.majorFaults],
    [88, usage.diskReadBytes / SECTOR_BYTES], [96, usage.diskWrittenBytes / SECTOR_BYTES],
    [128, usage.sleeps], [136, usage.preemptions],
  ];
  for (const [offset, value] of fields) memory.storeNumber(addr + offset, Math.floor(value));
}

function usageOf(thread: Thread, who: number): Usage {
  const task = asGuest(thread);
  switch (who) {
    case RUSAGE_SELF:
      return task.program.usage;
    case RUSAGE_CHILDREN:
      return task.program.reapedUsage;
    case RUSAGE_THREAD:
      return task.usage;
    default:
      throw EINVAL;
  }
}

function getrusage(thread: Thread, { who, usage }: { who: number; usage: number }): Result {
  const used = usageOf(thread, who);
  if (usage === 0) throw EFAULT;
  storeUsage(thread.memory, usage, used);
  return 0;
}

function times(thread: Thread, { buffer }: { buffer: number }): Result {
  const { program, machine } = asGuest(thread);
  const { usage: own, reapedUsage: reaped } = program;
  const parts = [own.userNs, own.systemNs, reaped.userNs, reaped.systemNs];
  if (buffer !== 0) parts.forEach((ns, i) => thread.memory.storeNumber(buffer + 8 * i, Math.floor(ns / TICK_NS)));
  return Math.floor(machine.clock.monotonicNs() / TICK_NS);
}

// oxfmt-ignore
export const usage: readonly Syscall[] = [
  syscall({ nr: 98, name: 'getrusage', args: { who: 'int', usage: 'ptr' }, support: 'full', run: getrusage }),
  syscall({ nr: 100, name: 'times', args: { buffer: 'ptr' }, support: 'full', run: times }),
];
