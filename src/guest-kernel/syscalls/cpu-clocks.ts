/**
 * Clocks of processor time, of oneself and of others. Linux names them by negative ids (kernel/time/posix-cpu-timers.c,
 * clock_getcpuclockid(3)): ~pid << 3 | bit 2 for a thread | what is counted; pid 0 is oneself.
 */
import { EINTR, EINVAL, EOPNOTSUPP } from '../abi/errno.ts';
import { blocked } from '../program/blocked.ts';
import { asGuest } from '../program/guest-task.ts';
import type { RunningProgram } from '../program/running-program.ts';
import type { Thread } from '../program/thread.ts';
import type { TimerClock } from '../program/timers/expiring-timer.ts';
import { WaitQueue } from '../program/wait-queue.ts';
import type { Call } from '../vfs/open-file.ts';
import type { Result } from './syscall.ts';

/** CPUCLOCK_*: user and system time, user time alone, what the scheduler counts. */
const PROF = 0;
const VIRT = 1;
const SCHED = 2;
const PER_THREAD = 4;
/** What CLOCK_PROCESS_CPUTIME_ID and CLOCK_THREAD_CPUTIME_ID stand for. */
const OWN_PROCESS = -6;
const OWN_THREAD = -2;
const BY_NAME: ReadonlyMap<number, number> = new Map([
  [2, OWN_PROCESS],
  [3, OWN_THREAD],
]);

interface CpuClockId {
  readonly id: number;
  readonly isThread: boolean;
  readonly counts: number;
}

/** Undefined: another kind of clock. @throws EINVAL */
function decode(clock: number): CpuClockId | undefined {
  const full = BY_NAME.get(clock) ?? clock;
  if (full >= 0) return undefined;
  const counts = full & 3;
  if (counts > SCHED) throw EINVAL; // 3 is a clock behind a descriptor (CLOCKFD): there are none
  return { id: ~(full >> 3), isThread: (full & PER_THREAD) !== 0, counts };
}

/** A process by pid, a zombie too. */
function processOf(thread: Thread, id: number): RunningProgram | undefined {
  const { machine } = asGuest(thread);
  const program = machine.program(id);
  return program?.isRunning === true ? program : machine.zombie(id);
}

/**
 * The clock, which also says when it will be that late; undefined: another kind of clock. Other programs' threads
 * have none.
 * @param isRead whether one's own thread id may stand for one's program, as Linux lets it for reading
 * @throws EINVAL when there is no such process or thread
 */
export function cpuClock(thread: Thread, clock: number, isRead = false): TimerClock | undefined {
  const wanted = decode(clock);
  if (wanted === undefined) return undefined;
  const own = asGuest(thread);
  const { id, isThread, counts } = wanted;
  const isOwn = id === 0 || (id === own.id && (isThread || isRead));
  const owner = isThread ? (isOwn ? own : own.program.threads.get(id)) : isOwn ? own.program : processOf(thread, id);
  if (owner === undefined) throw EINVAL;
  return counts === VIRT ? owner.userAlarms : owner.cpuAlarms;
}

/** Linux counts user and system time in ticks, of which there are 250 in a second by default. */
export function cpuClockResolutionNs(clock: number): number {
  const counts = decode(clock)?.counts;
  return counts === PROF || counts === VIRT ? 4_000_000 : 1;
}

interface Progress {
  readonly deadlineNs: number;
  readonly queue: WaitQueue;
  readonly cancel: () => void;
}

/**
 * clock_nanosleep(2) until a clock of processor time has come that far. Between two runs its alarm stands.
 * @param onInterrupted gets what is left, ns
 * @throws EOPNOTSUPP for CLOCK_THREAD_CPUTIME_ID, EINVAL for one's own thread by number, EINTR
 */
export function cpuSleep(
  thread: Thread,
  { clock, durationNs, isAbsolute }: { clock: number; durationNs: () => number; isAbsolute: boolean },
  call: Call,
  onInterrupted: (leftNs: number) => void,
): Result {
  const wanted = decode(clock);
  if (clock === 3) throw EOPNOTSUPP;
  if (wanted?.isThread === true && (wanted.id === 0 || wanted.id === thread.id)) throw EINVAL;
  const timer = cpuClock(thread, clock);
  if (timer === undefined) throw EINVAL;
  const progress = (call.progress as Progress | undefined) ?? begin(timer, durationNs(), isAbsolute);
  if (timer.nowNs() >= progress.deadlineNs) {
    progress.cancel();
    return 0;
  }
  if (call.isInterrupted) {
    progress.cancel();
    onInterrupted(progress.deadlineNs - timer.nowNs());
    throw EINTR;
  }
  return blocked(progress.queue, { progress });
}

function begin(timer: TimerClock, durationNs: number, isAbsolute: boolean): Progress {
  const deadlineNs = durationNs + (isAbsolute ? 0 : timer.nowNs());
  const queue = new WaitQueue();
  return { deadlineNs, queue, cancel: timer.at(deadlineNs, () => queue.wake()) };
}
