/** As whom and from where a thread walks the tree of files. */
import type { Location } from './location.ts';

/** Current and root directory and umask (fs_struct of Linux); shared by CLONE_FS. */
export interface FsContext {
  cwd: Location;
  root: Location;
  umask: number;
}

export interface Credentials {
  uid: number;
  euid: number;
  gid: number;
  egid: number;
  /** Absent: 0, what every program starts with. */
  savedUid?: number;
  savedGid?: number;
  /** setfsuid(2), until an effective id changes; absent: the effective ids. */
  fsUid?: number | undefined;
  fsGid?: number | undefined;
  groups: readonly number[];
}

/** Whether one may do what needs the capability (CAP_*). */
export function isCapable({ euid }: Credentials, _capability: number): boolean {
  return euid === 0;
}

/** Whether one may look into a program of the other (ptrace(2), access mode checking with PTRACE_MODE_FSCREDS). */
export function mayInspect({ euid, egid, fsUid = euid, fsGid = egid }: Credentials, other: Credentials): boolean {
  return euid === 0 || isWholly(other, fsUid, fsGid);
}

/** Whether one may reach into a program of the other (the same, PTRACE_MODE_REALCREDS). */
export function mayAttach({ euid, uid, gid }: Credentials, other: Credentials): boolean {
  return euid === 0 || isWholly(other, uid, gid);
}

function isWholly(
  { uid, euid, savedUid = 0, gid, egid, savedGid = 0 }: Credentials,
  user: number,
  group: number,
): boolean {
  return [uid, euid, savedUid].every((id) => id === user) && [gid, egid, savedGid].every((id) => id === group);
}
