/**
 * Waiting without promises. A call that cannot finish returns Blocked; the thread sleeps on the queues until one is
 * woken, the deadline passes or a signal comes, and then the same call runs again with `progress` (DESIGN decision 9).
 *
 * A handler finds on its second run: call.progress, what it returned before; the clock past its deadline if it timed
 * out; call.isInterrupted if a signal wants delivery (it may then return what it has, or throw EINTR).
 */
import type { Errno } from '../abi/errno.ts';
import type { WaitQueue } from './wait-queue.ts';

export interface Blocked {
  readonly kind: 'blocked';
  readonly queues: readonly WaitQueue[];
  /** Absolute time of the monotonic clock in ns; absent: no limit. */
  readonly deadlineNs?: number;
  /** Plain data for the next run; something to give back if that never comes is an Abandonable. */
  readonly progress?: unknown;
  /** A disk read in the way of a path walk is not interruptible; most waits are. */
  readonly isUninterruptible?: boolean;
  /** What a signal in the wait makes of the call; absent: EINTR, which SA_RESTART may undo (signal(7)). */
  readonly interruption?: Errno;
}

/** Progress that holds something: told when the thread ends in the wait. */
export interface Abandonable {
  abandon(): void;
}

export function abandon(progress: unknown): void {
  if (typeof progress === 'object' && progress !== null && 'abandon' in progress) (progress as Abandonable).abandon();
}

export function blocked(
  queues: WaitQueue | readonly WaitQueue[],
  options: Omit<Blocked, 'kind' | 'queues'> = {},
): Blocked {
  return { kind: 'blocked', queues: 'wake' in queues ? [queues] : queues, ...options };
}

export function isBlocked(result: unknown): result is Blocked {
  return typeof result === 'object' && result !== null && (result as { kind?: unknown }).kind === 'blocked';
}
