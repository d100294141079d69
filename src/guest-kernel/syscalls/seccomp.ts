/** seccomp(2), and PR_SET_SECCOMP of prctl(2). The order of the checks is that of Linux kernel/seccomp.c. */
import { CAP_SYS_ADMIN } from '../abi/capability.ts';
import { EACCES, EINVAL, ENOMEM, EOPNOTSUPP, ESRCH } from '../abi/errno.ts';
import * as abi from '../abi/seccomp.ts';
import { type Program, instructionsOf } from '../bpf/classic-bpf.ts';
import { type Filter, checkFilter, isAncestor } from '../program/confinement.ts';
import { GuestTask, asGuest } from '../program/guest-task.ts';
import type { Thread } from '../program/thread.ts';
import { isCapable } from '../vfs/credentials.ts';
import { loadFilterProgram } from './filter-programs.ts';
import { type Result, type Syscall, partial, syscall } from './syscall.ts';

/** MAX_INSNS_PER_PATH, and what each filter counts besides its instructions. */
const MOST_INSTRUCTIONS = 32_768;
const FILTER_PENALTY = 4;
const RET_K = 6;
const KNOWN_FLAGS =
  abi.SECCOMP_FILTER_FLAG_TSYNC |
  abi.SECCOMP_FILTER_FLAG_LOG |
  abi.SECCOMP_FILTER_FLAG_SPEC_ALLOW |
  abi.SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
const ACTIONS: readonly number[] = [
  abi.SECCOMP_RET_KILL_PROCESS,
  abi.SECCOMP_RET_KILL_THREAD,
  abi.SECCOMP_RET_TRAP,
  abi.SECCOMP_RET_ERRNO,
  abi.SECCOMP_RET_TRACE,
  abi.SECCOMP_RET_LOG,
  abi.SECCOMP_RET_ALLOW,
];

function setStrict(task: GuestTask): Result {
  if (task.confinement !== undefined && task.confinement !== 'strict') throw EINVAL;
  task.confinement = 'strict';
  return 0;
}

/** @throws EFAULT, EINVAL, EACCES for who could trick set-id programs with it */
function loadFilter(task: GuestTask, addr: number): Program {
  const program = loadFilterProgram(task.memory, addr, () => {
    if (!task.hasNoNewPrivileges && !isCapable(task.credentials, CAP_SYS_ADMIN)) throw EACCES;
  });
  checkFilter(program);
  return program;
}

/** Linux counts instructions of what it makes of a program: a prologue of three, and two for RET of a constant. */
function lengthOf(program: Program): number {
  const instructions = instructionsOf(program);
  return instructions.length + instructions.filter(({ code }) => code === RET_K).length + 3;
}

/** @throws ENOMEM */
function requireRoom(program: Program, previous: Filter | undefined): void {
  let total = lengthOf(program);
  for (let at = previous; at !== undefined; at = at.previous) total += lengthOf(at.program) + FILTER_PENALTY;
  if (total > MOST_INSTRUCTIONS) throw ENOMEM;
}

/** SECCOMP_FILTER_FLAG_TSYNC. @returns a thread that has filters which the caller has not */
function outsider(task: GuestTask): GuestTask | undefined {
  return guestThreads(task).find((each) => each !== task && !isAncestor(each.confinement, task.confinement));
}

function guestThreads({ program }: GuestTask): readonly GuestTask[] {
  return [...program.threads.values()].filter((each) => each instanceof GuestTask);
}

function setFilter(task: GuestTask, flags: number, addr: number): Result {
  if ((flags & ~KNOWN_FLAGS) !== 0) throw EINVAL;
  const program = loadFilter(task, addr);
  const previous = task.confinement;
  if (previous === 'strict') throw EINVAL;
  requireRoom(program, previous);
  const isForAll = (flags & abi.SECCOMP_FILTER_FLAG_TSYNC) !== 0;
  const other = isForAll ? outsider(task) : undefined;
  if (other !== undefined) {
    if ((flags & abi.SECCOMP_FILTER_FLAG_TSYNC_ESRCH) !== 0) throw ESRCH;
    return other.id;
  }
  const filter: Filter = { program, previous, isLogging: (flags & abi.SECCOMP_FILTER_FLAG_LOG) !== 0 };
  for (const each of isForAll ? guestThreads(task) : [task]) {
    each.confinement = filter;
    each.hasNoNewPrivileges ||= task.hasNoNewPrivileges;
  }
  return 0;
}

/** PR_SET_SECCOMP. */
export function setSeccomp(task: GuestTask, mode: number, addr: number): Result {
  if (mode === abi.SECCOMP_MODE_STRICT) return setStrict(task);
  if (mode === abi.SECCOMP_MODE_FILTER) return setFilter(task, 0, addr);
  throw EINVAL;
}

function seccomp(
  thread: Thread,
  { operation, flags, args }: { operation: number; flags: number; args: number },
): Result {
  const task = asGuest(thread);
  switch (operation) {
    case abi.SECCOMP_SET_MODE_STRICT:
      if (flags !== 0 || args !== 0) throw EINVAL;
      return setStrict(task);
    case abi.SECCOMP_SET_MODE_FILTER:
      return setFilter(task, flags, args);
    case abi.SECCOMP_GET_ACTION_AVAIL:
      if (flags !== 0) throw EINVAL;
      if (!ACTIONS.includes(thread.memory.loadU32(args))) throw EOPNOTSUPP;
      return 0;
    default:
      throw EINVAL;
  }
}

// oxfmt-ignore
export const seccompCalls: readonly Syscall[] = [
  syscall({ nr: 317, name: 'seccomp', args: { operation: 'uint', flags: 'flags', args: 'ptr' }, support: partial('no listeners (SECCOMP_RET_USER_NOTIF)'), run: seccomp }),
];
