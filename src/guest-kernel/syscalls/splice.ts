/** splice(2), tee(2), vmsplice(2): bytes between pipes and files without passing through the program. */
import { EAGAIN, EBADF, EINVAL, EINTR, EPIPE, ESPIPE } from '../abi/errno.ts';
import { MAX_RW_COUNT, O_ACCMODE, O_APPEND, O_NONBLOCK, O_RDONLY } from '../abi/fcntl.ts';
import { SIGPIPE } from '../abi/signal.ts';
import { type Blocked, blocked, isBlocked } from '../program/blocked.ts';
import type { Thread } from '../program/thread.ts';
import type { Call, OpenFile } from '../vfs/open-file.ts';
import { PipeFile } from '../vfs/pipe.ts';
import { readAt, readableFile, writableFile, writeAt } from './read-write.ts';
import { type Result, type Syscall, syscall } from './syscall.ts';
import { UserVector } from './user-buffers.ts';

const SPLICE_F_NONBLOCK = 2;
const SPLICE_FLAGS = 15;
/** So much is one step of a file (vfs/regular-file.ts): it is read or waited for as a whole. */
const MOST_FROM_FILE = 1 << 20;

/** Waits until the pipe holds something. @returns the wait, or undefined; 0 bytes then mean its end */
function awaitBytes({ pipe, flags, readiness }: PipeFile, call: Call, isNonBlocking: boolean): Blocked | undefined {
  if (pipe.length > 0 || pipe.writers === 0) return undefined;
  if (isNonBlocking || (flags & O_NONBLOCK) !== 0) throw EAGAIN;
  if (call.isInterrupted) throw EINTR;
  return blocked(readiness);
}

/** Waits until the pipe has room. @throws EPIPE, with SIGPIPE, where nobody reads it */
function awaitRoom({ pipe, flags, readiness }: PipeFile, call: Call, isNonBlocking: boolean): Blocked | undefined {
  if (pipe.readers === 0) {
    call.raise(SIGPIPE);
    throw EPIPE;
  }
  if (pipe.room > 0) return undefined;
  if (isNonBlocking || (flags & O_NONBLOCK) !== 0) throw EAGAIN;
  if (call.isInterrupted) throw EINTR;
  return blocked(readiness);
}

interface SpliceArgs {
  readonly in_fd: number;
  readonly in_off: number;
  readonly out_fd: number;
  readonly out_off: number;
  readonly size: number;
  readonly flags: number;
}

function splice(thread: Thread, args: SpliceArgs, call: Call): Result {
  if ((args.flags & ~SPLICE_FLAGS) !== 0) throw EINVAL;
  if (args.size === 0) return 0;
  const input = readableFile(thread, args.in_fd);
  const output = writableFile(thread, args.out_fd);
  const sizeBytes = Math.min(args.size, MAX_RW_COUNT);
  const isNonBlocking = (args.flags & SPLICE_F_NONBLOCK) !== 0;
  const hasPipeOffset =
    (input instanceof PipeFile && args.in_off !== 0) || (output instanceof PipeFile && args.out_off !== 0);
  if (hasPipeOffset) throw ESPIPE;
  if (input instanceof PipeFile && output instanceof PipeFile) {
    if (input.pipe === output.pipe) throw EINVAL;
    return betweenPipes(input, output, { call, sizeBytes, isNonBlocking, isConsuming: true });
  }
  if (input instanceof PipeFile) return fromPipe(thread, input, output, { ...args, sizeBytes, isNonBlocking }, call);
  if (output instanceof PipeFile) return toPipe(thread, input, output, { ...args, sizeBytes, isNonBlocking }, call);
  throw EINVAL;
}

interface Move {
  readonly call: Call;
  readonly sizeBytes: number;
  readonly isNonBlocking: boolean;
  /** splice takes the bytes, tee leaves them. */
  readonly isConsuming: boolean;
}

function betweenPipes(input: PipeFile, output: PipeFile, move: Move): number | Blocked {
  const wait = awaitBytes(input, move.call, move.isNonBlocking) ?? awaitRoom(output, move.call, move.isNonBlocking);
  if (wait !== undefined) return wait;
  const bytes = new Uint8Array(Math.min(move.sizeBytes, input.pipe.length, output.pipe.room));
  if (move.isConsuming) input.pipe.take(bytes);
  else input.pipe.peek(bytes);
  output.pipe.put(bytes);
  input.pipe.wake();
  output.pipe.wake();
  return bytes.length;
}

interface OneSided {
  readonly in_off: number;
  readonly out_off: number;
  readonly sizeBytes: number;
  readonly isNonBlocking: boolean;
}

