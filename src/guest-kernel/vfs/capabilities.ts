/**
 * capabilities(7): sets of them, and what becomes of a thread's sets when it changes users or executes a file.
 * Credentials hold one Capabilities value, which is replaced and never changed. Source: Linux security/commoncap.c.
 */
import {
  CAP_CHOWN,
  CAP_DAC_OVERRIDE,
  CAP_DAC_READ_SEARCH,
  CAP_FOWNER,
  CAP_FSETID,
  CAP_LAST_CAP,
  CAP_LINUX_IMMUTABLE,
  CAP_MAC_OVERRIDE,
  CAP_MKNOD,
  SECBIT_KEEP_CAPS,
  SECBIT_NOROOT,
  SECBIT_NO_SETUID_FIXUP,
} from '../abi/capability.ts';

/** Bit n stands for capability n. A plain number, below 2^41: each step of a path asks for one. */
export type CapabilitySet = number;

export interface Capabilities {
  readonly inheritable: CapabilitySet;
  readonly permitted: CapabilitySet;
  readonly effective: CapabilitySet;
  readonly bounding: CapabilitySet;
  readonly ambient: CapabilitySet;
  /** SECBIT_*. */
  readonly securebits: number;
}

const WORD = 2 ** 32;
export const ALL_CAPABILITIES: CapabilitySet = 2 ** (CAP_LAST_CAP + 1) - 1;

/** What root starts with. */
export const FULL: Capabilities = {
  inheritable: 0,
  permitted: ALL_CAPABILITIES,
  effective: ALL_CAPABILITIES,
  bounding: ALL_CAPABILITIES,
  ambient: 0,
  securebits: 0,
};

/** What any other user has. */
export const PLAIN: Capabilities = { ...FULL, permitted: 0, effective: 0 };

const high = (set: CapabilitySet): number => Math.floor(set / WORD);

export function has(set: CapabilitySet, capability: number): boolean {
  // >>> takes the low 32 bits of any number.
  return capability < 32 ? ((set >>> capability) & 1) === 1 : ((high(set) >>> (capability - 32)) & 1) === 1;
}

export function setOf(...capabilities: readonly number[]): CapabilitySet {
  return capabilities.reduce((sum, capability) => sum + 2 ** capability, 0);
}

export function union(a: CapabilitySet, b: CapabilitySet): CapabilitySet {
  return (high(a) | high(b)) * WORD + ((a | b) >>> 0);
}

export function intersection(a: CapabilitySet, b: CapabilitySet): CapabilitySet {
  return (high(a) & high(b)) * WORD + ((a & b) >>> 0);
}

export function without(a: CapabilitySet, b: CapabilitySet): CapabilitySet {
  return (high(a) & ~high(b)) * WORD + ((a & ~b) >>> 0);
}

export function isSubset(a: CapabilitySet, b: CapabilitySet): boolean {
  return without(a, b) === 0;
}

/** CAP_FS_SET: what goes with the filesystem user id. */
const OF_FILES = setOf(
  CAP_CHOWN,
  CAP_MKNOD,
  CAP_DAC_OVERRIDE,
  CAP_DAC_READ_SEARCH,
  CAP_FOWNER,
  CAP_FSETID,
  CAP_MAC_OVERRIDE,
  CAP_LINUX_IMMUTABLE,
);

interface Users {
  readonly real: number;
  readonly effective: number;
  readonly saved: number;
}

const includesRoot = ({ real, effective, saved }: Users): boolean => real === 0 || effective === 0 || saved === 0;

/** setuid(2), setreuid(2), setresuid(2) (cap_emulate_setxuid). */
export function afterUsersChange(own: Capabilities, before: Users, after: Users): Capabilities {
  if ((own.securebits & SECBIT_NO_SETUID_FIXUP) !== 0) return own;
  let { permitted, effective, ambient } = own;
  if (includesRoot(before) && !includesRoot(after)) {
    if ((own.securebits & SECBIT_KEEP_CAPS) === 0) permitted = effective = 0;
    ambient = 0;
  }
  if (before.effective === 0 && after.effective !== 0) effective = 0;
  if (before.effective !== 0 && after.effective === 0) effective = permitted;
  return { ...own, permitted, effective, ambient };
}

/** setfsuid(2). */
export function afterFileUserChange(own: Capabilities, before: number, after: number): Capabilities {
  if ((own.securebits & SECBIT_NO_SETUID_FIXUP) !== 0 || (before === 0) === (after === 0)) return own;
  const effective =
    before === 0 ? without(own.effective, OF_FILES) : union(own.effective, intersection(own.permitted, OF_FILES));
  return { ...own, effective };
}

/**
 * execve(2) of a file without capabilities of its own (cap_bprm_creds_from_file).
 * @param isForeign the effective ids are not the real ones, as behind set-id bits
 * @param mayGain not with PR_SET_NO_NEW_PRIVS: being root then gives back nothing that was dropped
 */
export function afterExecute(own: Capabilities, users: Users, isForeign: boolean, mayGain: boolean): Capabilities {
  const mayBeRoot = (own.securebits & SECBIT_NOROOT) === 0;
  const ambient = isForeign ? 0 : own.ambient;
  const ofRoot = mayBeRoot && (users.real === 0 || users.effective === 0) ? union(own.bounding, own.inheritable) : 0;
  const permitted = union(mayGain ? ofRoot : intersection(ofRoot, own.permitted), ambient);
  const effective = mayBeRoot && users.effective === 0 ? permitted : ambient;
  return { ...own, permitted, effective, ambient, securebits: own.securebits & ~SECBIT_KEEP_CAPS };
}
