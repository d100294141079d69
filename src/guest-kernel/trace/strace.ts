/** A line for a system call, in the manner of strace(1): `[201] openat(dirfd: AT_FDCWD, path: "/etc/hosts", …) = 3 <12 us>`. */
import { type CpuState, REG } from '../../emulator/index.ts';
import { errnoName } from '../abi/errno.ts';
import type { RunningCall } from '../syscalls/dispatch.ts';
import type { UserMemory } from '../vfs/open-file.ts';
import { formatArgument } from './argument-words.ts';

/** A call that is over, as text. */
export interface CallRecord {
  /** Rises by one from record to record. */
  readonly sequence: number;
  /** When it entered, ns since boot. */
  readonly startNs: number;
  readonly durationNs: number;
  readonly pid: number;
  readonly tid: number;
  /** Name of the thread. */
  readonly program: string;
  readonly name: string;
  /** 'fd: 3, buf: "…", count: 5'. */
  readonly args: string;
  /** '3', '0x7f…', '-1 ENOENT', or '?' where it did not return. */
  readonly result: string;
  /** 'ENOENT'; absent after success. */
  readonly error?: string;
}

const MAX_ERRNO = 4095;

/** What RAX holds, negative for an errno. */
export function resultOf(state: CpuState): number {
  return state.high(REG.RAX) * 0x1_0000_0000 + (state.low(REG.RAX) >>> 0);
}

export function formatArguments({ row, args }: RunningCall, memory: UserMemory | undefined, result: number): string {
  const call = { args, memory, result };
  const words = Object.entries(row.args).map(
    ([name, kind]) => `${name}: ${formatArgument(row.name, name, kind, call)}`,
  );
  return words.join(', ');
}

/** Result and error of a record; undefined: the call did not return. */
export function formatResult(value: number | undefined): Pick<CallRecord, 'result' | 'error'> {
  if (value === undefined) return { result: '?' };
  if (value < 0 && value >= -MAX_ERRNO) {
    const error = errnoName(-value);
    return { result: `-1 ${error}`, error };
  }
  return { result: value > 0xffff ? `0x${value.toString(16)}` : value.toString() };
}

export function formatRecord({ tid, name, args, result, durationNs }: CallRecord): string {
  return `[${tid}] ${name}(${args}) = ${result} <${Math.round(durationNs / 1_000)} us>`;
}
