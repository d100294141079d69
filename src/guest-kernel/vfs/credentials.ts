/** As whom and from where a thread walks the tree of files, and what it may do (credentials(7), capabilities(7)). */
import { CAP_SYS_PTRACE, SECBIT_NO_SETUID_FIXUP } from '../abi/capability.ts';
import { EPERM } from '../abi/errno.ts';
import { type Capabilities, type CapabilitySet, FULL, PLAIN, has, isSubset } from './capabilities.ts';
import type { Location } from './location.ts';

/** Current and root directory and umask (fs_struct of Linux); shared by CLONE_FS. */
export interface FsContext {
  cwd: Location;
  root: Location;
  umask: number;
}

/** Of one thread. */
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
  capabilities: Capabilities;
}

/** OSv knows one user: root, who may become any other. */
export function rootCredentials(): Credentials {
  return { uid: 0, euid: 0, gid: 0, egid: 0, groups: [], capabilities: FULL };
}

/** A user without rights. */
export function userCredentials(user: number, group: number): Credentials {
  return {
    uid: user,
    euid: user,
    savedUid: user,
    gid: group,
    egid: group,
    savedGid: group,
    groups: [],
    capabilities: PLAIN,
  };
}

/** Whether one may do what needs the capability (CAP_*). */
export function isCapable({ capabilities }: Credentials, capability: number): boolean {
  return has(capabilities.effective, capability);
}

/** @throws EPERM */
export function requireCapability(credentials: Credentials, capability: number): void {
  if (!isCapable(credentials, capability)) throw EPERM;
}

/** What the real user might do (Linux fs/open.c: access_override_creds). */
export function asReal(credentials: Credentials): Credentials {
  const { uid, gid, capabilities } = credentials;
  const { securebits, permitted } = capabilities;
  const effective = uid === 0 ? permitted : 0;
  const isFixed = (securebits & SECBIT_NO_SETUID_FIXUP) === 0;
  const own = isFixed ? { ...capabilities, effective } : capabilities;
  return { ...credentials, euid: uid, egid: gid, fsUid: undefined, fsGid: undefined, capabilities: own };
}

/** A thread, as ptrace(2) asks who may see what it keeps ("Ptrace access mode checking"). */
export interface Inspectable {
  readonly credentials: Credentials;
  /** isDumpable false: what lies in its memory is for the privileged (PR_SET_DUMPABLE). */
  readonly program: { readonly isDumpable?: boolean };
}

/** Whether one may look into a program of the other (PTRACE_MODE_FSCREDS). */
export function mayInspect(own: Inspectable, other: Inspectable): boolean {
  const { euid, egid, fsUid = euid, fsGid = egid, capabilities } = own.credentials;
  return mayAccess(own, other, [fsUid, fsGid], capabilities.effective);
}

/** Whether one may reach into a program of the other (PTRACE_MODE_REALCREDS). */
export function mayAttach(own: Inspectable, other: Inspectable): boolean {
  const { uid, gid, capabilities } = own.credentials;
  return mayAccess(own, other, [uid, gid], capabilities.permitted);
}

/** Linux kernel/ptrace.c: __ptrace_may_access; security/commoncap.c: cap_ptrace_access_check. */
function mayAccess(
  own: Inspectable,
  { credentials, program }: Inspectable,
  [user, group]: readonly [user: number, group: number],
  held: CapabilitySet,
): boolean {
  if (own.program === program || isCapable(own.credentials, CAP_SYS_PTRACE)) return true;
  const isOpen = program.isDumpable !== false && isWholly(credentials, user, group);
  return isOpen && isSubset(credentials.capabilities.permitted, held);
}

/** Whether the other has these ids and no other ones. */
export function isWholly(
  { uid, euid, savedUid = 0, gid, egid, savedGid = 0 }: Credentials,
  user: number,
  group: number,
): boolean {
  return [uid, euid, savedUid].every((id) => id === user) && [gid, egid, savedGid].every((id) => id === group);
}
