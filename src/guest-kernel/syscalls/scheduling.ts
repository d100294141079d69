/** sched(7), getpriority(2), CPU affinity: one processor. */
import { PAGE_SIZE } from '../../emulator/index.ts';
import { CAP_SYS_NICE } from '../abi/capability.ts';
import { E2BIG, EACCES, EBUSY, EINVAL, EPERM, ESRCH } from '../abi/errno.ts';
import { RLIMIT_NICE, RLIMIT_RTPRIO } from '../abi/resource.ts';
import { SCHED_BATCH, SCHED_DEADLINE, SCHED_FIFO, SCHED_IDLE, SCHED_OTHER, SCHED_RR } from '../abi/sched.ts';
import { type Deadline, checkDeadline, isAdmissible } from '../program/deadline.ts';
import { type KernelTask } from '../program/kernel-task.ts';
import { asGuest } from '../program/guest-task.ts';
import type { Thread } from '../program/thread.ts';
import { isCapable, requireCapability } from '../vfs/credentials.ts';
import type { UserMemory } from '../vfs/open-file.ts';
import { type Result, type Syscall, partial, syscall } from './syscall.ts';
import { storeTimespec } from './timespec.ts';

const PRIO_PROCESS = 0;
const PRIO_PGRP = 1;
const PRIO_USER = 2;
const MASK_BYTES = 8;
const MAX_PRIORITY = 99;
const SCHED_RESET_ON_FORK = 0x4000_0000;
const SCHED_FLAG_RESET_ON_FORK = 1;
/** SCHED_FLAG_RECLAIM, SCHED_FLAG_DL_OVERRUN. */
const DEADLINE_FLAGS = 6;
const SCHED_ATTR_BYTES = 48;
const POLICIES = [SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_BATCH, SCHED_IDLE, SCHED_DEADLINE];

/** @throws ESRCH where nobody is, thus also below 0 */
function taskOf(thread: Thread, tid: number): KernelTask {
  const task = asGuest(thread);
  const target = tid === 0 ? task : task.machine.task(tid);
  if (target === undefined) throw ESRCH;
  return target;
}

/** Whom getpriority(2) and ioprio_get(2) mean. @throws EINVAL, ESRCH */
export function priorityTargets(thread: Thread, which: number, who: number): readonly KernelTask[] {
  const task = asGuest(thread);
  switch (which) {
    case PRIO_PROCESS:
      return [taskOf(thread, who)];
    case PRIO_PGRP: {
      const group = who === 0 ? task.program.processGroup : who;
      return task.machine.tasks().filter((each) => each.program.processGroup === group);
    }
    case PRIO_USER: {
      const user = who === 0 ? task.credentials.uid : who;
      return task.machine.tasks().filter((each) => each.credentials.uid === user);
    }
    default:
      throw EINVAL;
  }
}

/** The system call answers 20 - nice, so that errors stay negative (getpriority(2)). */
function getpriority(thread: Thread, { which, who }: { which: number; who: number }): Result {
  const targets = priorityTargets(thread, which, who);
  if (targets.length === 0) throw ESRCH;
  return 20 - Math.min(...targets.map((each) => each.nice));
}

/** @throws EPERM for another user's, EACCES for a rise that RLIMIT_NICE does not allow */
function checkNice(thread: Thread, target: KernelTask, nice: number): void {
  const { euid } = thread.credentials;
  if (isCapable(thread.credentials, CAP_SYS_NICE)) return;
  if (target.credentials.uid !== euid && target.credentials.euid !== euid) throw EPERM;
  if (nice < target.nice && 20 - nice > asGuest(thread).program.limits.soft(RLIMIT_NICE)) throw EACCES;
}

function setpriority(thread: Thread, args: { which: number; who: number; nice: number }): Result {
  const targets = priorityTargets(thread, args.which, args.who);
  if (targets.length === 0) throw ESRCH;
  const nice = Math.max(-20, Math.min(19, args.nice));
  for (const target of targets) checkNice(thread, target, nice);
  for (const target of targets) target.nice = nice;
  return 0;
}

