/** pidfd_open(2), pidfd_send_signal(2), pidfd_getfd(2). */
import { EBADF, EINVAL, ENOENT, EPERM, ESRCH } from '../abi/errno.ts';
import { O_NONBLOCK, O_PATH, PIDFD_THREAD } from '../abi/fcntl.ts';
import { SIGNAL_COUNT, SI_TKILL, SI_USER } from '../abi/signal.ts';
import { asGuest } from '../program/guest-task.ts';
import { KernelTask } from '../program/kernel-task.ts';
import type { RunningProgram } from '../program/running-program.ts';
import type { Thread } from '../program/thread.ts';
import { mayAttach } from '../vfs/credentials.ts';
import { isProgramInode, ProcessFile } from '../vfs/process-file.ts';
import { loadSignalInfo, maySignal } from './signals.ts';
import { NO_RETURN, type Result, type Syscall, syscall } from './syscall.ts';

/** linux/pidfd.h. */
const PIDFD_SIGNAL_THREAD = 1;
const PIDFD_SIGNAL_THREAD_GROUP = 2;
const PIDFD_SIGNAL_PROCESS_GROUP = 4;

/** A program that runs, or has ended and was not waited for. */
function programWithPid(thread: Thread, pid: number): RunningProgram | undefined {
  const { machine } = asGuest(thread);
  const program = machine.program(pid) ?? machine.zombie(pid);
  return program !== undefined && (program.isRunning || program.isZombie) ? program : undefined;
}

function open(thread: Thread, { pid, flags }: { pid: number; flags: number }): Result {
  if ((flags & ~(O_NONBLOCK | PIDFD_THREAD)) !== 0 || pid <= 0) throw EINVAL;
  const isNonBlocking = (flags & O_NONBLOCK) !== 0;
  const task = asGuest(thread).machine.task(pid);
  const program = programWithPid(thread, pid);
  if ((flags & PIDFD_THREAD) !== 0 && task !== undefined)
    return thread.files.add(new ProcessFile(task.program, isNonBlocking, task), { isCloseOnExec: true });
  if (program === undefined) throw task === undefined ? ESRCH : ENOENT;
  return thread.files.add(new ProcessFile(program, isNonBlocking), { isCloseOnExec: true });
}

/** A new pidfd for a program, as sockets give them (SO_PEERPIDFD, SO_PASSPIDFD). @throws ESRCH, EMFILE */
export function openProgramFile(thread: Thread, pid: number): number {
  const program = programWithPid(thread, pid);
  if (program === undefined) throw ESRCH;
  return thread.files.add(new ProcessFile(program, false), { isCloseOnExec: true });
}

/** The program behind a pidfd. @throws EBADF */
export function programOfFile(thread: Thread, fd: number): RunningProgram {
  const file = thread.files.get(fd);
  if (!(file instanceof ProcessFile)) throw EBADF;
  return file.program as RunningProgram;
}

/** The thread that alone is meant by a pidfd (PIDFD_THREAD). */
export function threadOfFile(thread: Thread, fd: number): KernelTask | undefined {
  const file = thread.files.get(fd);
  return file instanceof ProcessFile ? (file.thread as KernelTask | undefined) : undefined;
}

/** The program; a directory /proc/PID will do. */
function signalledProgram(thread: Thread, fd: number): RunningProgram {
  const { inode, flags } = thread.files.get(fd);
  if (isProgramInode(inode) && (flags & O_PATH) === 0) return inode.program as RunningProgram;
  return programOfFile(thread, fd);
}

/** Whom a signal goes to: what the pidfd is of, unless a flag says otherwise. */
type Scope = 'thread' | 'program' | 'group';
const SCOPES: ReadonlyMap<number, Scope> = new Map([
  [PIDFD_SIGNAL_THREAD, 'thread'],
  [PIDFD_SIGNAL_THREAD_GROUP, 'program'],
  [PIDFD_SIGNAL_PROCESS_GROUP, 'group'],
]);

function sendSignal(thread: Thread, args: { fd: number; signal: number; info: number; flags: number }): Result {
  if (args.flags !== 0 && !SCOPES.has(args.flags)) throw EINVAL;
  const program = signalledProgram(thread, args.fd);
  const meant = threadOfFile(thread, args.fd);
  const scope = SCOPES.get(args.flags) ?? (meant === undefined ? 'program' : 'thread');
  const task = asGuest(thread);
  const code = scope === 'thread' ? SI_TKILL : SI_USER;
  const own = { signal: args.signal, code, pid: task.program.pid, uid: task.credentials.uid };
  const info = args.info === 0 ? own : loadSignalInfo(thread, args.info);
  if (info.signal !== args.signal || args.signal < 0 || args.signal > SIGNAL_COUNT) throw EINVAL;
  if (program !== task.program && args.info !== 0 && (info.code >= 0 || info.code === SI_TKILL)) throw EPERM;
  if ((program.isRunning || program.isZombie) && !maySignal(task, program, args.signal)) throw EPERM;
  if (!program.isRunning) {
    if (program.isZombie) return 0;
    throw ESRCH;
  }
  const target = scope === 'thread' ? (meant ?? program.threads.get(program.pid)) : program;
  if (target === undefined || (target instanceof KernelTask && target.isTerminated)) throw ESRCH;
  if (args.signal === 0) return 0;
  if (scope !== 'group') target.postSignal(info);
  else
    for (const each of task.machine.programs())
      if (each.isRunning && each.processGroup === program.processGroup && maySignal(task, each, args.signal))
        each.postSignal(info);
  return task.isTerminated ? NO_RETURN : 0;
}

function getFile(thread: Thread, args: { fd: number; target: number; flags: number }): Result {
  if (args.flags !== 0) throw EINVAL;
  const program = programOfFile(thread, args.fd);
  if (!program.isRunning) throw ESRCH;
  if (!mayAttach(thread, { credentials: program.credentials, program })) throw EPERM;
  const file = (threadOfFile(thread, args.fd) ?? program).files.get(args.target);
  file.retain();
  try {
    return thread.files.add(file, { isCloseOnExec: true });
  } catch (error) {
    file.release();
    throw error;
  }
}

// oxfmt-ignore
export const pidfds: readonly Syscall[] = [
  syscall({ nr: 424, name: 'pidfd_send_signal', args: { fd: 'fd', signal: 'int', info: 'ptr', flags: 'flags' }, support: 'full', run: sendSignal }),
  syscall({ nr: 434, name: 'pidfd_open', args: { pid: 'int', flags: 'flags' }, support: 'full', run: open }),
  syscall({ nr: 438, name: 'pidfd_getfd', args: { fd: 'fd', target: 'fd', flags: 'flags' }, support: 'full', run: getFile }),
];
