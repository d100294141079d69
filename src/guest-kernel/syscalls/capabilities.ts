/** capget(2), capset(2), and the capabilities of prctl(2). The order of the checks is that of Linux. */
import {
  CAP_LAST_CAP,
  CAP_SETPCAP,
  SECBIT_KEEP_CAPS,
  SECBIT_NO_CAP_AMBIENT_RAISE,
  SECURE_ALL_BITS,
  SECURE_ALL_LOCKS,
} from '../abi/capability.ts';
import { EINVAL, EPERM, ESRCH } from '../abi/errno.ts';
import { commitCredentials } from '../program/commit-credentials.ts';
import { type GuestTask, asGuest } from '../program/guest-task.ts';
import type { Thread } from '../program/thread.ts';
import {
  ALL_CAPABILITIES,
  type Capabilities,
  type CapabilitySet,
  has,
  intersection,
  isSubset,
  setOf,
  union,
  without,
} from '../vfs/capabilities.ts';
import { isCapable, requireCapability } from '../vfs/credentials.ts';
import { type Result, type Syscall, syscall } from './syscall.ts';

/** _LINUX_CAPABILITY_VERSION_3 */
const CAPABILITY_VERSION = 0x2008_0522;
/** By version: in how many words of 32 bits a set is told. */
const WORDS_OF_VERSION: ReadonlyMap<number, number> = new Map([
  [0x1998_0330, 1],
  [0x2007_1026, 2],
  [CAPABILITY_VERSION, 2],
]);
const WORD = 2 ** 32;

/** struct __user_cap_data_struct: the sets in this order, once for each word. */
type DataSets = readonly [effective: CapabilitySet, permitted: CapabilitySet, inheritable: CapabilitySet];

/** How many words a set has under a header's version; an unknown one is replaced. @throws EFAULT, EINVAL */
function wordsOf({ memory }: Thread, header: number): number {
  const words = WORDS_OF_VERSION.get(memory.loadU32(header));
  if (words !== undefined) return words;
  memory.storeU32(header, CAPABILITY_VERSION);
  throw EINVAL;
}

function capget(thread: Thread, { header, data }: { header: number; data: number }): Result {
  const { memory } = thread;
  let words: number;
  try {
    words = wordsOf(thread, header);
  } catch (error) {
    if (error === EINVAL && data === 0) return 0; // who has no data asks for the version
    throw error;
  }
  if (data === 0) return 0;
  const pid = memory.loadU32(header + 4) | 0;
  if (pid < 0) throw EINVAL;
  const target = pid === 0 ? thread : asGuest(thread).machine.task(pid);
  if (target === undefined) throw ESRCH;
  const { effective, permitted, inheritable } = target.credentials.capabilities;
  for (let word = 0; word < words; word++) {
    [effective, permitted, inheritable].forEach((set, i) => {
      memory.storeU32(data + 4 * (3 * word + i), word === 0 ? set % WORD : Math.floor(set / WORD));
    });
  }
  return 0;
}

/** Bits that are no capability are passed over. */
function loadSets({ memory }: Thread, data: number, words: number): DataSets {
  const load = (index: number): CapabilitySet => {
    const high = words > 1 ? memory.loadU32(data + 4 * (3 + index)) : 0;
    return intersection(ALL_CAPABILITIES, (high & 0x1ff) * WORD + memory.loadU32(data + 4 * index));
  };
  return [load(0), load(1), load(2)];
}

/** Linux security/commoncap.c: cap_capset. @throws EPERM */
function checkSets(task: GuestTask, [effective, permitted, inheritable]: DataSets): void {
  const own = task.credentials.capabilities;
  const isFree = isCapable(task.credentials, CAP_SETPCAP);
  if (!isFree && !isSubset(inheritable, union(own.inheritable, own.permitted))) throw EPERM;
  if (!isSubset(inheritable, union(own.inheritable, own.bounding))) throw EPERM;
  if (!isSubset(permitted, own.permitted) || !isSubset(effective, permitted)) throw EPERM;
}

