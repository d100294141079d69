/**
 * SCHED_DEADLINE (sched(7)): what a thread asked for, and whether the one processor has that much left. The bandwidth is
 * kept and admitted as Linux does (kernel/sched/deadline.c); such threads take their turns with the others.
 */
import { EINVAL } from '../abi/errno.ts';

/** In ns; whole numbers below 2^53. */
export interface Deadline {
  readonly runtimeNs: number;
  readonly deadlineNs: number;
  readonly periodNs: number;
  /** SCHED_FLAG_RECLAIM and SCHED_FLAG_DL_OVERRUN. */
  readonly flags: number;
}

/** 1 << DL_SCALE */
const LEAST_RUNTIME_NS = 1024;
/** kernel.sched_deadline_period_min_us and _max_us */
const LEAST_PERIOD_NS = 100_000;
const MOST_PERIOD_NS = 2 ** 22 * 1000;
const BANDWIDTH_UNIT = 2 ** 20;
/** kernel.sched_rt_runtime_us of sched_rt_period_us. */
const MOST_BANDWIDTH = Math.floor(0.95 * BANDWIDTH_UNIT);

/** Linux __checkparam_dl. A period of 0 is the deadline. @throws EINVAL */
export function checkDeadline({ runtimeNs, deadlineNs, periodNs, flags }: Deadline): Deadline {
  const period = periodNs === 0 ? deadlineNs : periodNs;
  if (deadlineNs === 0 || runtimeNs < LEAST_RUNTIME_NS || period < deadlineNs || deadlineNs < runtimeNs) throw EINVAL;
  if (period < LEAST_PERIOD_NS || period > MOST_PERIOD_NS) throw EINVAL;
  return { runtimeNs, deadlineNs, periodNs: period, flags };
}

function bandwidth({ runtimeNs, periodNs }: Deadline): number {
  return Math.floor((runtimeNs * BANDWIDTH_UNIT) / periodNs);
}

/** Whether all of them fit. */
export function isAdmissible(all: readonly Deadline[]): boolean {
  return all.reduce((sum, each) => sum + bandwidth(each), 0) <= MOST_BANDWIDTH;
}
