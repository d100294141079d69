/** ioprio_set(2), ioprio_get(2): a class and a level for each thread, which are kept and told. */
import { CAP_SYS_ADMIN, CAP_SYS_NICE } from '../abi/capability.ts';
import { EINVAL, EPERM, ESRCH } from '../abi/errno.ts';
import type { KernelTask } from '../program/kernel-task.ts';
import type { Thread } from '../program/thread.ts';
import { isCapable } from '../vfs/credentials.ts';
import { priorityTargets } from './scheduling.ts';
import { type Result, type Syscall, syscall } from './syscall.ts';

const CLASS_SHIFT = 13;
const LEVELS = 8;
const IOPRIO_CLASS_NONE = 0;
const IOPRIO_CLASS_RT = 1;
const IOPRIO_CLASS_BE = 2;
const IOPRIO_CLASS_IDLE = 3;
/** IOPRIO_WHO_PROCESS; those of getpriority(2) begin at 0, in the same order. */
const FIRST_WHO = 1;

/** Linux block/ioprio.c: ioprio_check_cap. @throws EINVAL, EPERM */
function checkPriority({ credentials }: Thread, priority: number): void {
  const level = priority & ((1 << CLASS_SHIFT) - 1);
  switch (priority >> CLASS_SHIFT) {
    case IOPRIO_CLASS_RT:
      if (!isCapable(credentials, CAP_SYS_NICE) && !isCapable(credentials, CAP_SYS_ADMIN)) throw EPERM;
      if (level >= LEVELS) throw EINVAL;
      return;
    case IOPRIO_CLASS_BE:
      if (level >= LEVELS) throw EINVAL;
      return;
    case IOPRIO_CLASS_IDLE:
      return;
    case IOPRIO_CLASS_NONE:
      if (level !== 0) throw EINVAL;
      return;
    default:
      throw EINVAL;
  }
}

function targetsOf(thread: Thread, which: number, who: number): readonly KernelTask[] {
  const targets = priorityTargets(thread, which - FIRST_WHO, who);
  if (targets.length === 0) throw ESRCH;
  return targets;
}

function setPriority(thread: Thread, args: { which: number; who: number; priority: number }): Result {
  const { credentials } = thread;
  checkPriority(thread, args.priority);
  const targets = targetsOf(thread, args.which, args.who);
  const isOthers = ({ credentials: { uid } }: KernelTask): boolean =>
    uid !== credentials.euid && uid !== credentials.uid;
  if (targets.some(isOthers) && !isCapable(credentials, CAP_SYS_NICE)) throw EPERM;
  for (const target of targets) target.ioPriority = args.priority;
  return 0;
}

/** Who has none is as best effort, at the level that follows from nice, where several are compared. */
function effectivePriority({ ioPriority, nice }: KernelTask): number {
  if (ioPriority !== 0) return ioPriority;
  return (IOPRIO_CLASS_BE << CLASS_SHIFT) | Math.floor((nice + 20) / 5);
}

function getPriority(thread: Thread, { which, who }: { which: number; who: number }): Result {
  const targets = targetsOf(thread, which, who);
  const [first] = targets;
  if (which === FIRST_WHO && first !== undefined) return first.ioPriority;
  return Math.min(...targets.map(effectivePriority));
}

// oxfmt-ignore
export const ioPriority: readonly Syscall[] = [
  syscall({ nr: 251, name: 'ioprio_set', args: { which: 'int', who: 'int', priority: 'int' }, support: 'full', run: setPriority }),
  syscall({ nr: 252, name: 'ioprio_get', args: { which: 'int', who: 'int' }, support: 'full', run: getPriority }),
];