function capset(thread: Thread, { header, data }: { header: number; data: number }): Result {
  const task = asGuest(thread);
  const words = wordsOf(thread, header);
  const pid = thread.memory.loadU32(header + 4);
  if (pid !== 0 && pid !== thread.id) throw EPERM;
  const sets = loadSets(thread, data, words);
  checkSets(task, sets);
  const [effective, permitted, inheritable] = sets;
  const ambient = intersection(task.credentials.capabilities.ambient, intersection(permitted, inheritable));
  change(task, { effective, permitted, inheritable, ambient });
  return 0;
}

function change(task: GuestTask, changes: Partial<Capabilities>): void {
  commitCredentials(task, { capabilities: { ...task.credentials.capabilities, ...changes } });
}

function requireKnown(capability: number): void {
  if (capability > CAP_LAST_CAP) throw EINVAL;
}

/** PR_CAPBSET_READ. */
export function isBounding({ credentials }: GuestTask, capability: number): Result {
  requireKnown(capability);
  return Number(has(credentials.capabilities.bounding, capability));
}

/** PR_CAPBSET_DROP. */
export function dropBounding(task: GuestTask, capability: number): Result {
  requireCapability(task.credentials, CAP_SETPCAP);
  requireKnown(capability);
  change(task, { bounding: without(task.credentials.capabilities.bounding, setOf(capability)) });
  return 0;
}

/** PR_SET_SECUREBITS. @throws EPERM where a lock forbids it */
export function setSecurebits(task: GuestTask, wanted: number): Result {
  const { securebits } = task.credentials.capabilities;
  const locks = securebits & SECURE_ALL_LOCKS;
  if (((locks >> 1) & (securebits ^ wanted)) !== 0 || (locks & ~wanted) !== 0) throw EPERM;
  if (wanted > 0xff || (wanted & ~(SECURE_ALL_LOCKS | SECURE_ALL_BITS)) !== 0) throw EPERM;
  requireCapability(task.credentials, CAP_SETPCAP);
  change(task, { securebits: wanted });
  return 0;
}

/** PR_GET_KEEPCAPS. */
export function keepsCapabilities({ credentials }: GuestTask): Result {
  return Number((credentials.capabilities.securebits & SECBIT_KEEP_CAPS) !== 0);
}

/** PR_SET_KEEPCAPS. */
export function setKeepsCapabilities(task: GuestTask, wanted: number): Result {
  if (wanted > 1) throw EINVAL;
  const { securebits } = task.credentials.capabilities;
  if ((securebits & (SECBIT_KEEP_CAPS << 1)) !== 0) throw EPERM;
  change(task, { securebits: wanted === 1 ? securebits | SECBIT_KEEP_CAPS : securebits & ~SECBIT_KEEP_CAPS });
  return 0;
}

/** PR_CAP_AMBIENT. */
export function changeAmbient(task: GuestTask, action: number, capability: number): Result {
  const [IS_SET, RAISE, LOWER, CLEAR_ALL] = [1, 2, 3, 4];
  const own = task.credentials.capabilities;
  if (action === CLEAR_ALL) {
    if (capability !== 0) throw EINVAL;
    change(task, { ambient: 0 });
    return 0;
  }
  requireKnown(capability);
  if (action === IS_SET) return Number(has(own.ambient, capability));
  if (action !== RAISE && action !== LOWER) throw EINVAL;
  const one = setOf(capability);
  const isAllowed = has(own.permitted, capability) && has(own.inheritable, capability);
  if (action === RAISE && (!isAllowed || (own.securebits & SECBIT_NO_CAP_AMBIENT_RAISE) !== 0)) throw EPERM;
  change(task, { ambient: action === RAISE ? union(own.ambient, one) : without(own.ambient, one) });
  return 0;
}

// oxfmt-ignore
export const capabilities: readonly Syscall[] = [
  syscall({ nr: 125, name: 'capget', args: { header: 'ptr', data: 'ptr' }, support: 'full', run: capget }),
  syscall({ nr: 126, name: 'capset', args: { header: 'ptr', data: 'ptr' }, support: 'full', run: capset }),
];
