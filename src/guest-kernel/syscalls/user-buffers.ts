/** What calls load from and store to in the caller's memory, and struct iovec arrays (readv(2)) as one run of bytes. */
import { EFAULT, EINVAL, Errno } from '../abi/errno.ts';
import { IOV_MAX, MAX_RW_COUNT } from '../abi/fcntl.ts';
import { type Blocked, blocked, isBlocked } from '../program/blocked.ts';
import { NotResident } from '../vfs/inode.ts';
import { type Call, type UserMemory, withProgress } from '../vfs/open-file.ts';

interface Segment {
  readonly addr: number;
  readonly sizeBytes: number;
}

const IOVEC_BYTES = 16;
/** Linux TASK_SIZE_MAX. */
export const USER_SPACE_END = 2 ** 47 - 4096;

/**
 * Brings in what a call will store once it has taken something that cannot be given back: a page that is fetched then
 * would make the call run anew. @returns whether all of it may be stored. @throws NotResident
 */
export function bringIn(memory: UserMemory, addr: number, sizeBytes: number): boolean {
  return addr !== 0 && memory.prefix(addr, sizeBytes, true) === sizeBytes;
}

/** @throws EINVAL, EFAULT */
export function loadSegments(memory: UserMemory, addr: number, count: number): readonly Segment[] {
  if (count < 0 || count > IOV_MAX) throw EINVAL;
  const segments: Segment[] = [];
  let total = 0;
  for (let i = 0; i < count; i++) {
    const wanted = memory.loadNumber(addr + i * IOVEC_BYTES + 8);
    if (wanted < 0) throw EINVAL;
    const from = memory.loadNumber(addr + i * IOVEC_BYTES);
    // Linux import_iovec: each of several pieces must lie in user space before anything is moved.
    if (count > 1 && from + wanted > USER_SPACE_END) throw EFAULT;
    const sizeBytes = Math.min(wanted, MAX_RW_COUNT - total); // Linux import_iovec: the rest is cut off
    if (sizeBytes > 0) segments.push({ addr: from, sizeBytes });
    total += sizeBytes;
  }
  return segments;
}

/** Bytes up to the first that may not be touched: what comes before is served (readv(2) of less than asked for). */
function accessibleBytes(memory: UserMemory, segments: readonly Segment[], isWrite: boolean): number {
  let total = 0;
  for (const { addr, sizeBytes } of segments) {
    const prefix = memory.prefix(addr, sizeBytes, isWrite);
    if (prefix < sizeBytes && total + prefix === 0) throw EFAULT;
    total += prefix;
    if (prefix < sizeBytes) break;
  }
  return total;
}

/**
 * So much of a vector is moved at a time. Its pieces may lie over each other: together they may hold more than memory does.
 */
const WINDOW_BYTES = 8 << 20;

/** The bytes of a struct iovec array, in order. */
export class UserVector {
  /** All, or as many as may be touched. */
  readonly sizeBytes: number;
  readonly #memory: UserMemory;
  readonly #segments: readonly Segment[];

  constructor(memory: UserMemory, segments: readonly Segment[], sizeBytes: number) {
    this.#memory = memory;
    this.#segments = segments;
    this.sizeBytes = sizeBytes;
  }

  /** To be written to. @throws EINVAL, EFAULT where the first byte may not be */
  static toStore(memory: UserMemory, addr: number, count: number): UserVector {
    const segments = loadSegments(memory, addr, count);
    return new UserVector(memory, segments, accessibleBytes(memory, segments, true));
  }

  /** What writev(2) takes: the bytes up to the first that may not be read. @throws EINVAL, EFAULT where that is the first */
  static toLoad(memory: UserMemory, addr: number, count: number): UserVector {
    const segments = loadSegments(memory, addr, count);
    return new UserVector(memory, segments, accessibleBytes(memory, segments, false));
  }

  /** A message: all of it counts, and `window` throws EFAULT. @throws EINVAL */
  static ofMessage(memory: UserMemory, addr: number, count: number): UserVector {
    const segments = loadSegments(memory, addr, count);
    return new UserVector(memory, segments, totalBytes(segments));
  }

