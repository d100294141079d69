/** exit(2), getpid(2), process groups and sessions, wait4(2); what would make a process is not there yet. */
import { ECHILD, EPERM, ESRCH } from '../abi/errno.ts';
import { asGuest } from '../program/guest-task.ts';
import type { RunningProgram } from '../program/running-program.ts';
import type { Thread } from '../program/thread.ts';
import { NO_RETURN, type Result, type Syscall, partial, syscall } from './syscall.ts';

function exit(thread: Thread, { code }: { code: number }): Result {
  const task = asGuest(thread);
  const { program } = task;
  if (program.threads.size === 1 && program.namespace?.launcher?.program !== program) {
    // pthread_exit everywhere: a run of the launcher ended cleanly; an executable ends with the last thread's code.
    program.end({ kind: 'exited', code: isRun(program) ? 0 : code & 0xff });
  } else task.end();
  return NO_RETURN;
}

function exitGroup(thread: Thread, { code }: { code: number }): Result {
  const { program, namespace } = asGuest(thread);
  if (isRun(program)) namespace.launcher?.retire(`${program.path} ended libc's process from inside`);
  program.end({ kind: 'exited', code: code & 0xff });
  return NO_RETURN;
}

/** A plain program, run by the launcher in a namespace it shares. */
function isRun(program: RunningProgram): boolean {
  const { launcher } = program.namespace ?? {};
  return launcher !== undefined && launcher.program !== program;
}

function programOf(thread: Thread, pid: number): RunningProgram {
  const task = asGuest(thread);
  const program = pid === 0 ? task.program : task.machine.program(pid);
  if (program?.isRunning !== true) throw ESRCH;
  return program;
}

function setpgid(thread: Thread, { pid, group }: { pid: number; group: number }): Result {
  const program = programOf(thread, pid);
  if (program !== asGuest(thread).program) throw ESRCH;
  if (program.session === program.pid && group !== 0 && group !== program.pid) throw EPERM;
  program.processGroup = group === 0 ? program.pid : group;
  return 0;
}

function setsid(thread: Thread): Result {
  const { program } = asGuest(thread);
  program.processGroup = program.pid;
  program.session = program.pid;
  return program.pid;
}

function wait(): Result {
  throw ECHILD;
}

// oxfmt-ignore
export const processes: readonly Syscall[] = [
  syscall({ nr: 39, name: 'getpid', args: {}, support: 'full', run: (thread) => thread.program.pid }),
  syscall({ nr: 60, name: 'exit', args: { code: 'int' }, support: 'full', run: exit }),
  syscall({ nr: 61, name: 'wait4', args: {}, support: partial('there are no child processes'), run: wait }),
  syscall({ nr: 109, name: 'setpgid', args: { pid: 'int', group: 'int' }, support: partial('of oneself only'), run: setpgid }),
  syscall({ nr: 110, name: 'getppid', args: {}, support: 'full', run: (thread) => thread.program.parentPid }),
  syscall({ nr: 111, name: 'getpgrp', args: {}, support: 'full', run: (thread) => thread.program.processGroup }),
  syscall({ nr: 112, name: 'setsid', args: {}, support: partial('the terminal stays'), run: setsid }),
  syscall({ nr: 121, name: 'getpgid', args: { pid: 'int' }, support: 'full', run: (thread, { pid }) => programOf(thread, pid).processGroup }),
  syscall({ nr: 124, name: 'getsid', args: { pid: 'int' }, support: 'full', run: (thread, { pid }) => programOf(thread, pid).session }),
  syscall({ nr: 231, name: 'exit_group', args: { code: 'int' }, support: 'full', run: exitGroup }),
  syscall({ nr: 247, name: 'waitid', args: {}, support: partial('there are no child processes'), run: wait }),
];
