/** Where pages lie (numa(7)), on a machine with one node: get_mempolicy(2), set_mempolicy(2), mbind(2), migrate_pages(2),
 *  move_pages(2). The order of the checks is that of Linux mm/mempolicy.c and mm/migrate.c. */
import { GUEST_LIMIT, PAGE_SIZE } from '../../emulator/index.ts';
import { CAP_SYS_NICE } from '../abi/capability.ts';
import { EFAULT, EINVAL, ENODEV, ENOENT, EOPNOTSUPP, EPERM, ESRCH } from '../abi/errno.ts';
import type { Area } from '../mm/area-list.ts';
import { pageUp } from '../mm/memory-map.ts';
import {
  MPOL_BIND,
  MPOL_DEFAULT,
  MPOL_INTERLEAVE,
  MPOL_PREFERRED_MANY,
  MPOL_WEIGHTED_INTERLEAVE,
  type MemoryPolicy,
  ONLINE_NODES,
  makePolicy,
  parseMode,
} from '../mm/memory-policy.ts';
import type { GuestNamespace } from '../program/guest-namespace.ts';
import { GuestTask, asGuest } from '../program/guest-task.ts';
import type { Thread } from '../program/thread.ts';
import { isCapable, mayAttach } from '../vfs/credentials.ts';
import { type Result, type Syscall, syscall } from './syscall.ts';

const MPOL_F_NODE = 1;
const MPOL_F_ADDR = 2;
const MPOL_F_MEMS_ALLOWED = 4;
const MPOL_MF_STRICT = 1;
const MPOL_MF_MOVE = 2;
const MPOL_MF_MOVE_ALL = 4;
const WORD_BITS = 64;
/** MAX_NUMNODES: so many bits of a mask may be set. */
const MAX_NODES = WORD_BITS;
const ADDRESS_SPACE = 2 ** 64;

interface PolicyArguments {
  readonly mode: number;
  readonly nodes: number;
  readonly maxNode: number;
  readonly addr: number;
  readonly flags: number;
}

/** Linux get_nodes: the last bit that `maxNode` counts is not read. @throws EINVAL for nodes that no machine has */
function loadNodes({ memory }: Thread, addr: number, maxNode: number): bigint {
  const bits = maxNode === 0 ? Number.POSITIVE_INFINITY : maxNode - 1;
  if (bits === 0 || addr === 0) return 0n;
  if (bits > PAGE_SIZE * 8) throw EINVAL;
  let nodes = 0n;
  for (let word = Math.ceil(bits / WORD_BITS) - 1; word >= 0; word--) {
    const counted = BigInt(Math.min(WORD_BITS, bits - word * WORD_BITS));
    const value = BigInt.asUintN(Number(counted), memory.loadI64(addr + 8 * word));
    if (word * WORD_BITS >= MAX_NODES && value !== 0n) throw EINVAL;
    nodes = value;
  }
  return nodes;
}

/** Linux copy_nodes_to_user. The last bit that `maxNode` counts is not written. */
function storeNodes({ memory }: Thread, { nodes: addr, maxNode }: PolicyArguments, nodes: bigint): void {
  const sizeBytes = (Math.ceil((maxNode - 1) / WORD_BITS) * WORD_BITS) / 8;
  if (sizeBytes > PAGE_SIZE) throw EINVAL;
  if (sizeBytes <= 0) return;
  memory.writable(addr, sizeBytes).fill(0);
  memory.storeI64(addr, BigInt.asIntN(WORD_BITS, nodes));
}

function areaAt(task: GuestTask, addr: number): Area {
  const area = task.namespace.map.areas.find(addr);
  if (area === undefined || area.isMachine === true) throw EFAULT;
  return area;
}

/** What the mode is to tell when a node is asked for. @throws EINVAL where the policy names no next one */
function nodeFor(policy: MemoryPolicy | undefined, flags: number): number {
  const takesTurns = policy?.mode === MPOL_INTERLEAVE || policy?.mode === MPOL_WEIGHTED_INTERLEAVE;
  if ((flags & MPOL_F_ADDR) === 0 && !takesTurns) throw EINVAL;
  return 0;
}

