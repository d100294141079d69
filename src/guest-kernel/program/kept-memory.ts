/**
 * What the kernel keeps for programs (bytes in pipes and sockets, files in memory) comes out of the machine's memory, as
 * their own pages do. Who is to keep more looks first whether there is room, and lets the program wait or fail.
 */
export interface KeptMemory {
  /** What nobody has taken, bytes; below 0 where more was promised than there is. */
  readonly freeBytes: number;
  /** Takes bytes, or, below 0, gives them back. */
  account(bytes: number): void;
}

/** For what no machine is around. */
export const ENDLESS_MEMORY: KeptMemory = { freeBytes: Number.POSITIVE_INFINITY, account() {} };

/** So much each object may keep whatever is free: one that kept nothing would never wake who waits for room in it. */
const LEAST_BYTES = 4096;

/** How many bytes something that keeps `keptBytes` may add. */
export function roomFor(memory: KeptMemory, keptBytes: number): number {
  return Math.max(0, memory.freeBytes, LEAST_BYTES - keptBytes);
}

export function keptMemory(freeBytes: () => number, account: (bytes: number) => void): KeptMemory {
  return {
    get freeBytes() {
      return freeBytes();
    },
    account,
  };
}
