/** struct timespec and struct timeval as numbers of ns. */
import { EINVAL } from '../abi/errno.ts';
import type { UserMemory } from '../vfs/open-file.ts';

/** @throws EINVAL for negative or not normalised times */
export function loadTimespecNs(memory: UserMemory, addr: number): number {
  const seconds = memory.loadNumber(addr);
  const nanoseconds = memory.loadNumber(addr + 8);
  if (seconds < 0 || nanoseconds < 0 || nanoseconds >= 1e9) throw EINVAL;
  return seconds * 1e9 + nanoseconds;
}

export function storeTimespec(memory: UserMemory, addr: number, ns: bigint): void {
  memory.storeI64(addr, ns / 1_000_000_000n);
  memory.storeI64(addr + 8, ns % 1_000_000_000n);
}

/** @throws EINVAL for negative or not normalised times */
export function loadTimevalNs(memory: UserMemory, addr: number): number {
  const seconds = memory.loadNumber(addr);
  const microseconds = memory.loadNumber(addr + 8);
  if (seconds < 0 || microseconds < 0 || microseconds >= 1e6) throw EINVAL;
  return seconds * 1e9 + microseconds * 1e3;
}

export function storeTimeval(memory: UserMemory, addr: number, ns: number): void {
  memory.storeNumber(addr, Math.floor(ns / 1e9));
  memory.storeNumber(addr + 8, Math.floor((ns % 1e9) / 1e3));
}
