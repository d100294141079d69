/** pidfd_open(2), pidfd_send_signal(2), pidfd_getfd(2). */
import { EBADF, EINVAL, EPERM, ESRCH } from '../abi/errno.ts';
import { O_NONBLOCK, O_PATH } from '../abi/fcntl.ts';
import { SIGNAL_COUNT, SI_TKILL, SI_USER } from '../abi/signal.ts';
import { asGuest } from '../program/guest-task.ts';
import type { RunningProgram } from '../program/running-program.ts';
import type { Thread } from '../program/thread.ts';
import { mayAttach } from '../vfs/credentials.ts';
import { isProgramInode, ProcessFile } from '../vfs/process-file.ts';
import { loadSignalInfo, maySignal } from './signals.ts';
import { NO_RETURN, type Result, type Syscall, partial, syscall } from './syscall.ts';

/** A program that runs, or has ended and was not waited for. */
function programWithPid(thread: Thread, pid: number): RunningProgram | undefined {
  const { machine } = asGuest(thread);
  const program = machine.program(pid) ?? machine.zombie(pid);
  return program !== undefined && (program.isRunning || program.isZombie) ? program : undefined;
}

function open(thread: Thread, { pid, flags }: { pid: number; flags: number }): Result {
  if ((flags & ~O_NONBLOCK) !== 0 || pid <= 0) throw EINVAL;
  const program = programWithPid(thread, pid);
  if (program === undefined) throw asGuest(thread).machine.task(pid) === undefined ? ESRCH : EINVAL;
  return thread.files.add(new ProcessFile(program, flags !== 0), { isCloseOnExec: true });
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

/** The same; a directory /proc/PID will do. */
function signalledProgram(thread: Thread, fd: number): RunningProgram {
  const { inode, flags } = thread.files.get(fd);
  if (isProgramInode(inode) && (flags & O_PATH) === 0) return inode.program as RunningProgram;
  return programOfFile(thread, fd);
}

function sendSignal(thread: Thread, args: { fd: number; signal: number; info: number; flags: number }): Result {
  if (args.flags !== 0) throw EINVAL;
  const program = signalledProgram(thread, args.fd);
  const task = asGuest(thread);
  const own = { signal: args.signal, code: SI_USER, pid: task.program.pid, uid: task.credentials.uid };
  const info = args.info === 0 ? own : loadSignalInfo(thread, args.info);
  if (info.signal !== args.signal || args.signal < 0 || args.signal > SIGNAL_COUNT) throw EINVAL;
  if (program !== task.program && args.info !== 0 && (info.code >= 0 || info.code === SI_TKILL)) throw EPERM;
  if ((program.isRunning || program.isZombie) && !maySignal(task, program, args.signal)) throw EPERM;
  if (!program.isRunning) {
    if (program.isZombie) return 0;
    throw ESRCH;
  }
  if (args.signal !== 0) program.postSignal(info);
  return task.isTerminated ? NO_RETURN : 0;
}

function getFile(thread: Thread, args: { fd: number; target: number; flags: number }): Result {
  if (args.flags !== 0) throw EINVAL;
  const program = programOfFile(thread, args.fd);
  if (!program.isRunning) throw ESRCH;
  if (!mayAttach(thread.credentials, program.credentials)) throw EPERM;
  const file = program.files.get(args.target);
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
  syscall({ nr: 434, name: 'pidfd_open', args: { pid: 'int', flags: 'flags' }, support: partial('no PIDFD_THREAD'), run: open }),
  syscall({ nr: 438, name: 'pidfd_getfd', args: { fd: 'fd', target: 'fd', flags: 'flags' }, support: 'full', run: getFile }),
];