/** Linux do_get_mempolicy. */
function answer(thread: Thread, { addr, flags }: PolicyArguments): { readonly mode: number; readonly nodes: bigint } {
  if ((flags & ~(MPOL_F_NODE | MPOL_F_ADDR | MPOL_F_MEMS_ALLOWED)) !== 0) throw EINVAL;
  if ((flags & MPOL_F_MEMS_ALLOWED) !== 0) {
    if (flags !== MPOL_F_MEMS_ALLOWED) throw EINVAL;
    return { mode: MPOL_DEFAULT, nodes: ONLINE_NODES };
  }
  const task = asGuest(thread);
  const isOfAddress = (flags & MPOL_F_ADDR) !== 0;
  if (!isOfAddress && addr !== 0) throw EINVAL;
  const policy = isOfAddress ? areaAt(task, addr).policy : task.memoryPolicy;
  const nodes = policy?.nodes ?? 0n;
  if ((flags & MPOL_F_NODE) !== 0) return { mode: nodeFor(policy, flags), nodes };
  return { mode: policy === undefined ? MPOL_DEFAULT : policy.mode | policy.flags, nodes };
}

function getPolicy(thread: Thread, args: PolicyArguments): Result {
  if (args.nodes !== 0 && args.maxNode < 1) throw EINVAL;
  const { mode, nodes } = answer(thread, args);
  if (args.mode !== 0) thread.memory.storeU32(args.mode, mode);
  if (args.nodes !== 0) storeNodes(thread, args, nodes);
  return 0;
}

function setPolicy(thread: Thread, args: { mode: number; nodes: number; maxNode: number }): Result {
  const mode = parseMode(args.mode);
  asGuest(thread).memoryPolicy = makePolicy(mode, loadNodes(thread, args.nodes, args.maxNode));
  return 0;
}

interface BindArguments {
  readonly addr: number;
  readonly length: number;
  readonly mode: number;
  readonly nodes: number;
  readonly maxNode: number;
  readonly flags: number;
}

/** Whole pages from `addr` on. @throws EINVAL */
function pagesFrom(addr: number, length: number): { readonly start: number; readonly end: number } {
  const end = addr + (pageUp(length) % ADDRESS_SPACE);
  if (addr % PAGE_SIZE !== 0 || end >= ADDRESS_SPACE) throw EINVAL;
  return { start: addr, end };
}

/** Pages that others have too move only for those who may. @throws EINVAL, EPERM */
function checkMoveFlags({ credentials }: Thread, flags: number, known: number): void {
  if ((flags & ~known) !== 0) throw EINVAL;
  if ((flags & MPOL_MF_MOVE_ALL) !== 0 && !isCapable(credentials, CAP_SYS_NICE)) throw EPERM;
}

/** mbind(2): MPOL_MF_STRICT and MPOL_MF_MOVE find every page where it is to be. */
function bindPages(thread: Thread, args: BindArguments): Result {
  const mode = parseMode(args.mode);
  const nodes = loadNodes(thread, args.nodes, args.maxNode);
  checkMoveFlags(thread, args.flags, MPOL_MF_STRICT | MPOL_MF_MOVE | MPOL_MF_MOVE_ALL);
  const { start, end } = pagesFrom(args.addr, args.length);
  if (start === end) return 0;
  const policy = makePolicy(mode, nodes);
  const { areas } = asGuest(thread).namespace.map;
  if (end > GUEST_LIMIT || !areas.covers(start, end)) throw EFAULT;
  areas.replace(start, end, ({ policy: _before, ...piece }) =>
    policy === undefined || piece.isMachine === true ? piece : { ...piece, policy },
  );
  return 0;
}

