/** Classic BPF programs in guest memory: struct sock_fprog of seccomp(2) and SO_ATTACH_FILTER. */
import { EINVAL } from '../abi/errno.ts';
import { SOCK_FPROG_BYTES } from '../abi/seccomp.ts';
import { INSTRUCTION_BYTES, MAX_INSTRUCTIONS, type Program, decode } from '../bpf/classic-bpf.ts';
import type { UserMemory } from '../vfs/open-file.ts';

/**
 * @param authorize called when the length is known and before the instructions are looked at, as Linux does
 * @throws EFAULT, EINVAL for a length that no program has
 */
export function loadFilterProgram(memory: UserMemory, addr: number, authorize: () => void = () => {}): Program {
  const head = memory.readable(addr, SOCK_FPROG_BYTES);
  const length = (head[0] ?? 0) | ((head[1] ?? 0) << 8);
  if (length === 0 || length > MAX_INSTRUCTIONS) throw EINVAL;
  authorize();
  return decode(memory.readable(memory.loadNumber(addr + 8), length * INSTRUCTION_BYTES));
}
