/** pidfd_open(2): a program as a file, readable once it has ended. */
import { EINVAL } from '../abi/errno.ts';
import { O_NONBLOCK, O_RDWR, PIDFD_THREAD } from '../abi/fcntl.ts';
import { POLLHUP, POLLIN, POLLRDNORM } from '../abi/poll.ts';
import type { Blocked } from '../program/blocked.ts';
import type { Program } from '../program/thread.ts';
import type { WaitQueue } from '../program/wait-queue.ts';
import { anonymousAttributes, BaseFile } from './base-file.ts';
import type { FileAttributes, Inode } from './inode.ts';
import type { Call, PollMask } from './open-file.ts';

/** A directory that stands for a program as well: /proc/PID. */
export interface ProgramInode extends Inode {
  readonly program: Program;
}

export function isProgramInode(inode: Inode | undefined): inode is ProgramInode {
  return inode !== undefined && 'program' in inode;
}

/** A program that can be waited for, and a thread of one. */
interface WaitedProgram extends Program {
  /** Ended, and its parent has not waited for it. */
  readonly isZombie: boolean;
}

interface EndingThread {
  readonly id: number;
  readonly isTerminated: boolean;
  readonly ended: WaitQueue;
}

export class ProcessFile extends BaseFile {
  readonly kind = 'pidfd';
  readonly program: WaitedProgram;
  /** Only this thread of the program is meant (PIDFD_THREAD). */
  readonly thread: EndingThread | undefined;
  override readonly readiness: WaitQueue;

  constructor(program: WaitedProgram, isNonBlocking: boolean, thread?: EndingThread) {
    const mode = thread === undefined ? O_RDWR : O_RDWR | PIDFD_THREAD;
    super('anon_inode:[pidfd]', mode | (isNonBlocking ? O_NONBLOCK : 0));
    this.program = program;
    this.thread = thread;
    this.readiness = thread?.ended ?? program.ended;
  }

  attributes(): FileAttributes {
    return anonymousAttributes(this.thread?.id ?? this.program.pid, 0o600);
  }

  override read(_call: Call, _dst: Uint8Array): number | Blocked {
    throw EINVAL;
  }

  poll(): PollMask {
    const { program, thread } = this;
    const isRunning = thread === undefined ? program.state.kind === 'running' : !thread.isTerminated;
    if (isRunning) return 0;
    // Linux fs/pidfs.c: pidfd_poll; of a program that was waited for there is nothing left.
    const isLeader = thread === undefined || thread.id === program.pid;
    return POLLIN | POLLRDNORM | (isLeader && program.isZombie ? 0 : POLLHUP);
  }
}
