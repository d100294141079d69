/**
 * An open file description (open(2)): what several file descriptors may share. Regular files, directories, pipes,
 * sockets, devices and event files all stand behind this one interface.
 *
 * Callers hold the count: dup and fork `retain`, close `release`.
 */
import type { Blocked } from '../program/blocked.ts';
import type { WaitQueue } from '../program/wait-queue.ts';
import type { FileAttributes, Inode } from './inode.ts';
import type { Location } from './location.ts';

/** What a blocking operation may know of the call it serves; syscalls and native programs both make one. */
export interface Call {
  /** What this call returned as Blocked.progress when it ran before. */
  readonly progress: unknown;
  /** A signal waits for delivery: return what there is, or throw EINTR. */
  readonly isInterrupted: boolean;
  /** Monotonic clock, ns. */
  readonly nowNs: number;
  /** Thread that calls: for SIGPIPE, SIGTTIN and ownership. */
  readonly threadId: number;
  /** RLIMIT_FSIZE: no file grows past it; absent: none. */
  readonly fileSizeLimit?: number;
  /** Sends a signal to the calling thread (SIGPIPE, SIGXFSZ). */
  raise(signal: number): void;
}

/** The same call, as something that runs inside of it is to see it. */
export function withProgress(call: Call, progress: unknown): Call {
  return {
    progress,
    isInterrupted: call.isInterrupted,
    nowNs: call.nowNs,
    threadId: call.threadId,
    ...(call.fileSizeLimit === undefined ? {} : { fileSizeLimit: call.fileSizeLimit }),
    raise: (signal) => call.raise(signal),
  };
}

/** Bits of poll(2): POLLIN 1, POLLPRI 2, POLLOUT 4, POLLERR 8, POLLHUP 16, POLLRDHUP 0x2000. */
export type PollMask = number;

export interface OpenFile {
  /** 'regular', 'directory', 'pipe', 'socket', 'tty', … for reports and /proc. */
  readonly kind: string;
  /** Where it was opened, or 'pipe:[7]' and the like, as readlink of /proc/self/fd shows it. */
  readonly path: string;
  /** O_ACCMODE and the status flags that F_SETFL may change (O_APPEND, O_NONBLOCK, …). */
  flags: number;
  /** Absent for files that have none (sockets, pipes made by pipe2). */
  readonly inode?: Inode;
  /** Absent likewise: what *at(2) and fchdir start from. */
  readonly location?: Location;
  /** File offset, bytes; unused where lseek is ESPIPE. */
  offset: number;
  readonly isSeekable: boolean;
  /** lseek succeeds and the offset stays 0 (the memory devices). */
  readonly hasNoPlace?: boolean;

  attributes(): FileAttributes;
  /** `dst` and `src` are views of guest memory or kernel buffers; not kept after return. 0 from read is end of file. */
  read(call: Call, dst: Uint8Array): number | Blocked;
  write(call: Call, src: Uint8Array): number | Blocked;
  /** pread and pwrite: do not move `offset`. Absent: read and write ignore the offset (devices) or ESPIPE (not seekable). */
  readAt?(call: Call, offset: number, dst: Uint8Array): number | Blocked;
  writeAt?(call: Call, offset: number, src: Uint8Array): number | Blocked;
  /** What would not block now. */
  poll(): PollMask;
  /** Woken whenever poll() may answer more than before. */
  readonly readiness: WaitQueue;
  /** @throws ENOTTY for what it does not know. `memory` is the caller's, for the argument. */
  ioctl(call: Call, request: number, argument: number, memory: UserMemory): number | Blocked;
  retain(): void;
  release(): void;
  /** A descriptor of it in the table `owner` is closed, others may go on (Linux file_operations.flush). */
  flush?(owner: object): void;
  /** How often something came that can be read, of files that count it: each time is told to who wants SIGIO. */
  readonly arrivals?: number;
  /** Nobody holds it any more; epoll sets forget it then. `readiness` is woken when this becomes true. */
  readonly isClosed?: boolean;
}

/** Guest memory as system calls see it; EFAULT is thrown for what the program may not touch. */
export interface UserMemory {
  /** A view of [addr, addr + sizeBytes) to read from, valid until this call returns. */
  readable(addr: number, sizeBytes: number): Uint8Array;
  /** A view to write to; translated code made from it is forgotten. */
  writable(addr: number, sizeBytes: number): Uint8Array;
  /** How many of the bytes, from the first on, may be read or written. */
  prefix(addr: number, sizeBytes: number, isWriting: boolean): number;
  /** The bytes before the NUL at `addr`. @throws ENAMETOOLONG when none lies in the first `maxBytes`. */
  cString(addr: number, maxBytes: number): string;
  /** The same bytes' address below 4 GiB, where the space has a window (emulator/memory/address-space.ts). */
  fold(addr: number): number;
  loadU32(addr: number): number;
  loadI64(addr: number): bigint;
  /** A 64-bit number as a double; exact to 2^53. */
  loadNumber(addr: number): number;
  storeU32(addr: number, value: number): void;
  storeI64(addr: number, value: bigint): void;
  storeNumber(addr: number, value: number): void;
}
