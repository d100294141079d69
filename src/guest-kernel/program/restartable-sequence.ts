/**
 * Restartable sequences (rseq(2), Linux kernel/rseq.c): a thread names a piece of code, by the rseq_cs word of its area,
 * that must run as a whole on its processor. Whoever was preempted or gets a signal inside goes on at the abort handler.
 *
 *   struct rseq { u32 cpu_id_start, cpu_id; u64 rseq_cs; u32 flags, node_id, mm_cid; }          32 bytes
 *   struct rseq_cs { u32 version, flags; u64 start_ip, post_commit_offset, abort_ip; }          32 bytes
 */
import type { CpuState } from '../../emulator/index.ts';
import { EFAULT } from '../abi/errno.ts';
import type { UserMemory } from '../vfs/open-file.ts';

export const RSEQ_BYTES = 32;
const CS_OFFSET = 8;
/** glibc: no processor is known. */
const CPU_ID_UNINITIALIZED = 0xffff_ffff;

export interface RestartableArea {
  readonly addr: number;
  readonly sizeBytes: number;
  /** What stands in front of each abort handler. */
  readonly signature: number;
}

/** One processor, of one node. @throws EFAULT */
export function openArea(memory: UserMemory, { addr }: RestartableArea): void {
  const area = memory.writable(addr, RSEQ_BYTES);
  area.fill(0, 0, CS_OFFSET);
  area.fill(0, CS_OFFSET + 12, RSEQ_BYTES - 4);
}

/** @throws EFAULT */
export function closeArea(memory: UserMemory, { addr }: RestartableArea): void {
  memory.storeU32(addr, 0);
  memory.storeU32(addr + 4, CPU_ID_UNINITIALIZED);
}

/**
 * The thread lost the processor, or a handler is about to run: out of the sequence it was in, and none is named any more.
 * @throws EFAULT where Linux sends SIGSEGV: area, description or signature are not as they must be; NotResident
 */
export function leaveSequence(memory: UserMemory, state: CpuState, area: RestartableArea): void {
  const csAddr = memory.loadNumber(area.addr + CS_OFFSET);
  if (csAddr === 0) return;
  const version = memory.loadU32(csAddr);
  const startIp = memory.loadI64(csAddr + 8);
  const length = memory.loadI64(csAddr + 16);
  const abortIp = memory.loadI64(csAddr + 24);
  const isInside = (ip: bigint): boolean => ip >= startIp && ip < startIp + length;
  if (version !== 0 || startIp < 0n || length < 0n || isInside(abortIp)) throw EFAULT;
  if (isInside(state.rip)) {
    if (memory.loadU32(Number(abortIp) - 4) !== area.signature) throw EFAULT;
    state.rip = abortIp;
  }
  memory.storeNumber(area.addr + CS_OFFSET, 0);
}