/** Linux sys_set_mempolicy_home_node: up to the first mapping whose policy has no home; what has no policy is passed over. */
function setHomeNode(thread: Thread, args: { addr: number; length: number; node: number; flags: number }): Result {
  const { start, end } = pagesFrom(args.addr, args.length);
  if (args.flags !== 0 || args.node !== 0) throw EINVAL;
  if (start === end) return 0;
  const policies = asGuest(thread)
    .namespace.map.areas.within(start, end)
    .flatMap(({ policy }) => policy ?? []);
  if (policies.length === 0) throw ENOENT;
  if (policies.some(({ mode }) => mode !== MPOL_BIND && mode !== MPOL_PREFERRED_MANY)) throw EOPNOTSUPP;
  return 0;
}

/** Whose pages migrate_pages(2) and move_pages(2) mean. @throws ESRCH, EPERM, EINVAL where no program has memory */
function subject(thread: Thread, pid: number): GuestNamespace {
  const task = asGuest(thread);
  const found = pid === 0 ? task : task.machine.task(pid);
  if (found === undefined) throw ESRCH;
  if (!mayAttach(thread, found)) throw EPERM;
  if (!(found instanceof GuestTask)) throw EINVAL;
  return found.namespace;
}

/** @returns how many pages could not be moved */
function migratePages(thread: Thread, args: { pid: number; maxNode: number; old: number; wanted: number }): Result {
  loadNodes(thread, args.old, args.maxNode);
  const wanted = loadNodes(thread, args.wanted, args.maxNode);
  subject(thread, args.pid);
  if ((wanted & ~ONLINE_NODES) !== 0n && !isCapable(thread.credentials, CAP_SYS_NICE)) throw EPERM;
  if ((wanted & ONLINE_NODES) === 0n) throw EINVAL;
  return 0;
}

interface MoveArguments {
  readonly pid: number;
  readonly count: number;
  readonly pages: number;
  readonly nodes: number;
  readonly status: number;
  readonly flags: number;
}

/** The node of a page, or why it has none. */
function nodeOf({ map }: GuestNamespace, addr: number): number {
  const area = map.areas.find(addr);
  if (area === undefined || area.isMachine === true) return -EFAULT.code;
  return map.isResident(addr) ? 0 : -ENOENT.code;
}

/** move_pages(2): tells each page's node; all that are to move to node 0 lie there. */
function movePages(thread: Thread, { pid, count, pages, nodes, status, flags }: MoveArguments): Result {
  checkMoveFlags(thread, flags, MPOL_MF_MOVE | MPOL_MF_MOVE_ALL);
  const namespace = subject(thread, pid);
  const { memory } = thread;
  for (let i = 0; i < count; i++) {
    const addr = memory.loadNumber(pages + 8 * i);
    if (nodes !== 0 && memory.loadU32(nodes + 4 * i) !== 0) throw ENODEV;
    memory.storeU32(status + 4 * i, nodeOf(namespace, addr));
  }
  return 0;
}

// oxfmt-ignore
export const memoryPolicy: readonly Syscall[] = [
  syscall({ nr: 237, name: 'mbind', args: { addr: 'ptr', length: 'size', mode: 'flags', nodes: 'ptr', maxNode: 'size', flags: 'flags' }, support: 'full', run: bindPages }),
  syscall({ nr: 238, name: 'set_mempolicy', args: { mode: 'flags', nodes: 'ptr', maxNode: 'size' }, support: 'full', run: setPolicy }),
  syscall({ nr: 239, name: 'get_mempolicy', args: { mode: 'ptr', nodes: 'ptr', maxNode: 'size', addr: 'ptr', flags: 'flags' }, support: 'full', run: getPolicy }),
  syscall({ nr: 256, name: 'migrate_pages', args: { pid: 'int', maxNode: 'size', old: 'ptr', wanted: 'ptr' }, support: 'full', run: migratePages }),
  syscall({ nr: 279, name: 'move_pages', args: { pid: 'int', count: 'size', pages: 'ptr', nodes: 'ptr', status: 'ptr', flags: 'flags' }, support: 'full', run: movePages }),
  syscall({ nr: 450, name: 'set_mempolicy_home_node', args: { addr: 'ptr', length: 'size', node: 'size', flags: 'size' }, support: 'full', run: setHomeNode }),
];
