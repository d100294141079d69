/** Users and groups (credentials(7)) and capabilities: OSv has one user, root, who may become any other. */
import { EFAULT, EINVAL, EPERM } from '../abi/errno.ts';
import type { Credentials, Thread } from '../program/thread.ts';
import { type Result, type Syscall, partial, syscall } from './syscall.ts';

const UNCHANGED = 0xffff_ffff;
const MAX_GROUPS = 65_536;
/** _LINUX_CAPABILITY_VERSION_3 */
const CAPABILITY_VERSION = 0x2008_0522;

interface Ids {
  readonly real: number;
  readonly effective: number;
}

function setUser(credentials: Credentials, { real, effective }: Ids): Result {
  const isRoot = credentials.euid === 0;
  for (const id of [real, effective]) {
    if (id !== UNCHANGED && !isRoot && id !== credentials.uid && id !== credentials.euid) throw EPERM;
  }
  if (real !== UNCHANGED) credentials.uid = real;
  if (effective !== UNCHANGED) credentials.euid = effective;
  return 0;
}

function setGroup(credentials: Credentials, { real, effective }: Ids): Result {
  const isRoot = credentials.euid === 0;
  for (const id of [real, effective]) {
    if (id !== UNCHANGED && !isRoot && id !== credentials.gid && id !== credentials.egid) throw EPERM;
  }
  if (real !== UNCHANGED) credentials.gid = real;
  if (effective !== UNCHANGED) credentials.egid = effective;
  return 0;
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
  if (count < 0 || count > MAX_GROUPS) throw EINVAL;
  if (thread.credentials.euid !== 0) throw EPERM;
  thread.credentials.groups = Array.from({ length: count }, (_, i) => thread.memory.loadU32(list + 4 * i));
  return 0;
}

/** All capabilities for root, none for others. */
function capget(thread: Thread, { header, data }: { header: number; data: number }): Result {
  if (thread.memory.loadU32(header) !== CAPABILITY_VERSION) {
    thread.memory.storeU32(header, CAPABILITY_VERSION);
    if (data === 0) return 0;
    throw EINVAL;
  }
  if (data === 0) throw EFAULT;
  const [low, high] = thread.credentials.euid === 0 ? [0xffff_ffff, 0x1ff] : [0, 0];
  [low, low, 0, high, high, 0].forEach((word, i) => thread.memory.storeU32(data + 4 * i, word));
  return 0;
}

// oxfmt-ignore
export const identity: readonly Syscall[] = [
  syscall({ nr: 102, name: 'getuid', args: {}, support: 'full', run: (thread) => thread.credentials.uid }),
  syscall({ nr: 104, name: 'getgid', args: {}, support: 'full', run: (thread) => thread.credentials.gid }),
  syscall({ nr: 105, name: 'setuid', args: { id: 'uint' }, support: partial('no saved id'),
    run: (thread, { id }) => setUser(thread.credentials, { real: thread.credentials.euid === 0 ? id : UNCHANGED, effective: id }) }),
  syscall({ nr: 106, name: 'setgid', args: { id: 'uint' }, support: partial('no saved id'),
    run: (thread, { id }) => setGroup(thread.credentials, { real: thread.credentials.euid === 0 ? id : UNCHANGED, effective: id }) }),
  syscall({ nr: 107, name: 'geteuid', args: {}, support: 'full', run: (thread) => thread.credentials.euid }),
  syscall({ nr: 108, name: 'getegid', args: {}, support: 'full', run: (thread) => thread.credentials.egid }),
  syscall({ nr: 113, name: 'setreuid', args: { real: 'uint', effective: 'uint' }, support: 'full', run: (thread, ids) => setUser(thread.credentials, ids) }),
  syscall({ nr: 114, name: 'setregid', args: { real: 'uint', effective: 'uint' }, support: 'full', run: (thread, ids) => setGroup(thread.credentials, ids) }),
  syscall({ nr: 115, name: 'getgroups', args: { count: 'int', list: 'ptr' }, support: 'full', run: getgroups }),
  syscall({ nr: 116, name: 'setgroups', args: { count: 'int', list: 'ptr' }, support: 'full', run: setgroups }),
  syscall({ nr: 117, name: 'setresuid', args: { real: 'uint', effective: 'uint', saved: 'uint' }, support: partial('no saved id'), run: (thread, ids) => setUser(thread.credentials, ids) }),
  syscall({ nr: 118, name: 'getresuid', args: { real: 'ptr', effective: 'ptr', saved: 'ptr' }, support: partial('no saved id'),
    run: (thread, { real, effective, saved }) => {
      const { uid, euid } = thread.credentials;
      return storeIds(thread, [real, effective, saved], [uid, euid, euid]);
    } }),
  syscall({ nr: 119, name: 'setresgid', args: { real: 'uint', effective: 'uint', saved: 'uint' }, support: partial('no saved id'), run: (thread, ids) => setGroup(thread.credentials, ids) }),
  syscall({ nr: 120, name: 'getresgid', args: { real: 'ptr', effective: 'ptr', saved: 'ptr' }, support: partial('no saved id'),
    run: (thread, { real, effective, saved }) => {
      const { gid, egid } = thread.credentials;
      return storeIds(thread, [real, effective, saved], [gid, egid, egid]);
    } }),
  syscall({ nr: 122, name: 'setfsuid', args: { id: 'uint' }, support: partial('never changes'), run: (thread) => thread.credentials.euid }),
  syscall({ nr: 123, name: 'setfsgid', args: { id: 'uint' }, support: partial('never changes'), run: (thread) => thread.credentials.egid }),
  syscall({ nr: 125, name: 'capget', args: { header: 'ptr', data: 'ptr' }, support: 'full', run: capget }),
  syscall({ nr: 126, name: 'capset', args: { header: 'ptr', data: 'ptr' }, support: partial('changes nothing'), run: () => 0 }),
];
