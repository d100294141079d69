/**
 * Policies for the placement of pages (set_mempolicy(2)) as a Linux with one node keeps them: a policy is checked, told
 * again and inherited; all pages lie on node 0 whatever it says. Source: Linux mm/mempolicy.c.
 */
import { EINVAL } from '../abi/errno.ts';

export const MPOL_DEFAULT = 0;
const MPOL_PREFERRED = 1;
export const MPOL_BIND = 2;
export const MPOL_INTERLEAVE = 3;
const MPOL_LOCAL = 4;
export const MPOL_PREFERRED_MANY = 5;
export const MPOL_WEIGHTED_INTERLEAVE = 6;
const MPOL_MAX = 7;
const MPOL_F_STATIC_NODES = 0x8000;
const MPOL_F_RELATIVE_NODES = 0x4000;
const MPOL_F_NUMA_BALANCING = 0x2000;
const MPOL_MODE_FLAGS = MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES | MPOL_F_NUMA_BALANCING;
/** The flags under which a policy remembers the nodes as they were asked for. */
const USER_NODES = MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES;
/** Bit n: node n. There is one. */
export const ONLINE_NODES = 1n;

export interface MemoryPolicy {
  readonly mode: number;
  /** MPOL_F_* of the mode. */
  readonly flags: number;
  /** What get_mempolicy tells. */
  readonly nodes: bigint;
}

/** What the mode argument holds: a mode and MPOL_F_* bits. */
export interface PolicyMode {
  readonly mode: number;
  readonly flags: number;
}

/** Linux sanitize_mpol_flags. @throws EINVAL */
export function parseMode(argument: number): PolicyMode {
  const flags = argument & MPOL_MODE_FLAGS;
  const mode = (argument & ~MPOL_MODE_FLAGS) >>> 0;
  if (mode >= MPOL_MAX || (flags & USER_NODES) === USER_NODES) throw EINVAL;
  if ((flags & MPOL_F_NUMA_BALANCING) !== 0 && mode !== MPOL_BIND && mode !== MPOL_PREFERRED_MANY) throw EINVAL;
  return { mode, flags };
}

/** Linux mpol_new. @param nodes bit n: node n. @returns undefined for the default. @throws EINVAL */
export function makePolicy({ mode: asked, flags }: PolicyMode, nodes: bigint): MemoryPolicy | undefined {
  if (asked === MPOL_DEFAULT) {
    if (nodes !== 0n) throw EINVAL;
    return undefined;
  }
  const isLocal = asked === MPOL_LOCAL || (asked === MPOL_PREFERRED && nodes === 0n);
  if (isLocal) {
    if (nodes !== 0n || (flags & USER_NODES) !== 0) throw EINVAL;
    return { mode: MPOL_LOCAL, flags, nodes };
  }
  // Relative nodes are folded onto those that there are: any is node 0.
  const usable = (flags & MPOL_F_RELATIVE_NODES) !== 0 && nodes !== 0n ? ONLINE_NODES : nodes & ONLINE_NODES;
  if (usable === 0n) throw EINVAL;
  return { mode: asked, flags, nodes: (flags & USER_NODES) === 0 ? usable : nodes };
}

export function isSamePolicy(a: MemoryPolicy | undefined, b: MemoryPolicy | undefined): boolean {
  return a === b || (a?.mode === b?.mode && a?.flags === b?.flags && a?.nodes === b?.nodes);
}
