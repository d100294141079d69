/** Who may do what with an inode (Linux fs/namei.c: generic_permission). */
import { CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID } from '../abi/capability.ts';
import { EACCES, EPERM } from '../abi/errno.ts';
import { S_IFDIR, S_IFMT, S_ISGID, S_ISUID, S_ISVTX, R_OK, W_OK, X_OK } from '../abi/stat.ts';
import { type Credentials, isCapable, requireCapability } from './credentials.ts';
import { isAppendOnly, isImmutable, requireChangeable } from './file-flags.ts';
import type { AttributeChanges, FileAttributes, Inode } from './inode.ts';

/** As whom files are looked at (credentials(7), filesystem user ID). */
export function fileUser({ fsUid, euid }: Credentials): number {
  return fsUid ?? euid;
}

export function fileGroup({ fsGid, egid }: Credentials): number {
  return fsGid ?? egid;
}

/** Whether the mode grants `wanted` (R_OK | W_OK | X_OK) to the filesystem ids, or a capability does. */
export function isPermitted(credentials: Credentials, attributes: FileAttributes, wanted: number): boolean {
  const { mode } = attributes;
  let granted = mode;
  if (fileUser(credentials) === attributes.uid) granted = mode >> 6;
  else if (isMember(credentials, attributes.gid)) granted = mode >> 3;
  return (granted & wanted) === wanted || isOverridden(credentials, mode, wanted);
}

/** Nobody overrides that a file is not executable. */
function isOverridden(credentials: Credentials, mode: number, wanted: number): boolean {
  const isDirectory = (mode & S_IFMT) === S_IFDIR;
  const isReading = isDirectory ? (wanted & W_OK) === 0 : wanted === R_OK;
  if (isReading && isCapable(credentials, CAP_DAC_READ_SEARCH)) return true;
  const isRunnable = isDirectory || (wanted & X_OK) === 0 || (mode & 0o111) !== 0;
  return isRunnable && isCapable(credentials, CAP_DAC_OVERRIDE);
}

/** @throws EACCES, EPERM */
export function requirePermission(credentials: Credentials, inode: Inode, wanted: number): void {
  if ((wanted & W_OK) !== 0 && isImmutable(inode)) throw EPERM;
  // What root asks for most needs no attributes.
  if ((wanted & X_OK) === 0 && isCapable(credentials, CAP_DAC_OVERRIDE)) return;
  if (!isPermitted(credentials, inode.attributes(), wanted)) throw EACCES;
}

/** Before a name is looked up in a directory, or (with W_OK) changed. @throws EACCES */
export function requireSearch(credentials: Credentials, directory: Inode, more = 0): void {
  if (more !== 0 && isImmutable(directory)) throw EPERM;
  if (isCapable(credentials, CAP_DAC_OVERRIDE)) return;
  if (!isPermitted(credentials, directory.attributes(), X_OK | more)) throw EACCES;
}

/** Whether the inode is one's own, or as good as that (Linux fs/inode.c: inode_owner_or_capable). */
export function isOwner(credentials: Credentials, inode: Inode): boolean {
  return isCapable(credentials, CAP_FOWNER) || fileUser(credentials) === inode.attributes().uid;
}

/** O_NOATIME. @throws EPERM */
export function requireOwner(credentials: Credentials, inode: Inode): void {
  if (!isOwner(credentials, inode)) throw EPERM;
}

/** In a sticky directory only the owners of file and directory, and the privileged, remove names. @throws EPERM */
export function requireRemovable(credentials: Credentials, directory: Inode, victim: Inode): void {
  if (isAppendOnly(directory)) throw EPERM;
  requireChangeable(victim);
  if (isCapable(credentials, CAP_FOWNER)) return;
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
  const isChown = changes.uid !== undefined || changes.gid !== undefined || Object.keys(changes).length === 0;
  if (isChown) return ownerChanges(credentials, attributes, changes);
  const isOwn = fileUser(credentials) === attributes.uid || isCapable(credentials, CAP_FOWNER);
  if (!isOwn && changes.sizeBytes === undefined) throw EPERM;
  if (changes.mode === undefined || mayGiveGroup(credentials, attributes.gid)) return changes;
  return { ...changes, mode: changes.mode & ~S_ISGID };
}

/** Whether a file may run as that group because one says so. */
function mayGiveGroup(credentials: Credentials, gid: number): boolean {
  return isMember(credentials, gid) || isCapable(credentials, CAP_FSETID);
}

/**
 * The mode of what is made in a set-gid directory: a directory inherits the bit, an executable has it only from a member
 * of the group (Linux fs/inode.c: mode_strip_sgid).
 */
export function modeInGroup(credentials: Credentials, mode: number, gid: number): number {
  if ((mode & S_IFMT) === S_IFDIR) return mode | S_ISGID;
  return (mode & 0o10) === 0 || mayGiveGroup(credentials, gid) ? mode : mode & ~S_ISGID;
}

/** No changes at all are a chown(2) that leaves both ids, and clears set-id bits nevertheless. */
function ownerChanges(
  credentials: Credentials,
  attributes: FileAttributes,
  changes: AttributeChanges,
): AttributeChanges {
  const { uid = attributes.uid, gid = attributes.gid } = changes;
  const isOwn = fileUser(credentials) === attributes.uid;
  const mayChange = isOwn && uid === attributes.uid && (gid === attributes.gid || isMember(credentials, gid));
  const isAsked = changes.uid !== undefined || changes.gid !== undefined;
  if (isAsked && !mayChange) requireCapability(credentials, CAP_CHOWN);
  const mode = changes.mode ?? attributes.mode;
  const remaining = mode & ~bitsBehindChown(credentials, attributes);
  if (remaining === mode) return changes;
  if (!isAsked && !isOwn) requireCapability(credentials, CAP_FOWNER);
  return { ...changes, mode: remaining & 0o7777 };
}

/** Set-gid without group x means mandatory locking and stays for who may give it (Linux fs/attr.c: setattr_should_drop_sgid). */
function bitsBehindChown(credentials: Credentials, { mode, gid }: FileAttributes): number {
  if ((mode & S_IFMT) === S_IFDIR) return 0;
  return (mode & 0o10) === 0 && mayGiveGroup(credentials, gid) ? S_ISUID : S_ISUID | S_ISGID;
}

function isMember(credentials: Credentials, gid: number): boolean {
  return fileGroup(credentials) === gid || credentials.groups.includes(gid);
}
