/** pidfd_open(2): a program as a file, readable once it has ended. */
import { EINVAL } from '../abi/errno.ts';
import { O_NONBLOCK, O_RDWR } from '../abi/fcntl.ts';
import { POLLIN, POLLRDNORM } from '../abi/poll.ts';
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

export class ProcessFile extends BaseFile {
  readonly kind = 'pidfd';
  readonly program: Program;
  override readonly readiness: WaitQueue;

  constructor(program: Program, isNonBlocking: boolean) {
    super('anon_inode:[pidfd]', O_RDWR | (isNonBlocking ? O_NONBLOCK : 0));
    this.program = program;
    this.readiness = program.ended;
  }

  attributes(): FileAttributes {
    return anonymousAttributes(this.program.pid, 0o600);
  }

  override read(_call: Call, _dst: Uint8Array): number | Blocked {
    throw EINVAL;
  }

  poll(): PollMask {
    return this.program.state.kind === 'running' ? 0 : POLLIN | POLLRDNORM;
  }
}
