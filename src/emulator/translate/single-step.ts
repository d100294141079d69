/** RFLAGS.TF: one instruction at a time on the cold tier, then #DB (Intel SDM 3B 17.3.1.4). */
import type { ColdTier } from '../executor.ts';
import { type Exit, VECTOR } from '../exit.ts';
import { STATE_OFFSET } from '../ir/state-layout.ts';
import type { AddressSpace } from '../memory/address-space.ts';

const TF = 0x100;
const NO_BYTES = new Uint8Array(0);

export function isTraced({ i32 }: AddressSpace, stateAddr: number): boolean {
  return (i32[(stateAddr + STATE_OFFSET.systemFlags) >> 2] & TF) !== 0;
}

/**
 * TF counts as it was before the instruction: POPF that sets it does not trap, POPF that clears it does. A REP traps
 * after each step. A fault, or SYSCALL, comes instead of the trap.
 */
export function stepTraced(cold: ColdTier, { data }: AddressSpace, stateAddr: number): Exit {
  const exit = cold.step(stateAddr, 1);
  if (exit !== null && exit.kind !== 'budget') return exit;
  const rip = data.getBigUint64(stateAddr + STATE_OFFSET.rip, true);
  const none = { address: 0n, access: 'read', bytes: NO_BYTES, mnemonic: '', missingFeature: '' } as const;
  return { kind: 'fault', fault: { vector: VECTOR.DB, rip, isStep: true, ...none } };
}