  /** Bytes of the window that begins at `from`. */
  windowBytes(from: number): number {
    return Math.min(this.sizeBytes - from, WINDOW_BYTES);
  }

  /** The bytes of that window; one segment is not copied. @throws EFAULT */
  window(from: number): Uint8Array {
    const [only] = this.#segments;
    const count = this.windowBytes(from);
    if (only !== undefined && this.#segments.length === 1) return this.#memory.readable(only.addr + from, count);
    const bytes = new Uint8Array(count);
    this.#forEach(from, count, (addr, at, length) => bytes.set(this.#memory.readable(addr, length), at));
    return bytes;
  }

  /** Stores bytes from place `from` on. */
  scatter(from: number, src: Uint8Array): void {
    this.#forEach(from, src.length, (addr, at, length) =>
      this.#memory.writable(addr, length).set(src.subarray(at, at + length)),
    );
  }

  #forEach(from: number, count: number, visit: (addr: number, at: number, length: number) => void): void {
    let start = 0;
    for (const { addr, sizeBytes } of this.#segments) {
      const first = Math.max(from, start);
      const end = Math.min(from + count, start + sizeBytes);
      if (first < end) visit(addr + first - start, first - from, end - first);
      start += sizeBytes;
    }
  }
}

function totalBytes(segments: readonly Segment[]): number {
  return segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** How far a call over a vector came: what is done with, and the progress of the window under way. */
interface VectorProgress {
  readonly done: number;
  readonly inner: unknown;
  /** Of a read: what came before it had to wait. */
  readonly buffer?: Uint8Array;
}

/** A block that is not here yet is a wait like others: what was moved before it must not be moved again. */
export function whenResident(move: () => number | Blocked): number | Blocked {
  try {
    return move();
  } catch (error) {
    if (!(error instanceof NotResident)) throw error;
    return blocked(error.ready, { isUninterruptible: true });
  }
}

/** Moves window after window until one is not filled. `step` gets the progress of its window and its place. */
function moveWindows(
  call: Call,
  vector: UserVector,
  step: (inner: Call, at: number, before: VectorProgress | undefined) => number | Blocked,
  goesOn: boolean,
): number | Blocked {
  let before = call.progress as VectorProgress | undefined;
  let done = before?.done ?? 0;
  try {
    for (;;) {
      const at = done;
      const result = whenResident(() => step(withProgress(call, before?.inner), at, before));
      if (isBlocked(result)) return result;
      const wanted = vector.windowBytes(done);
      done += result;
      before = undefined;
      if (result < wanted || done >= vector.sizeBytes || !goesOn) return done;
    }
  } catch (error) {
    if (done === 0 || !(error instanceof Errno)) throw error;
    return done;
  }
}

/** A read into a vector; `goesOn`: until the end of the file, past the first window. */
export function readWindows(
  call: Call,
  vector: UserVector,
  move: (inner: Call, dst: Uint8Array, at: number) => number | Blocked,
  goesOn: boolean,
): number | Blocked {
  const step = (inner: Call, done: number, before: VectorProgress | undefined): number | Blocked => {
    const buffer = before?.buffer ?? new Uint8Array(vector.windowBytes(done));
    const result = move(inner, buffer, done);
    if (isBlocked(result)) {
      const progress = { done, buffer, inner: result.progress } satisfies VectorProgress;
      return { ...result, progress };
    }
    vector.scatter(done, buffer.subarray(0, result));
    return result;
  };
  return moveWindows(call, vector, step, goesOn);
}

/** A write of a vector. */
export function writeWindows(
  call: Call,
  vector: UserVector,
  move: (inner: Call, src: Uint8Array, at: number) => number | Blocked,
): number | Blocked {
  const step = (inner: Call, done: number): number | Blocked => {
    const result = move(inner, vector.window(done), done);
    return isBlocked(result)
      ? { ...result, progress: { done, inner: result.progress } satisfies VectorProgress }
      : result;
  };
  return moveWindows(call, vector, step, true);
}
