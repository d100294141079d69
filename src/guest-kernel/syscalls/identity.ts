/** Users and groups (credentials(7)): OSv has one user, root, who may become any other. */
import { CAP_SETGID, CAP_SETUID } from '../abi/capability.ts';
import { EINVAL, EPERM } from '../abi/errno.ts';
import { RLIMIT_NPROC } from '../abi/resource.ts';
import { commitCredentials } from '../program/commit-credentials.ts';
import { asGuest } from '../program/guest-task.ts';
import type { Thread } from '../program/thread.ts';
import { afterFileUserChange, afterUsersChange } from '../vfs/capabilities.ts';
import { type Credentials, isCapable, requireCapability } from '../vfs/credentials.ts';
import { type Result, type Syscall, syscall } from './syscall.ts';

const UNCHANGED = 0xffff_ffff;
const MAX_GROUPS = 65_536;
interface Ids {
  readonly real: number;
  readonly effective: number;
}

/** Real, effective and saved id, of a user or of a group. */
interface IdTriple {
  readonly real: number;
  readonly effective: number;
  readonly saved: number;
}

function usersOf({ uid, euid, savedUid = 0 }: Credentials): IdTriple {
  return { real: uid, effective: euid, saved: savedUid };
}

function groupsOf({ gid, egid, savedGid = 0 }: Credentials): IdTriple {
  return { real: gid, effective: egid, saved: savedGid };
}

/** @throws EPERM for an id that is none of one's own */
function checkIds(own: IdTriple, wanted: readonly number[]): void {
  const allowed = [UNCHANGED, own.real, own.effective, own.saved];
  if (wanted.some((id) => !allowed.includes(id))) throw EPERM;
}

function pick(id: number, old: number): number {
  return id === UNCHANGED ? old : id;
}

function changed(own: IdTriple, wanted: IdTriple): IdTriple {
  return {
    real: pick(wanted.real, own.real),
    effective: pick(wanted.effective, own.effective),
    saved: pick(wanted.saved, own.saved),
  };
}

/** setresuid(2), and by what it leaves unchanged setuid(2) and setreuid(2). */
function setUsers(thread: Thread, wanted: IdTriple): Result {
  const task = asGuest(thread);
  const { credentials } = task;
  const before = usersOf(credentials);
  if (!isCapable(credentials, CAP_SETUID)) checkIds(before, [wanted.real, wanted.effective, wanted.saved]);
  const after = changed(before, wanted);
  const { real, effective, saved } = after;
  if (real !== credentials.uid) {
    const { machine, program } = task;
    program.exceedsProcesses = real !== 0 && machine.tasksOf(real) > program.limits.soft(RLIMIT_NPROC);
  }
  const capabilities = afterUsersChange(credentials.capabilities, before, after);
  commitCredentials(task, { uid: real, euid: effective, savedUid: saved, fsUid: undefined, capabilities });
  return 0;
}

function setGroups(thread: Thread, wanted: IdTriple): Result {
  const { credentials } = thread;
  const own = groupsOf(credentials);
  if (!isCapable(credentials, CAP_SETGID)) checkIds(own, [wanted.real, wanted.effective, wanted.saved]);
  const { real, effective, saved } = changed(own, wanted);
  commitCredentials(asGuest(thread), { gid: real, egid: effective, savedGid: saved, fsGid: undefined });
  return 0;
}

/** setuid(2): all three for the privileged; others make the effective one the real or the saved one. @throws EINVAL, EPERM */
function one(id: number, own: IdTriple, credentials: Credentials, capability: number): IdTriple {
  if (id === UNCHANGED) throw EINVAL;
  if (isCapable(credentials, capability)) return { real: id, effective: id, saved: id };
  if (id !== own.real && id !== own.saved) throw EPERM;
  return { real: UNCHANGED, effective: id, saved: UNCHANGED };
}

/**
 * setreuid(2): the saved id follows the effective one when the real one was set, or the effective one to another.
 * @throws EPERM where who is not privileged wants the saved id for the real one
 */
function both({ real, effective }: Ids, own: IdTriple, credentials: Credentials, capability: number): IdTriple {
  if (![UNCHANGED, own.real, own.effective].includes(real)) requireCapability(credentials, capability);
  const isSaved = real !== UNCHANGED || (effective !== UNCHANGED && effective !== own.real);
  return { real, effective, saved: isSaved ? (effective === UNCHANGED ? own.effective : effective) : UNCHANGED };
}

function storeIds(thread: Thread, addrs: readonly number[], ids: readonly number[]): Result {
  for (const [i, addr] of addrs.entries()) thread.memory.storeU32(addr, ids[i] ?? 0);
  return 0;
}

function getgroups(thread: Thread, { count, list }: { count: number; list: number }): Result {
  const { groups } = thread.credentials;
  if (count < 0 || (count !== 0 && count < groups.length)) throw EINVAL;
  if (count !== 0) for (const [i, group] of groups.entries()) thread.memory.storeU32(list + 4 * i, group);
  return groups.length;
}