interface Scheduling {
  readonly policy: number;
  readonly priority: number;
  readonly nice?: number;
  readonly deadline?: Deadline;
  readonly resetsOnFork: boolean;
}

/** As taskOf, for the calls that refuse numbers below 0 as such. */
function policyTaskOf(thread: Thread, tid: number): KernelTask {
  if (tid < 0) throw EINVAL;
  return taskOf(thread, tid);
}

/** @throws EINVAL, EPERM for those that may not (sched(7), "Privileges and resource limits") */
function schedule(thread: Thread, target: KernelTask, wanted: Scheduling): Result {
  const { policy, priority } = wanted;
  if (!POLICIES.includes(policy)) throw EINVAL;
  const isRealtime = policy === SCHED_FIFO || policy === SCHED_RR;
  if (isRealtime ? priority < 1 || priority > MAX_PRIORITY : priority !== 0) throw EINVAL;
  const deadline = policy === SCHED_DEADLINE ? checkDeadline(wanted.deadline ?? NO_DEADLINE) : undefined;
  const { euid } = thread.credentials;
  if (!isCapable(thread.credentials, CAP_SYS_NICE)) {
    if (target.credentials.euid !== euid && target.credentials.uid !== euid) throw EPERM;
    const allowed = Math.max(target.realtimePriority, asGuest(thread).program.limits.soft(RLIMIT_RTPRIO));
    if (deadline !== undefined || (isRealtime && priority > allowed)) throw EPERM;
    if (target.resetsOnFork && !wanted.resetsOnFork) throw EPERM;
    const isRise = !isRealtime && wanted.nice !== undefined && wanted.nice < target.nice;
    if (isRise && 20 - wanted.nice > asGuest(thread).program.limits.soft(RLIMIT_NICE)) throw EPERM;
  }
  requireBandwidth(target, deadline);
  target.policy = policy;
  target.deadline = deadline;
  target.realtimePriority = priority;
  target.resetsOnFork = wanted.resetsOnFork;
  target.lockPriority.refresh();
  if (wanted.nice !== undefined && !isRealtime) target.nice = Math.max(-20, Math.min(19, wanted.nice));
  return 0;
}

const NO_DEADLINE: Deadline = { runtimeNs: 0, deadlineNs: 0, periodNs: 0, flags: 0 };

/** @throws EBUSY where all such threads together would take more than there is */
function requireBandwidth(target: KernelTask, deadline: Deadline | undefined): void {
  if (deadline === undefined) return;
  const others = target.machine.tasks().flatMap((each) => (each === target ? [] : (each.deadline ?? [])));
  if (!isAdmissible([...others, deadline])) throw EBUSY;
}

function setscheduler(thread: Thread, args: { tid: number; policy: number; param: number }): Result {
  if (args.tid < 0 || args.param === 0) throw EINVAL;
  const priority = thread.memory.loadU32(args.param) | 0;
  const resetsOnFork = (args.policy & SCHED_RESET_ON_FORK) !== 0;
  return schedule(thread, taskOf(thread, args.tid), {
    policy: args.policy & ~SCHED_RESET_ON_FORK,
    priority,
    resetsOnFork,
  });
}

function setparam(thread: Thread, { tid, param }: { tid: number; param: number }): Result {
  if (tid < 0 || param === 0) throw EINVAL;
  const priority = thread.memory.loadU32(param) | 0;
  const { policy, resetsOnFork } = taskOf(thread, tid);
  return schedule(thread, taskOf(thread, tid), { policy, priority, resetsOnFork });
}

function getparam(thread: Thread, { tid, param }: { tid: number; param: number }): Result {
  if (tid < 0 || param === 0) throw EINVAL;
  thread.memory.storeU32(param, taskOf(thread, tid).realtimePriority);
  return 0;
}

