/** Memory that mlock(2) holds. Nothing is ever swapped out here: the lock counts against RLIMIT_MEMLOCK, and what would drop
 *  locked pages is refused. */
import type { MemoryMap } from './memory-map.ts';

export function setLocked(map: MemoryMap, startAddr: number, endAddr: number, isLocked: boolean): void {
  map.areas.replace(startAddr, endAddr, ({ isLocked: _before, ...piece }) =>
    isLocked && piece.isMachine !== true ? { ...piece, isLocked: true } : piece,
  );
}

export function hasLocked(map: MemoryMap, startAddr: number, endAddr: number): boolean {
  return map.areas.within(startAddr, endAddr).some((piece) => piece.isLocked === true);
}

/** Bytes locked within the range (absent: anywhere). */
export function lockedBytes(map: MemoryMap, startAddr = 0, endAddr = Number.POSITIVE_INFINITY): number {
  return map.areas
    .within(startAddr, endAddr)
    .reduce((sum, piece) => (piece.isLocked === true ? sum + piece.endAddr - piece.startAddr : sum), 0);
}

/** Bytes of all that is mapped (total_vm). */
export function mappedBytes(map: MemoryMap): number {
  return map.areas.all.reduce(
    (sum, { startAddr, endAddr, isMachine }) => sum + (isMachine === true ? 0 : endAddr - startAddr),
    0,
  );
}
