/**
 * Priority-inheriting futexes as they pass from owner to owner (Linux kernel/futex/pi.c). The word holds its owner's
 * thread id, WAITERS when somebody waits in the kernel, and OWNER_DIED when an owner ended without letting go.
 */
import { type FutexPlace, type FutexWaiter, type Locker, type LockWord, wakeWaiter } from './futex-table.ts';

export const FUTEX_WAITERS = 0x8000_0000;
export const FUTEX_OWNER_DIED = 0x4000_0000;
export const FUTEX_TID_MASK = 0x3fff_ffff;

/**
 * Gives the lock to the most urgent of those who wait for it; the rest waits for, and lends its priority to, that one.
 * @param word in the memory of who lets go: that of those who wait may have changed
 * @param flag OWNER_DIED or 0
 * @returns false where nobody waits for it. @throws EFAULT, NotResident before anything changed
 */
export function passLock({ table, key }: FutexPlace, word: LockWord, flag = 0): boolean {
  const [heir, ...others] = table.inLine(key).filter(({ lock }) => lock !== undefined);
  if (heir?.lock === undefined) return false;
  const { locker } = heir.lock;
  give(word, locker, flag | (others.length > 0 ? FUTEX_WAITERS : 0));
  wakeWaiter(heir);
  for (const { lock } of others) lock?.locker.lockPriority.waitFor(locker.lockPriority);
  return true;
}

/** The word is that locker's from now on. */
export function give({ memory, addr }: LockWord, locker: Locker, flags: number): void {
  memory.storeU32(addr, (flags | locker.id) >>> 0);
}

/** What a thread that ends holds up without having said so in a robust list; looked for while the locks pass on. */
export function* locksHeldBy(
  owner: Locker,
  waiters: Iterable<FutexWaiter>,
): Generator<{ readonly place: FutexPlace; readonly lock: LockWord }> {
  for (const { lock, place } of waiters) {
    if (lock === undefined || place === undefined) continue;
    if (lock.locker.lockPriority.isDirectlyBehind(owner.lockPriority)) yield { place, lock };
  }
}
