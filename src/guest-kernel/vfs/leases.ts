/**
 * Leases on files (fcntl(2), F_SETLEASE). Who holds one hears of others that open or truncate the file, and may finish
 * its own work first; the others wait until it gives the lease up, or until somebody's patience is over.
 *
 *   held ──break──► breaking (the holder has been told) ──change, end──► what was asked for
 */
import { EAGAIN } from '../abi/errno.ts';
import { F_RDLCK, F_UNLCK, F_WRLCK } from '../abi/fcntl.ts';
import { WaitQueue } from '../program/wait-queue.ts';
import { type Inode, NotResident } from './inode.ts';
import type { OpenFile } from './open-file.ts';

interface Lease {
  readonly file: OpenFile;
  type: number;
  /** What it must become: F_RDLCK or F_UNLCK. */
  breaksTo: number | undefined;
  /** Tells the holder, and calls `force` some time later; called once for each break. @returns what cancels that */
  readonly onBreak: (force: () => void) => () => void;
  /** Nobody need be forced any more. */
  cancel?: () => void;
}

interface LeasedFile {
  readonly leases: Map<OpenFile, Lease>;
  /** Woken when one has gone or become less. */
  readonly eased: WaitQueue;
}

const leasedFiles = new WeakMap<Inode, LeasedFile>();

/** What a file's lease is, or is about to become; F_UNLCK: none. */
export function leaseOf(inode: Inode, file: OpenFile): number {
  const lease = leasedFiles.get(inode)?.leases.get(file);
  return lease?.breaksTo ?? lease?.type ?? F_UNLCK;
}

/** @throws EAGAIN where others hold leases that this one does not go with */
export function setLease(inode: Inode, file: OpenFile, type: number, onBreak: Lease['onBreak']): void {
  const leased = leasedFiles.get(inode) ?? { leases: new Map<OpenFile, Lease>(), eased: new WaitQueue() };
  for (const other of leased.leases.values()) {
    if (other.file === file) continue;
    if (type === F_WRLCK || other.breaksTo === F_UNLCK) throw EAGAIN;
  }
  const own = leased.leases.get(file);
  if (own?.breaksTo !== undefined && (type === F_WRLCK || own.breaksTo === F_UNLCK)) throw EAGAIN;
  own?.cancel?.();
  leasedFiles.set(inode, leased);
  leased.leases.set(file, { file, type, breaksTo: undefined, onBreak });
  leased.eased.wake();
}

/** @returns whether there was one */
export function endLease(inode: Inode, file: OpenFile): boolean {
  const leased = leasedFiles.get(inode);
  leased?.leases.get(file)?.cancel?.();
  if (leased?.leases.delete(file) !== true) return false;
  if (leased.leases.size === 0) leasedFiles.delete(inode);
  leased.eased.wake();
  return true;
}

/** The holder's time is over: the lease becomes what was asked for, unless the holder has done so. */
function forceLease(inode: Inode, leased: LeasedFile, lease: Lease): void {
  if (leased.leases.get(lease.file) !== lease || lease.breaksTo === undefined) return;
  if (lease.breaksTo === F_UNLCK) {
    endLease(inode, lease.file);
    return;
  }
  lease.type = lease.breaksTo;
  lease.breaksTo = undefined;
  leased.eased.wake();
}

/**
 * Somebody is about to open the file, or to change its size.
 * @throws NotResident until the leases in the way are gone, EAGAIN at once where nobody waits
 */
export function breakLeases(inode: Inode, isWriting: boolean, isNonBlocking: boolean): void {
  const leased = leasedFiles.get(inode);
  if (leased === undefined) return;
  const inTheWay = [...leased.leases.values()].filter(({ type }) => isWriting || type === F_WRLCK);
  if (inTheWay.length === 0) return;
  for (const lease of inTheWay) {
    const target = isWriting ? F_UNLCK : F_RDLCK;
    if (lease.breaksTo === target || lease.breaksTo === F_UNLCK) continue;
    const isNews = lease.breaksTo === undefined;
    lease.breaksTo = target;
    if (isNews) lease.cancel = lease.onBreak(() => forceLease(inode, leased, lease));
  }
  if (isNonBlocking) throw EAGAIN;
  throw new NotResident(leased.eased, true);
}
