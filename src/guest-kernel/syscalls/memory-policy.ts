/** get_mempolicy(2): one node, and no policy but the default one, since none can be set. */
import { PAGE_SIZE } from '../../emulator/index.ts';
import { EFAULT, EINVAL } from '../abi/errno.ts';
import { asGuest } from '../program/guest-task.ts';
import type { Thread } from '../program/thread.ts';
import { type Result, type Syscall, syscall } from './syscall.ts';

const MPOL_F_NODE = 1;
const MPOL_F_ADDR = 2;
const MPOL_F_MEMS_ALLOWED = 4;
const MPOL_DEFAULT = 0;
const WORD_BITS = 64;

interface PolicyArguments {
  readonly mode: number;
  readonly nodes: number;
  readonly maxNode: number;
  readonly addr: number;
  readonly flags: number;
}

/** Linux mm/mempolicy.c: do_get_mempolicy. Without a policy of the thread's own MPOL_F_NODE needs an address. */
function checkQuestion(thread: Thread, { addr, flags }: PolicyArguments): void {
  if ((flags & ~(MPOL_F_NODE | MPOL_F_ADDR | MPOL_F_MEMS_ALLOWED)) !== 0) throw EINVAL;
  if ((flags & MPOL_F_MEMS_ALLOWED) !== 0) {
    if (flags !== MPOL_F_MEMS_ALLOWED) throw EINVAL;
    return;
  }
  if ((flags & MPOL_F_ADDR) === 0) {
    if (addr !== 0 || (flags & MPOL_F_NODE) !== 0) throw EINVAL;
    return;
  }
  const start = addr - (addr % PAGE_SIZE);
  if (!asGuest(thread).namespace.map.areas.covers(start, start + PAGE_SIZE)) throw EFAULT;
}

/** Linux mm/mempolicy.c: copy_nodes_to_user. The last bit that `maxNode` counts is not written. */
function storeNodes({ memory }: Thread, { nodes, maxNode, flags }: PolicyArguments): void {
  const sizeBytes = (Math.ceil((maxNode - 1) / WORD_BITS) * WORD_BITS) / 8;
  if (sizeBytes > PAGE_SIZE) throw EINVAL;
  if (sizeBytes <= 0) return;
  memory.writable(nodes, sizeBytes).fill(0);
  if ((flags & MPOL_F_MEMS_ALLOWED) !== 0) memory.writable(nodes, 1)[0] = 1;
}

function getPolicy(thread: Thread, args: PolicyArguments): Result {
  if (args.nodes !== 0 && args.maxNode < 1) throw EINVAL;
  checkQuestion(thread, args);
  // The node of an address is 0 as well.
  if (args.mode !== 0) thread.memory.storeU32(args.mode, MPOL_DEFAULT);
  if (args.nodes !== 0) storeNodes(thread, args);
  return 0;
}

// oxfmt-ignore
export const memoryPolicy: readonly Syscall[] = [
  syscall({ nr: 239, name: 'get_mempolicy', args: { mode: 'ptr', nodes: 'ptr', maxNode: 'size', addr: 'ptr', flags: 'flags' }, support: 'full', run: getPolicy }),
];
