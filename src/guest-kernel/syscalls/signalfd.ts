/** signalfd(2). */
import { EINVAL } from '../abi/errno.ts';
import { O_CLOEXEC, O_NONBLOCK } from '../abi/fcntl.ts';
import { type GuestTask, asGuest } from '../program/guest-task.ts';
import { UNBLOCKABLE } from '../program/signals.ts';
import type { Thread } from '../program/thread.ts';
import { SignalFile, type SignalSource } from '../vfs/signal-file.ts';
import { type Result, type Syscall, syscall } from './syscall.ts';

const SIGSET_BYTES = 8;

function sourceOf(maker: GuestTask): SignalSource {
  const { machine } = maker;
  return {
    take(threadId, wanted) {
      const task = machine.task(threadId);
      return task?.pendingSignals.take(wanted) ?? task?.program.pendingSignals.take(wanted);
    },
    waiting() {
      const task = machine.current ?? maker;
      return task.pendingSignals.set | task.program.pendingSignals.set;
    },
  };
}

function signalfd(thread: Thread, args: { fd: number; mask: number; size: number; flags: number }): Result {
  if ((args.flags & ~(O_CLOEXEC | O_NONBLOCK)) !== 0 || args.size !== SIGSET_BYTES) throw EINVAL;
  const mask = BigInt.asUintN(64, thread.memory.loadI64(args.mask)) & ~UNBLOCKABLE;
  if (args.fd !== -1) {
    const known = thread.files.get(args.fd);
    if (!(known instanceof SignalFile)) throw EINVAL;
    known.mask = mask;
    known.readiness.wake();
    return args.fd;
  }
  const task = asGuest(thread);
  const { signalFiles } = task.machine;
  const file = new SignalFile(mask, (args.flags & O_NONBLOCK) !== 0, {
    source: sourceOf(task),
    onClosed: (closed) => signalFiles.delete(closed),
  });
  signalFiles.add(file);
  return thread.files.add(file, { isCloseOnExec: (args.flags & O_CLOEXEC) !== 0 });
}

// oxfmt-ignore
export const signalFiles: readonly Syscall[] = [
  syscall({ nr: 282, name: 'signalfd', args: { fd: 'fd', mask: 'ptr', size: 'size' }, support: 'full',
    run: (thread, args) => signalfd(thread, { ...args, flags: 0 }) }),
  syscall({ nr: 289, name: 'signalfd4', args: { fd: 'fd', mask: 'ptr', size: 'size', flags: 'flags' }, support: 'full', run: signalfd }),
];