function setgroups(thread: Thread, { count, list }: { count: number; list: number }): Result {
  requireCapability(thread.credentials, CAP_SETGID);
  if (count < 0 || count > MAX_GROUPS) throw EINVAL;
  // Linux keeps them sorted (groups_sort).
  const groups = Array.from({ length: count }, (_, i) => thread.memory.loadU32(list + 4 * i));
  thread.credentials.groups = groups.toSorted((a, b) => a - b);
  return 0;
}

/** setfsuid(2): the id before, whether it changed or not; an error cannot be told. */
function setFsUser(thread: Thread, id: number): Result {
  const { credentials } = thread;
  const { uid, euid, savedUid = 0, fsUid = euid, capabilities } = credentials;
  const mayChange = [uid, euid, savedUid, fsUid].includes(id) || isCapable(credentials, CAP_SETUID);
  if (id === UNCHANGED || !mayChange) return fsUid;
  commitCredentials(asGuest(thread), { fsUid: id, capabilities: afterFileUserChange(capabilities, fsUid, id) });
  return fsUid;
}

function setFsGroup(thread: Thread, id: number): Result {
  const { credentials } = thread;
  const { gid, egid, savedGid = 0, fsGid = egid } = credentials;
  const mayChange = [gid, egid, savedGid, fsGid].includes(id) || isCapable(credentials, CAP_SETGID);
  if (id !== UNCHANGED && mayChange) commitCredentials(asGuest(thread), { fsGid: id });
  return fsGid;
}

// oxfmt-ignore
export const identity: readonly Syscall[] = [
  syscall({ nr: 102, name: 'getuid', args: {}, support: 'full', run: (thread) => thread.credentials.uid }),
  syscall({ nr: 104, name: 'getgid', args: {}, support: 'full', run: (thread) => thread.credentials.gid }),
  syscall({ nr: 105, name: 'setuid', args: { id: 'uint' }, support: 'full', run: (thread, { id }) => setUsers(thread, one(id, usersOf(thread.credentials), thread.credentials, CAP_SETUID)) }),
  syscall({ nr: 106, name: 'setgid', args: { id: 'uint' }, support: 'full', run: (thread, { id }) => setGroups(thread, one(id, groupsOf(thread.credentials), thread.credentials, CAP_SETGID)) }),
  syscall({ nr: 107, name: 'geteuid', args: {}, support: 'full', run: (thread) => thread.credentials.euid }),
  syscall({ nr: 108, name: 'getegid', args: {}, support: 'full', run: (thread) => thread.credentials.egid }),
  syscall({ nr: 113, name: 'setreuid', args: { real: 'uint', effective: 'uint' }, support: 'full', run: (thread, ids) => setUsers(thread, both(ids, usersOf(thread.credentials), thread.credentials, CAP_SETUID)) }),
  syscall({ nr: 114, name: 'setregid', args: { real: 'uint', effective: 'uint' }, support: 'full', run: (thread, ids) => setGroups(thread, both(ids, groupsOf(thread.credentials), thread.credentials, CAP_SETGID)) }),
  syscall({ nr: 115, name: 'getgroups', args: { count: 'int', list: 'ptr' }, support: 'full', run: getgroups }),
  syscall({ nr: 116, name: 'setgroups', args: { count: 'int', list: 'ptr' }, support: 'full', run: setgroups }),
  syscall({ nr: 117, name: 'setresuid', args: { real: 'uint', effective: 'uint', saved: 'uint' }, support: 'full', run: setUsers }),
  syscall({ nr: 118, name: 'getresuid', args: { real: 'ptr', effective: 'ptr', saved: 'ptr' }, support: 'full',
    run: (thread, { real, effective, saved }) => {
      const own = usersOf(thread.credentials);
      return storeIds(thread, [real, effective, saved], [own.real, own.effective, own.saved]);
    } }),
  syscall({ nr: 119, name: 'setresgid', args: { real: 'uint', effective: 'uint', saved: 'uint' }, support: 'full', run: setGroups }),
  syscall({ nr: 120, name: 'getresgid', args: { real: 'ptr', effective: 'ptr', saved: 'ptr' }, support: 'full',
    run: (thread, { real, effective, saved }) => {
      const own = groupsOf(thread.credentials);
      return storeIds(thread, [real, effective, saved], [own.real, own.effective, own.saved]);
    } }),
  syscall({ nr: 122, name: 'setfsuid', args: { id: 'uint' }, support: 'full', run: (thread, { id }) => setFsUser(thread, id) }),
  syscall({ nr: 123, name: 'setfsgid', args: { id: 'uint' }, support: 'full', run: (thread, { id }) => setFsGroup(thread, id) }),
];
