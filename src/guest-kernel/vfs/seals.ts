/** File seals of memory files (fcntl(2), F_ADD_SEALS): what can never be done to the file again. */
import { EBUSY, EINVAL, EPERM } from '../abi/errno.ts';
import type { Inode } from './inode.ts';

export const F_SEAL_SEAL = 1;
const F_SEAL_SHRINK = 2;
const F_SEAL_GROW = 4;
const F_SEAL_WRITE = 8;
const F_SEAL_FUTURE_WRITE = 16;
export const F_SEAL_EXEC = 32;
const ALL_SEALS = 0x3f;

const sealsOf = new WeakMap<Inode, number>();

export function setSeals(inode: Inode, seals: number): void {
  sealsOf.set(inode, seals);
}

/** F_GET_SEALS. @throws EINVAL for what is no memory file */
export function getSeals(inode: Inode | undefined): number {
  const seals = inode === undefined ? undefined : sealsOf.get(inode);
  if (seals === undefined) throw EINVAL;
  return seals;
}

/** F_ADD_SEALS. @throws EINVAL, EPERM when sealed against it, EBUSY while it is mapped for writing */
export function addSeals(inode: Inode | undefined, seals: number, isMappedWritable: boolean): void {
  const before = getSeals(inode);
  if ((seals & ~ALL_SEALS) !== 0) throw EINVAL;
  if ((before & F_SEAL_SEAL) !== 0) throw EPERM;
  if ((seals & F_SEAL_WRITE) !== 0 && isMappedWritable) throw EBUSY;
  if (inode !== undefined) sealsOf.set(inode, before | seals);
}

/** Before bytes [offset, end) are written. @throws EPERM */
export function requireUnsealed(inode: Inode, end: number): void {
  const seals = sealsOf.get(inode);
  if (seals === undefined || seals === 0) return;
  if ((seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) !== 0) throw EPERM;
  if ((seals & F_SEAL_GROW) !== 0 && end > inode.attributes().sizeBytes) throw EPERM;
}

/** Before the size changes. @throws EPERM */
export function requireResizable(inode: Inode, sizeBytes: number): void {
  const seals = sealsOf.get(inode) ?? 0;
  if (seals === 0) return;
  const before = inode.attributes().sizeBytes;
  if ((seals & F_SEAL_SHRINK) !== 0 && sizeBytes < before) throw EPERM;
  if ((seals & F_SEAL_GROW) !== 0 && sizeBytes > before) throw EPERM;
}

/** Before a shared mapping that may be written. @throws EPERM */
export function requireMappable(inode: Inode): void {
  if (((sealsOf.get(inode) ?? 0) & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) !== 0) throw EPERM;
}
