/**
 * Priority-inheriting futexes as they pass from owner to owner (Linux kernel/futex/pi.c). The word holds its owner's
 * thread id, WAITERS when somebody waits in the kernel, and OWNER_DIED when an owner ended without letting go.
 */
import { type FutexPlace, type FutexWaiter, type WantedLock, wakeWaiter } from './futex-table.ts';

export const FUTEX_WAITERS = 0x8000_0000;
export const FUTEX_OWNER_DIED = 0x4000_0000;
export const FUTEX_TID_MASK = 0x3fff_ffff;

/**
 * Gives the lock to the most urgent of those who wait for it; the rest waits for, and lends its priority to, that one.
 * @param flag OWNER_DIED or 0
 * @returns false where nobody waits for it. @throws EFAULT, NotResident before anything changed
 */
export function passLock({ table, key }: FutexPlace, flag = 0): boolean {
  const [heir, ...others] = table.inLine(key).filter(({ lock }) => lock !== undefined);
  if (heir?.lock === undefined) return false;
  give(heir.lock, flag | (others.length > 0 ? FUTEX_WAITERS : 0));
  wakeWaiter(heir);
  const next = heir.lock.locker.lockPriority;
  for (const { lock } of others) lock?.locker.lockPriority.waitFor(next);
  return true;
}

/** The word is that locker's from now on. */
export function give({ locker, memory, addr }: WantedLock, flags: number): void {
  memory.storeU32(addr, (flags | locker.id) >>> 0);
}

/** Whom a thread that ends holds up without having said so in a robust list. */
export function passLocksOf(owner: WantedLock['locker'], waiters: Iterable<FutexWaiter>): void {
  for (const { lock, place } of waiters) {
    if (lock === undefined || place === undefined || !lock.locker.lockPriority.isDirectlyBehind(owner.lockPriority))
      continue;
    passLock(place, FUTEX_OWNER_DIED);
  }
}
