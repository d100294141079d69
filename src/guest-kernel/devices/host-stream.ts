/**
 * A standard stream of a program joined to one of the host's: what `osv run` gives it as descriptors 0, 1 and 2.
 * To the program it looks like a pipe that somebody else holds the other end of.
 */
import { EAGAIN, EBADF, EINTR, EPIPE } from '../abi/errno.ts';
import { O_NONBLOCK, O_RDONLY, O_WRONLY } from '../abi/fcntl.ts';
import { FIONREAD } from '../abi/ioctls.ts';
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from '../abi/poll.ts';
import { S_IFIFO } from '../abi/stat.ts';
import type { HostStdio } from '../ports.ts';
import { blocked, type Blocked } from '../program/blocked.ts';
import { anonymousAttributes, BaseFile } from '../vfs/base-file.ts';
import type { FileAttributes } from '../vfs/inode.ts';
import type { Call, PollMask, UserMemory } from '../vfs/open-file.ts';

const SIGPIPE = 13;
/** Asked of the host at a time: what a Linux pipe holds. */
const READ_AHEAD_BYTES = 65_536;

export class HostInput extends BaseFile {
  readonly kind = 'pipe';
  readonly #stdio: HostStdio;
  #buffered = new Uint8Array(0);
  #isAsking = false;
  #isAtEnd = false;

  constructor(stdio: HostStdio) {
    super('pipe:[1]', O_RDONLY);
    this.#stdio = stdio;
  }

  attributes(): FileAttributes {
    return anonymousAttributes(1, S_IFIFO | 0o600);
  }

  override read(call: Call, dst: Uint8Array): number | Blocked {
    if (dst.length === 0) return 0;
    if (this.#buffered.length > 0) {
      const count = Math.min(dst.length, this.#buffered.length);
      dst.set(this.#buffered.subarray(0, count));
      this.#buffered = this.#buffered.subarray(count);
      return count;
    }
    if (this.#isAtEnd) return 0;
    this.#ask();
    if ((this.flags & O_NONBLOCK) !== 0) throw EAGAIN;
    if (call.isInterrupted) throw EINTR;
    return blocked(this.readiness);
  }

  override write(): number {
    throw EBADF;
  }

  poll(): PollMask {
    if (this.#buffered.length > 0) return POLLIN | POLLRDNORM;
    if (this.#isAtEnd) return POLLHUP;
    this.#ask();
    return 0;
  }

  override ioctl(call: Call, request: number, argument: number, memory: UserMemory): number | Blocked {
    if (request !== FIONREAD) return super.ioctl(call, request, argument, memory);
    memory.storeU32(argument, this.#buffered.length);
    return 0;
  }

  #ask(): void {
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.#stdio.readInput(READ_AHEAD_BYTES, (bytes) => {
      this.#isAsking = false;
      this.#buffered = bytes;
      this.#isAtEnd = bytes.length === 0;
      this.readiness.wake();
    });
  }
}

export class HostOutput extends BaseFile {
  readonly kind = 'pipe';
  readonly #stdio: HostStdio;
  readonly #stream: 'stdout' | 'stderr';
  #isBroken = false;

  constructor(stdio: HostStdio, stream: 'stdout' | 'stderr') {
    super(stream === 'stdout' ? 'pipe:[2]' : 'pipe:[3]', O_WRONLY);
    this.#stdio = stdio;
    this.#stream = stream;
  }

  attributes(): FileAttributes {
    return anonymousAttributes(this.#stream === 'stdout' ? 2 : 3, S_IFIFO | 0o600);
  }

  override read(): number {
    throw EBADF;
  }

  override write(call: Call, src: Uint8Array): number {
    if (!this.#isBroken && this.#stdio.writeOutput(this.#stream, src)) return src.length;
    this.#isBroken = true;
    call.raise(SIGPIPE);
    throw EPIPE;
  }

  poll(): PollMask {
    return POLLOUT | POLLWRNORM | (this.#isBroken ? POLLERR : 0);
  }
}
