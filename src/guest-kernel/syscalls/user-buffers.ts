/** struct iovec arrays (readv(2)) as one buffer, so that a vector call is one read or write of the file. */
import { EINVAL } from '../abi/errno.ts';
import { IOV_MAX, MAX_RW_COUNT } from '../abi/fcntl.ts';
import type { UserMemory } from '../vfs/open-file.ts';

interface Segment {
  readonly addr: number;
  readonly sizeBytes: number;
}

const IOVEC_BYTES = 16;

/** @throws EINVAL, EFAULT */
export function loadSegments(memory: UserMemory, addr: number, count: number): readonly Segment[] {
  if (count < 0 || count > IOV_MAX) throw EINVAL;
  const segments: Segment[] = [];
  let total = 0;
  for (let i = 0; i < count; i++) {
    const wanted = memory.loadNumber(addr + i * IOVEC_BYTES + 8);
    if (wanted < 0 || wanted > Number.MAX_SAFE_INTEGER) throw EINVAL;
    const sizeBytes = Math.min(wanted, MAX_RW_COUNT - total); // Linux import_iovec: the rest is cut off
    if (sizeBytes > 0) segments.push({ addr: memory.loadNumber(addr + i * IOVEC_BYTES), sizeBytes });
    total += sizeBytes;
  }
  return segments;
}

/** All segments' bytes in order; one segment is not copied. */
export function gather(memory: UserMemory, addr: number, count: number): Uint8Array {
  const segments = loadSegments(memory, addr, count);
  const [only] = segments;
  if (only !== undefined && segments.length === 1) return memory.readable(only.addr, only.sizeBytes);
  const all = new Uint8Array(segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
  let at = 0;
  for (const segment of segments) {
    all.set(memory.readable(segment.addr, segment.sizeBytes), at);
    at += segment.sizeBytes;
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
  for (const segment of segments) memory.writable(segment.addr, segment.sizeBytes);
  return {
    sizeBytes: segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
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