// struct sched_attr: size, policy (32 bits each), flags (64), nice, priority (32), runtime, deadline, period (64).
function setattr(thread: Thread, { tid, attr, flags }: { tid: number; attr: number; flags: number }): Result {
  if (tid < 0 || attr === 0 || flags !== 0) throw EINVAL;
  const { memory } = thread;
  checkAttributeSize(memory, attr);
  const policy = memory.loadU32(attr + 4) | 0;
  if (policy < 0) throw EINVAL;
  const target = taskOf(thread, tid);
  const attributeFlags = memory.loadI64(attr + 8);
  if ((attributeFlags & ~BigInt(SCHED_FLAG_RESET_ON_FORK | DEADLINE_FLAGS)) !== 0n) throw EINVAL;
  const deadline: Deadline = {
    runtimeNs: loadTime(memory, attr + 24),
    deadlineNs: loadTime(memory, attr + 32),
    periodNs: loadTime(memory, attr + 40),
    flags: Number(attributeFlags) & DEADLINE_FLAGS,
  };
  return schedule(thread, target, {
    policy,
    priority: memory.loadU32(attr + 20),
    nice: Math.max(-20, Math.min(19, memory.loadU32(attr + 16) | 0)),
    deadline,
    resetsOnFork: (attributeFlags & BigInt(SCHED_FLAG_RESET_ON_FORK)) !== 0n,
  });
}

/** A time of 64 bits, without sign. */
function loadTime(memory: UserMemory, addr: number): number {
  return Number(BigInt.asUintN(64, memory.loadI64(addr)));
}

/** Linux sched_copy_attr: a struct of a later version may have more, all of it zero. @throws E2BIG, having stored our size */
function checkAttributeSize(memory: UserMemory, attr: number): void {
  const sizeBytes = memory.loadU32(attr) || SCHED_ATTR_BYTES;
  const isUsual = sizeBytes >= SCHED_ATTR_BYTES && sizeBytes <= PAGE_SIZE;
  const more = isUsual ? memory.readable(attr + SCHED_ATTR_BYTES, sizeBytes - SCHED_ATTR_BYTES) : [1];
  if (!more.some((byte) => byte !== 0)) return;
  memory.storeU32(attr, SCHED_ATTR_BYTES);
  throw E2BIG;
}

function getattr(thread: Thread, args: { tid: number; attr: number; size: number; flags: number }): Result {
  if (args.tid < 0 || args.attr === 0 || args.flags !== 0) throw EINVAL;
  if (args.size < SCHED_ATTR_BYTES || args.size > PAGE_SIZE) throw EINVAL;
  const { policy, nice, realtimePriority, resetsOnFork, deadline } = taskOf(thread, args.tid);
  const { memory } = thread;
  memory.writable(args.attr, SCHED_ATTR_BYTES).fill(0);
  memory.storeU32(args.attr, SCHED_ATTR_BYTES);
  memory.storeU32(args.attr + 4, policy);
  memory.storeU32(args.attr + 8, (resetsOnFork ? SCHED_FLAG_RESET_ON_FORK : 0) | (deadline?.flags ?? 0));
  memory.storeU32(args.attr + 16, realtimePriority > 0 || deadline !== undefined ? 0 : nice >>> 0);
  memory.storeU32(args.attr + 20, realtimePriority);
  if (deadline === undefined) return 0;
  const { runtimeNs, deadlineNs, periodNs } = deadline;
  [runtimeNs, deadlineNs, periodNs].forEach((ns, i) => memory.storeNumber(args.attr + 24 + 8 * i, ns));
  return 0;
}

/** Linux: 100 ms under SCHED_RR, none under SCHED_FIFO, a slice for others. */
function intervalNs({ policy }: KernelTask): bigint {
  if (policy === SCHED_FIFO || policy === SCHED_DEADLINE) return 0n;
  return policy === SCHED_RR ? 100_000_000n : 2_000_000n;
}

function getaffinity(thread: Thread, { tid, size, mask }: { tid: number; size: number; mask: number }): Result {
  if (size < MASK_BYTES || size % 8 !== 0) throw EINVAL;
  taskOf(thread, tid);
  thread.memory.storeNumber(mask, 1);
  return MASK_BYTES;
}