/** The bytes leave the pipe only when the file has them. */
function fromPipe(thread: Thread, input: PipeFile, output: OpenFile, args: OneSided, call: Call): Result {
  if ((output.flags & O_APPEND) !== 0) throw EINVAL;
  const wait = awaitBytes(input, call, args.isNonBlocking);
  if (wait !== undefined) return wait;
  const bytes = new Uint8Array(Math.min(args.sizeBytes, input.pipe.length));
  if (bytes.length === 0) return 0;
  input.pipe.peek(bytes);
  const count = transfer(thread, output, args.out_off, (at) =>
    at === undefined ? output.write(call, bytes) : writeAt(output, call, at, bytes),
  );
  if (isBlocked(count)) return count;
  input.pipe.take(bytes.subarray(0, count));
  input.pipe.wake();
  return count;
}

function toPipe(thread: Thread, input: OpenFile, output: PipeFile, args: OneSided, call: Call): Result {
  const wait = awaitRoom(output, call, args.isNonBlocking);
  if (wait !== undefined) return wait;
  const bytes = new Uint8Array(Math.min(args.sizeBytes, output.pipe.room, MOST_FROM_FILE));
  const count = transfer(thread, input, args.in_off, (at) =>
    at === undefined ? input.read(call, bytes) : readAt(input, call, at, bytes),
  );
  if (isBlocked(count)) return count;
  output.pipe.put(bytes.subarray(0, count));
  output.pipe.wake();
  return count;
}

/** Moves at the file's own offset, or at the one in guest memory, which follows. */
function transfer(
  thread: Thread,
  file: OpenFile,
  offsetAddr: number,
  move: (at: number | undefined) => number | Blocked,
): number | Blocked {
  if (offsetAddr === 0) return move(undefined);
  if (!file.isSeekable) throw EINVAL;
  const at = thread.memory.loadNumber(offsetAddr);
  if (at < 0) throw EINVAL;
  const count = move(at);
  if (!isBlocked(count)) thread.memory.storeNumber(offsetAddr, at + count);
  return count;
}

function tee(thread: Thread, args: { in_fd: number; out_fd: number; size: number; flags: number }, call: Call): Result {
  if ((args.flags & ~SPLICE_FLAGS) !== 0) throw EINVAL;
  if (args.size === 0) return 0;
  const input = readableFile(thread, args.in_fd);
  const output = writableFile(thread, args.out_fd);
  if (!(input instanceof PipeFile) || !(output instanceof PipeFile) || input.pipe === output.pipe) throw EINVAL;
  const isNonBlocking = (args.flags & SPLICE_F_NONBLOCK) !== 0;
  return betweenPipes(input, output, { call, sizeBytes: args.size, isNonBlocking, isConsuming: false });
}

function vmsplice(thread: Thread, args: { fd: number; iov: number; count: number; flags: number }, call: Call): Result {
  if ((args.flags & ~SPLICE_FLAGS) !== 0) throw EINVAL;
  const file = thread.files.get(args.fd);
  if (!(file instanceof PipeFile)) throw EBADF;
  const isNonBlocking = (args.flags & SPLICE_F_NONBLOCK) !== 0;
  if ((file.flags & O_ACCMODE) !== O_RDONLY) {
    const bytes = UserVector.ofMessage(thread.memory, args.iov, args.count).window(0);
    if (bytes.length === 0) return 0;
    const wait = awaitRoom(file, call, isNonBlocking);
    if (wait !== undefined) return wait;
    const count = file.pipe.put(bytes);
    file.pipe.wake();
    return count;
  }
  const target = UserVector.toStore(thread.memory, args.iov, args.count);
  if (target.sizeBytes === 0) return 0;
  const wait = awaitBytes(file, call, isNonBlocking);
  if (wait !== undefined) return wait;
  const bytes = new Uint8Array(Math.min(target.sizeBytes, file.pipe.length));
  file.pipe.take(bytes);
  target.scatter(0, bytes);
  file.pipe.wake();
  return bytes.length;
}

// oxfmt-ignore
export const splices: readonly Syscall[] = [
  syscall({ nr: 275, name: 'splice', args: { in_fd: 'fd', in_off: 'ptr', out_fd: 'fd', out_off: 'ptr', size: 'size', flags: 'flags' }, support: 'full', run: splice }),
  syscall({ nr: 276, name: 'tee', args: { in_fd: 'fd', out_fd: 'fd', size: 'size', flags: 'flags' }, support: 'full', run: tee }),
  syscall({ nr: 278, name: 'vmsplice', args: { fd: 'fd', iov: 'ptr', count: 'int', flags: 'flags' }, support: 'full', run: vmsplice }),
];
