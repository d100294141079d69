/** The options of setsockopt(2) and getsockopt(2) about packet filters, which need the program's memory. */
import { EINVAL } from '../abi/errno.ts';
import * as abi from '../abi/socket.ts';
import { SOCK_FPROG_BYTES } from '../abi/seccomp.ts';
import { encode } from '../bpf/classic-bpf.ts';
import type { Socket } from '../net/socket/socket.ts';
import type { Thread } from '../program/thread.ts';
import { loadFilterProgram } from './filter-programs.ts';

interface OptionArguments {
  readonly level: number;
  readonly name: number;
  readonly value: number;
}

/** @returns whether the option was one of these. @throws EINVAL, EFAULT, EPERM, ENOENT */
export function setFilterOption(
  { memory }: Thread,
  { filter }: Socket,
  { level, name, value, size }: OptionArguments & { readonly size: number },
): boolean {
  if (level !== abi.SOL_SOCKET) return false;
  if (name === abi.SO_ATTACH_FILTER) {
    memory.loadU32(value);
    if (size !== SOCK_FPROG_BYTES) throw EINVAL;
    memory.readable(value, SOCK_FPROG_BYTES);
    filter.attach(() => loadFilterProgram(memory, value));
  } else if (name === abi.SO_DETACH_FILTER) {
    memory.loadU32(value);
    filter.detach();
  } else if (name === abi.SO_LOCK_FILTER) filter.setLocked(memory.loadU32(value) !== 0);
  else return false;
  return true;
}

/** SO_GET_FILTER: sizes are counted in instructions. @returns whether the option was this one */
export function getFilterOption(
  { memory }: Thread,
  { filter }: Socket,
  { level, name, value, sizeAddr }: OptionArguments & { readonly sizeAddr: number },
): boolean {
  if (level !== abi.SOL_SOCKET || name !== abi.SO_ATTACH_FILTER) return false;
  const { count, program } = filter.read(memory.loadU32(sizeAddr));
  const bytes = encode(program);
  if (bytes.length > 0) memory.writable(value, bytes.length).set(bytes);
  memory.storeU32(sizeAddr, count);
  return true;
}
