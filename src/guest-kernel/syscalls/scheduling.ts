/** sched(7), getpriority(2), CPU affinity: one processor, round-robin by need. */
import { EINVAL, EPERM, ESRCH } from '../abi/errno.ts';
import { SCHED_BATCH, SCHED_FIFO, SCHED_IDLE, SCHED_OTHER, SCHED_RR } from '../abi/sched.ts';
import { type KernelTask } from '../program/kernel-task.ts';
import { asGuest } from '../program/guest-task.ts';
import type { Thread } from '../program/thread.ts';
import { type Result, type Syscall, partial, syscall } from './syscall.ts';
import { storeTimespec } from './timespec.ts';

const PRIO_PROCESS = 0;
const PRIO_PGRP = 1;
const PRIO_USER = 2;
const MASK_BYTES = 8;
const POLICIES = [SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_BATCH, SCHED_IDLE];

function taskOf(thread: Thread, tid: number): KernelTask {
  const task = asGuest(thread);
  if (tid < 0) throw EINVAL;
  const target = tid === 0 ? task : task.machine.task(tid);
  if (target === undefined) throw ESRCH;
  return target;
}

function priorityTargets(thread: Thread, which: number, who: number): readonly KernelTask[] {
  const task = asGuest(thread);
  switch (which) {
    case PRIO_PROCESS:
      return [taskOf(thread, who)];
    case PRIO_PGRP: {
      const group = who === 0 ? task.program.processGroup : who;
      return task.machine.tasks().filter((each) => each.program.processGroup === group);
    }
    case PRIO_USER:
      return task.machine.tasks();
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

function setpriority(thread: Thread, args: { which: number; who: number; nice: number }): Result {
  const targets = priorityTargets(thread, args.which, args.who);
  if (targets.length === 0) throw ESRCH;
  for (const target of targets) target.nice = Math.max(-20, Math.min(19, args.nice));
  return 0;
}

function setscheduler(thread: Thread, { tid, policy }: { tid: number; policy: number }): Result {
  taskOf(thread, tid);
  if (!POLICIES.includes(policy)) throw EINVAL;
  if (policy === SCHED_FIFO || policy === SCHED_RR) throw EPERM;
  return 0;
}

function getaffinity(thread: Thread, { tid, size, mask }: { tid: number; size: number; mask: number }): Result {
  taskOf(thread, tid);
  if (size < MASK_BYTES || size % 8 !== 0) throw EINVAL;
  thread.memory.storeNumber(mask, 1);
  return MASK_BYTES;
}

function setaffinity(thread: Thread, { tid, size, mask }: { tid: number; size: number; mask: number }): Result {
  taskOf(thread, tid);
  if (size === 0 || ((thread.memory.readable(mask, Math.min(size, MASK_BYTES))[0] ?? 0) & 1) === 0) throw EINVAL;
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
  syscall({ nr: 142, name: 'sched_setparam', args: { tid: 'int', param: 'ptr' }, support: 'full',
    run: (thread, { tid, param }) => {
      taskOf(thread, tid);
      if (thread.memory.loadU32(param) !== 0) throw EINVAL;
      return 0;
    } }),
  syscall({ nr: 143, name: 'sched_getparam', args: { tid: 'int', param: 'ptr' }, support: 'full',
    run: (thread, { tid, param }) => {
      taskOf(thread, tid);
      thread.memory.storeU32(param, 0);
      return 0;
    } }),
  syscall({ nr: 144, name: 'sched_setscheduler', args: { tid: 'int', policy: 'int', param: 'ptr' }, support: partial('no real-time policies'), run: setscheduler }),
  syscall({ nr: 145, name: 'sched_getscheduler', args: { tid: 'int' }, support: 'full',
    run: (thread, { tid }) => {
      taskOf(thread, tid);
      return SCHED_OTHER;
    } }),
  syscall({ nr: 146, name: 'sched_get_priority_max', args: { policy: 'int' }, support: 'full', run: (_thread, { policy }) => priorityBound(policy, 99) }),
  syscall({ nr: 147, name: 'sched_get_priority_min', args: { policy: 'int' }, support: 'full', run: (_thread, { policy }) => priorityBound(policy, 1) }),
  syscall({ nr: 148, name: 'sched_rr_get_interval', args: { tid: 'int', interval: 'ptr' }, support: 'full',
    run: (thread, { tid, interval }) => {
      taskOf(thread, tid);
      storeTimespec(thread.memory, interval, 2_000_000n);
      return 0;
    } }),
  syscall({ nr: 203, name: 'sched_setaffinity', args: { tid: 'int', size: 'size', mask: 'ptr' }, support: 'full', run: setaffinity }),
  syscall({ nr: 204, name: 'sched_getaffinity', args: { tid: 'int', size: 'size', mask: 'ptr' }, support: 'full', run: getaffinity }),
  syscall({ nr: 309, name: 'getcpu', args: { cpu: 'ptr', node: 'ptr' }, support: 'full', run: getcpu }),
];
