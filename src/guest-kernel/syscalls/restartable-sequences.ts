/** rseq(2). */
import { EBUSY, EINVAL, EPERM } from '../abi/errno.ts';
import { asGuest } from '../program/guest-task.ts';
import { RSEQ_BYTES, closeArea, openArea } from '../program/restartable-sequence.ts';
import type { Thread } from '../program/thread.ts';
import { type Result, type Syscall, syscall } from './syscall.ts';

const RSEQ_FLAG_UNREGISTER = 1;

interface Registration {
  readonly addr: number;
  readonly size: number;
  readonly flags: number;
  readonly signature: number;
}

// The order of the checks is that of Linux kernel/rseq.c.
function rseq(thread: Thread, { addr, size, flags, signature }: Registration): Result {
  const task = asGuest(thread);
  const known = task.restartable;
  const isKnown = known?.addr === addr && known.sizeBytes === size;
  if (flags === RSEQ_FLAG_UNREGISTER) {
    if (known === undefined || !isKnown) throw EINVAL;
    if (known.signature !== signature) throw EPERM;
    closeArea(thread.memory, known);
    task.restartable = undefined;
    return 0;
  }
  if (flags !== 0) throw EINVAL;
  if (known !== undefined) {
    if (!isKnown) throw EINVAL;
    throw known.signature === signature ? EBUSY : EPERM;
  }
  if (size < RSEQ_BYTES || addr % RSEQ_BYTES !== 0) throw EINVAL;
  const area = { addr, sizeBytes: size, signature };
  openArea(thread.memory, area);
  task.restartable = area;
  return 0;
}

// oxfmt-ignore
export const restartableSequences: readonly Syscall[] = [
  syscall({ nr: 334, name: 'rseq', args: { addr: 'ptr', size: 'uint', flags: 'flags', signature: 'uint' }, support: 'full', run: rseq }),
];
