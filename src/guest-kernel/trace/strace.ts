/** One line for a system call, in the manner of strace(1): `[201] openat(dirfd: -100, path: "/etc/hosts", …) = 3`. */
import { type CpuState, REG } from '../../emulator/index.ts';
import { type ByteString, utf8FromBytes } from '../../emulator/util/bytes.ts';
import { errnoName } from '../abi/errno.ts';
import type { ArgumentKind, Syscall } from '../syscalls/syscall.ts';

const MAX_TEXT = 64;

export function formatCall(
  threadId: number,
  row: Syscall,
  args: Readonly<Record<string, number | bigint | ByteString>>,
  state: CpuState | undefined,
): string {
  const words = Object.entries(row.args).map(([name, kind]) => `${name}: ${formatArgument(kind, args[name] ?? 0)}`);
  return `[${threadId}] ${row.name}(${words.join(', ')}) = ${state === undefined ? '?' : formatResult(state)}`;
}

function formatArgument(kind: ArgumentKind, value: number | bigint | ByteString): string {
  if (typeof value === 'string') {
    const text = value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value;
    return JSON.stringify(utf8FromBytes(text));
  }
  const isHexadecimal = kind === 'ptr' || kind === 'flags' || kind === 'u64';
  return isHexadecimal && value !== 0 ? `0x${value.toString(16)}` : value.toString();
}

function formatResult(state: CpuState): string {
  const value = state.high(REG.RAX) * 0x1_0000_0000 + (state.low(REG.RAX) >>> 0);
  if (value < 0 && value >= -4095) return `-1 ${errnoName(-value)}`;
  return value > 0xffff ? `0x${value.toString(16)}` : value.toString();
}