function setaffinity(thread: Thread, { tid, size, mask }: { tid: number; size: number; mask: number }): Result {
  const [first = 0] = thread.memory.readable(mask, Math.min(size, MASK_BYTES));
  const { uid, euid } = taskOf(thread, tid).credentials;
  const own = thread.credentials.euid;
  if (own !== uid && own !== euid) requireCapability(thread.credentials, CAP_SYS_NICE);
  if ((first & 1) === 0) throw EINVAL;
  return 0;
}

function priorityBound(policy: number, realtime: number): number {
  if (!POLICIES.includes(policy)) throw EINVAL;
  return policy === SCHED_FIFO || policy === SCHED_RR ? realtime : 0;
}

function getcpu(thread: Thread, { cpu, node }: { cpu: number; node: number }): Result {
  if (cpu !== 0) thread.memory.storeU32(cpu, 0);
  if (node !== 0) thread.memory.storeU32(node, 0);
  return 0;
}

// oxfmt-ignore
export const scheduling: readonly Syscall[] = [
  syscall({ nr: 24, name: 'sched_yield', args: {}, support: 'full',
    run: (thread) => {
      asGuest(thread).yieldTurn();
      return 0;
    } }),
  syscall({ nr: 140, name: 'getpriority', args: { which: 'int', who: 'int' }, support: 'full', run: getpriority }),
  syscall({ nr: 141, name: 'setpriority', args: { which: 'int', who: 'int', nice: 'int' }, support: 'full', run: setpriority }),
  syscall({ nr: 142, name: 'sched_setparam', args: { tid: 'int', param: 'ptr' }, support: 'full', run: setparam }),
  syscall({ nr: 143, name: 'sched_getparam', args: { tid: 'int', param: 'ptr' }, support: 'full', run: getparam }),
  syscall({ nr: 144, name: 'sched_setscheduler', args: { tid: 'int', policy: 'int', param: 'ptr' }, support: 'full', run: setscheduler }),
  syscall({ nr: 145, name: 'sched_getscheduler', args: { tid: 'int' }, support: 'full',
    run: (thread, { tid }) => {
      const { policy, resetsOnFork } = policyTaskOf(thread, tid);
      return policy | (resetsOnFork ? SCHED_RESET_ON_FORK : 0);
    } }),
  syscall({ nr: 314, name: 'sched_setattr', args: { tid: 'int', attr: 'ptr', flags: 'flags' }, support: partial('of SCHED_DEADLINE the bandwidth is kept and admitted; its threads take turns with the others'), run: setattr }),
  syscall({ nr: 315, name: 'sched_getattr', args: { tid: 'int', attr: 'ptr', size: 'uint', flags: 'flags' }, support: 'full', run: getattr }),
  syscall({ nr: 146, name: 'sched_get_priority_max', args: { policy: 'int' }, support: 'full', run: (_thread, { policy }) => priorityBound(policy, 99) }),
  syscall({ nr: 147, name: 'sched_get_priority_min', args: { policy: 'int' }, support: 'full', run: (_thread, { policy }) => priorityBound(policy, 1) }),
  syscall({ nr: 148, name: 'sched_rr_get_interval', args: { tid: 'int', interval: 'ptr' }, support: 'full',
    run: (thread, { tid, interval }) => {
      storeTimespec(thread.memory, interval, intervalNs(policyTaskOf(thread, tid)));
      return 0;
    } }),
  syscall({ nr: 203, name: 'sched_setaffinity', args: { tid: 'int', size: 'size', mask: 'ptr' }, support: 'full', run: setaffinity }),
  syscall({ nr: 204, name: 'sched_getaffinity', args: { tid: 'int', size: 'size', mask: 'ptr' }, support: 'full', run: getaffinity }),
  syscall({ nr: 309, name: 'getcpu', args: { cpu: 'ptr', node: 'ptr' }, support: 'full', run: getcpu }),
];
