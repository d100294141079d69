/** Users and groups (credentials(7)) and capabilities: OSv has one user, root, who may become any other. */
import { EINVAL, EPERM, ESRCH } from '../abi/errno.ts';
import { RLIMIT_NPROC } from '../abi/resource.ts';
import { asGuest } from '../program/guest-task.ts';
import type { Credentials } from '../vfs/credentials.ts';
import type { Thread } from '../program/thread.ts';
import { type Result, type Syscall, partial, syscall } from './syscall.ts';

const UNCHANGED = 0xffff_ffff;
const MAX_GROUPS = 65_536;
/** _LINUX_CAPABILITY_VERSION_3 */
const CAPABILITY_VERSION = 0x2008_0522;
/** Words of data by version: 32 bits in each of three sets, or 64. */
const CAPABILITY_WORDS: ReadonlyMap<number, number> = new Map([
  [0x1998_0330, 3],
  [0x2007_1026, 6],
  [CAPABILITY_VERSION, 6],
]);

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

/** @throws EPERM for an id that is none of one's own and not asked for by root */
function checkIds(credentials: Credentials, own: IdTriple, wanted: readonly number[]): void {
  if (credentials.euid === 0) return;
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
  const { credentials } = thread;
  checkIds(credentials, usersOf(credentials), [wanted.real, wanted.effective, wanted.saved]);
  const { real, effective, saved } = changed(usersOf(credentials), wanted);
  if (real !== credentials.uid) {
    const { machine, program } = asGuest(thread);
    program.exceedsProcesses = real !== 0 && machine.tasksOf(real) > program.limits.soft(RLIMIT_NPROC);
  }
  Object.assign(credentials, { uid: real, euid: effective, savedUid: saved, fsUid: undefined });
  return 0;
}

function setGroups({ credentials }: Thread, wanted: IdTriple): Result {
  checkIds(credentials, groupsOf(credentials), [wanted.real, wanted.effective, wanted.saved]);
  const { real, effective, saved } = changed(groupsOf(credentials), wanted);
  Object.assign(credentials, { gid: real, egid: effective, savedGid: saved, fsGid: undefined });
  return 0;
}

/** setuid(2): all three for root, the effective one for others. @throws EINVAL */
function one(id: number, { euid }: Credentials): IdTriple {
  if (id === UNCHANGED) throw EINVAL;
  return euid === 0 ? { real: id, effective: id, saved: id } : { real: UNCHANGED, effective: id, saved: UNCHANGED };
}

/**
 * setreuid(2): the saved id follows the effective one when the real one was set, or the effective one to another.
 * @throws EPERM where who is not root wants the saved id for the real one
 */
function both({ real, effective }: Ids, own: IdTriple, { euid }: Credentials): IdTriple {
  if (euid !== 0 && ![UNCHANGED, own.real, own.effective].includes(real)) throw EPERM;
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
  if (thread.credentials.euid !== 0) throw EPERM;
  if (count < 0 || count > MAX_GROUPS) throw EINVAL;
  thread.credentials.groups = Array.from({ length: count }, (_, i) => thread.memory.loadU32(list + 4 * i));
  return 0;
}

/** setfsuid(2): the id before, whether it changed or not; an error cannot be told. */
function setFsUser({ credentials }: Thread, id: number): Result {
  const { uid, euid, savedUid = 0, fsUid = euid } = credentials;
  if (id !== UNCHANGED && (euid === 0 || [uid, euid, savedUid, fsUid].includes(id))) credentials.fsUid = id;
  return fsUid;
}

function setFsGroup({ credentials }: Thread, id: number): Result {
  const { gid, egid, euid, savedGid = 0, fsGid = egid } = credentials;
  if (id !== UNCHANGED && (euid === 0 || [gid, egid, savedGid, fsGid].includes(id))) credentials.fsGid = id;
  return fsGid;
}

/** How many words of data go with a header's version; an unknown one is replaced. @throws EFAULT, EINVAL */
function capabilityWords({ memory }: Thread, header: number): number {
  const words = CAPABILITY_WORDS.get(memory.loadU32(header));
  if (words !== undefined) return words;
  memory.storeU32(header, CAPABILITY_VERSION);
  throw EINVAL;
}

/** All capabilities for root, none for others. */
function capget(thread: Thread, { header, data }: { header: number; data: number }): Result {
  const { memory } = thread;
  let count: number;
  try {
    count = capabilityWords(thread, header);
  } catch (error) {
    if (error === EINVAL && data === 0) return 0; // who has no data asks for the version
    throw error;
  }
  if (data === 0) return 0;
  const pid = memory.loadU32(header + 4) | 0;
  if (pid < 0) throw EINVAL;
  const target = pid === 0 ? thread : asGuest(thread).machine.task(pid);
  if (target === undefined) throw ESRCH;
  const [low, high] = target.credentials.euid === 0 ? [0xffff_ffff, 0x1ff] : [0, 0];
  [low, low, 0, high, high, 0].slice(0, count).forEach((word, i) => memory.storeU32(data + 4 * i, word));
  return 0;
}

/** Rights go by user id: sets that capget would tell are accepted, and none is given up. @throws EPERM for more */
function capset(thread: Thread, { header, data }: { header: number; data: number }): Result {
  const { memory, credentials } = thread;
  const count = capabilityWords(thread, header);
  const pid = memory.loadU32(header + 4);
  if (pid !== 0 && pid !== thread.id && pid !== thread.program.pid) throw EPERM;
  const words = Array.from({ length: count }, (_, i) => memory.loadU32(data + 4 * i));
  if (credentials.euid !== 0 && words.some((word) => word !== 0)) throw EPERM;
  return 0;
}

// oxfmt-ignore
export const identity: readonly Syscall[] = [
  syscall({ nr: 102, name: 'getuid', args: {}, support: 'full', run: (thread) => thread.credentials.uid }),
  syscall({ nr: 104, name: 'getgid', args: {}, support: 'full', run: (thread) => thread.credentials.gid }),
  syscall({ nr: 105, name: 'setuid', args: { id: 'uint' }, support: 'full', run: (thread, { id }) => setUsers(thread, one(id, thread.credentials)) }),
  syscall({ nr: 106, name: 'setgid', args: { id: 'uint' }, support: 'full', run: (thread, { id }) => setGroups(thread, one(id, thread.credentials)) }),
  syscall({ nr: 107, name: 'geteuid', args: {}, support: 'full', run: (thread) => thread.credentials.euid }),
  syscall({ nr: 108, name: 'getegid', args: {}, support: 'full', run: (thread) => thread.credentials.egid }),
  syscall({ nr: 113, name: 'setreuid', args: { real: 'uint', effective: 'uint' }, support: 'full', run: (thread, ids) => setUsers(thread, both(ids, usersOf(thread.credentials), thread.credentials)) }),
  syscall({ nr: 114, name: 'setregid', args: { real: 'uint', effective: 'uint' }, support: 'full', run: (thread, ids) => setGroups(thread, both(ids, groupsOf(thread.credentials), thread.credentials)) }),
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
  syscall({ nr: 125, name: 'capget', args: { header: 'ptr', data: 'ptr' }, support: 'full', run: capget }),
  syscall({ nr: 126, name: 'capset', args: { header: 'ptr', data: 'ptr' }, support: partial('rights go by user id: nothing is given up'), run: capset }),
];
