/**
 * The row of a system call: number, name, arguments, support level and handler. Decoding of arguments, strace lines,
 * ENOSYS accounting and docs/compat/syscalls.md derive from it.
 */
import type { Blocked } from '../program/blocked.ts';
import type { Thread } from '../program/thread.ts';
import type { Call } from '../vfs/open-file.ts';

/**
 * How an argument register is decoded, and how strace prints it.
 *   fd, int   signed 32 bits          uint, flags   unsigned 32 bits
 *   size      unsigned 64 bits as a number (values past 2^53 lose low bits; they fail their checks anyway)
 *   off       signed 64 bits as a number
 *   ptr       unsigned 64 bits as a number, folded where the space has a window; user memory refuses what is not below 4 GiB
 *   place     the same, not folded: an address that the call may give back
 *   path      ptr to a NUL-terminated ByteString of at most PATH_MAX bytes, already loaded (EFAULT, ENAMETOOLONG)
 *   u64       all bits, as a bigint
 */
export type ArgumentKind = 'fd' | 'int' | 'uint' | 'flags' | 'size' | 'off' | 'ptr' | 'place' | 'path' | 'u64';

export type ArgumentValue<K extends ArgumentKind> = K extends 'path' ? string : K extends 'u64' ? bigint : number;

export type Arguments<A extends Readonly<Record<string, ArgumentKind>>> = {
  readonly [N in keyof A]: ArgumentValue<A[N]>;
};

/** 'full', or what is missing. */
export type Support = 'full' | { readonly missing: string };

export function partial(missing: string): Support {
  return { missing };
}

/** A result for RAX; undefined means 0. `noReturn` leaves the registers as the handler set them (exit, sigreturn, execve). */
export type Result = number | bigint | Blocked | undefined | typeof NO_RETURN;
export const NO_RETURN = Symbol('no return');

export interface Syscall {
  readonly nr: number;
  readonly name: string;
  readonly args: Readonly<Record<string, ArgumentKind>>;
  readonly support: Support;
  /** Its result counts as bytes read or written in /proc/PID/io. */
  readonly moves?: 'read' | 'write';
  readonly run: (thread: Thread, args: never, call: Call) => Result;
}

/** Declares a row; the types of the handler's arguments follow from `args`, in the order of the registers. */
export function syscall<const A extends Readonly<Record<string, ArgumentKind>>>(row: {
  nr: number;
  name: string;
  args: A;
  support: Support;
  moves?: 'read' | 'write';
  run: (thread: Thread, args: Arguments<A>, call: Call) => Result;
}): Syscall {
  return row;
}
