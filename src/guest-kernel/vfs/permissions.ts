/** Who may do what with an inode (Linux fs/namei.c: generic_permission). */
import { EACCES, EPERM } from '../abi/errno.ts';
import { S_IFDIR, S_IFMT, S_ISGID, S_ISUID, S_ISVTX, X_OK } from '../abi/stat.ts';
import type { Credentials } from './credentials.ts';
import type { AttributeChanges, FileAttributes, Inode } from './inode.ts';

/** As whom files are looked at (credentials(7), filesystem user ID). */
export function fileUser({ fsUid, euid }: Credentials): number {
  return fsUid ?? euid;
}

export function fileGroup({ fsGid, egid }: Credentials): number {
  return fsGid ?? egid;
}

/** Whether the mode grants `wanted` (R_OK | W_OK | X_OK) to the filesystem ids; root lacks only x where nobody has it. */
export function isPermitted(credentials: Credentials, attributes: FileAttributes, wanted: number): boolean {
  const { mode } = attributes;
  if (fileUser(credentials) === 0) {
    return (wanted & X_OK) === 0 || (mode & S_IFMT) === S_IFDIR || (mode & 0o111) !== 0;
  }
  let granted = mode;
  if (fileUser(credentials) === attributes.uid) granted = mode >> 6;
  else if (isMember(credentials, attributes.gid)) granted = mode >> 3;
  return (granted & wanted) === wanted;
}

/** @throws EACCES */
export function requirePermission(credentials: Credentials, inode: Inode, wanted: number): void {
  // Root may search any directory: the path walk of most programs needs no attributes.
  if (fileUser(credentials) === 0 && (wanted & X_OK) === 0) return;
  if (!isPermitted(credentials, inode.attributes(), wanted)) throw EACCES;
}

/** O_NOATIME. @throws EPERM */
export function requireOwner(credentials: Credentials, inode: Inode): void {
  if (fileUser(credentials) !== 0 && fileUser(credentials) !== inode.attributes().uid) throw EPERM;
}

/** In a sticky directory only the owners of file and directory, and root, remove names. @throws EPERM */
export function requireRemovable(credentials: Credentials, directory: Inode, victim: Inode): void {
  if (fileUser(credentials) === 0) return;
  const { mode, uid } = directory.attributes();
  if ((mode & S_ISVTX) === 0 || uid === fileUser(credentials) || victim.attributes().uid === fileUser(credentials))
    return;
  throw EPERM;
}

/**
 * Checks chmod, chown and utimens, and drops the set-id bits that a chown or a foreign group must drop.
 * @throws EPERM
 */
export function permittedChanges(
  credentials: Credentials,
  attributes: FileAttributes,
  changes: AttributeChanges,
): AttributeChanges {
  const isOwner = fileUser(credentials) === 0 || fileUser(credentials) === attributes.uid;
  if (!isOwner && changes.sizeBytes === undefined) throw EPERM;
  if (changes.uid !== undefined || changes.gid !== undefined) return ownerChanges(credentials, attributes, changes);
  if (changes.mode === undefined || fileUser(credentials) === 0 || isMember(credentials, attributes.gid))
    return changes;
  return { ...changes, mode: changes.mode & ~S_ISGID };
}

function ownerChanges(
  credentials: Credentials,
  attributes: FileAttributes,
  changes: AttributeChanges,
): AttributeChanges {
  if (fileUser(credentials) !== 0) {
    if (changes.uid !== undefined && changes.uid !== attributes.uid) throw EPERM;
    if (changes.gid !== undefined && !isMember(credentials, changes.gid)) throw EPERM;
  }
  // chown(2): the set-id bits of an executable are cleared; set-gid without group x means mandatory locking and stays.
  const { mode } = attributes;
  if ((mode & S_IFMT) === S_IFDIR || (mode & 0o111) === 0) return changes;
  const cleared = (mode & 0o10) === 0 ? S_ISUID : S_ISUID | S_ISGID;
  return { ...changes, mode: (changes.mode ?? mode) & ~cleared & 0o7777 };
}

function isMember(credentials: Credentials, gid: number): boolean {
  return fileGroup(credentials) === gid || credentials.groups.includes(gid);
}
