/** struct iovec arrays (readv(2)) as one buffer, so that a vector call is one read or write of the file. */
import { EFAULT, EINVAL } from '../abi/errno.ts';
import { IOV_MAX, MAX_RW_COUNT } from '../abi/fcntl.ts';
import type { UserMemory } from '../vfs/open-file.ts';

interface Segment {
  readonly addr: number;
  readonly sizeBytes: number;
}

const IOVEC_BYTES = 16;
const USER_SPACE_END = 2 ** 47 - 4096;

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

/** All segments' bytes in order; one segment is not copied. @throws EFAULT where one byte may not be read */
export function gather(memory: UserMemory, addr: number, count: number): Uint8Array {
  const segments = loadSegments(memory, addr, count);
  return join(memory, segments, totalBytes(segments));
}

/** What writev(2) takes: the bytes up to the first that may not be read. @throws EFAULT where that is the first */
export function gatherReadable(memory: UserMemory, addr: number, count: number): Uint8Array {
  const segments = loadSegments(memory, addr, count);
  return join(memory, segments, accessibleBytes(memory, segments, false));
}

function totalBytes(segments: readonly Segment[]): number {
  return segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

function join(memory: UserMemory, segments: readonly Segment[], sizeBytes: number): Uint8Array {
  const [only] = segments;
  if (only !== undefined && segments.length === 1) return memory.readable(only.addr, sizeBytes);
  const all = new Uint8Array(sizeBytes);
  let at = 0;
  for (const segment of segments) {
    const count = Math.min(segment.sizeBytes, sizeBytes - at);
    if (count === 0) break;
    all.set(memory.readable(segment.addr, count), at);
    at += count;
  }
  return all;
}

/** A buffer as long as all segments, and how to hand its first bytes out to them. */
export function scatterBuffer(
  memory: UserMemory,
  addr: number,
  count: number,
): { sizeBytes: number; scatter(src: Uint8Array): void } {
  const segments = loadSegments(memory, addr, count);
  return {
    sizeBytes: accessibleBytes(memory, segments, true),
    scatter(src) {
      let at = 0;
      for (const segment of segments) {
        const piece = src.subarray(at, at + segment.sizeBytes);
        if (piece.length > 0) memory.writable(segment.addr, piece.length).set(piece);
        at += piece.length;
      }
    },
  };
}
