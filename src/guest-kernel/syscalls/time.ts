/** clock_gettime(2), clock_nanosleep(2), gettimeofday(2), time(2), alarm(2), setitimer(2). */
import { EINVAL, EINTR, EOPNOTSUPP, EPERM } from '../abi/errno.ts';
import { SIGALRM, SIGPROF, SIGVTALRM, SI_KERNEL } from '../abi/signal.ts';
import { blocked } from '../program/blocked.ts';
import { asGuest } from '../program/guest-task.ts';
import type { RunningProgram } from '../program/running-program.ts';
import type { Thread } from '../program/thread.ts';
import type { Call } from '../vfs/open-file.ts';
import { cpuClock, cpuClockResolutionNs, cpuSleep } from './cpu-clocks.ts';
import { type Result, type Syscall, partial, syscall } from './syscall.ts';
import { loadTimespecNs, loadTimevalNs, storeTimespec, storeTimeval } from './timespec.ts';

/** clock_gettime(2), CLOCK_*. */
export const CLOCK = {
  REALTIME: 0,
  MONOTONIC: 1,
  PROCESS_CPUTIME_ID: 2,
  THREAD_CPUTIME_ID: 3,
  MONOTONIC_RAW: 4,
  REALTIME_COARSE: 5,
  MONOTONIC_COARSE: 6,
  BOOTTIME: 7,
  REALTIME_ALARM: 8,
  BOOTTIME_ALARM: 9,
  TAI: 11,
} as const;
const REALTIME: readonly number[] = [CLOCK.REALTIME, CLOCK.REALTIME_COARSE, CLOCK.REALTIME_ALARM, CLOCK.TAI];
/** Clocks to read, which nobody sleeps or sets timers by. */
export const UNTIMED: readonly number[] = [CLOCK.MONOTONIC_RAW, CLOCK.MONOTONIC_COARSE, CLOCK.REALTIME_COARSE];
const TIMER_ABSTIME = 1;
const ITIMER_REAL = 0;
const ITIMERVAL_BYTES = 32;

export function isRealtime(clock: number): boolean {
  return REALTIME.includes(clock);
}

export function clockNs(thread: Thread, clock: number): bigint {
  const task = asGuest(thread);
  if (isRealtime(clock)) return task.machine.clock.realtimeNs();
  switch (clock) {
    case CLOCK.MONOTONIC:
    case CLOCK.MONOTONIC_RAW:
    case CLOCK.MONOTONIC_COARSE:
    case CLOCK.BOOTTIME:
    case CLOCK.BOOTTIME_ALARM:
      return BigInt(Math.floor(task.machine.clock.monotonicNs()));
    default: {
      const ownClock = cpuClock(thread, clock, true);
      if (ownClock === undefined) throw EINVAL;
      return BigInt(Math.floor(ownClock.nowNs()));
    }
  }
}

interface SleepArguments {
  readonly clock: number;
  readonly flags: number;
  readonly request: number;
  readonly remain: number;
}

// progress: the deadline, fixed at the first run.
function nanosleep(thread: Thread, args: SleepArguments, call: Call): Result {
  if (isCpuClock(args.clock)) return sleepOnCpuClock(thread, args, call);
  const deadlineNs = typeof call.progress === 'number' ? call.progress : sleepDeadlineNs(thread, args, call);
  if (call.nowNs >= deadlineNs) return 0;
  if (call.isInterrupted) {
    const leftNs = BigInt(Math.max(0, Math.floor(deadlineNs - call.nowNs)));
    if (args.remain !== 0 && (args.flags & TIMER_ABSTIME) === 0) storeTimespec(thread.memory, args.remain, leftNs);
    throw EINTR;
  }
  return blocked([], { deadlineNs, progress: deadlineNs });
}

function isCpuClock(clock: number): boolean {
  return clock < 0 || clock === CLOCK.PROCESS_CPUTIME_ID || clock === CLOCK.THREAD_CPUTIME_ID;
}

function sleepOnCpuClock(thread: Thread, { clock, flags, request, remain }: SleepArguments, call: Call): Result {
  const isAbsolute = (flags & TIMER_ABSTIME) !== 0;
  const durationNs = (): number => loadTimespecNs(thread.memory, request);
  return cpuSleep(thread, { clock, durationNs, isAbsolute }, call, (leftNs) => {
    if (remain !== 0 && !isAbsolute) storeTimespec(thread.memory, remain, BigInt(Math.floor(leftNs)));
  });
}

function sleepDeadlineNs(thread: Thread, args: SleepArguments, call: Call): number {
  if (UNTIMED.includes(args.clock)) throw EOPNOTSUPP;
  const now = clockNs(thread, args.clock);
  const ns = loadTimespecNs(thread.memory, args.request);
  return (args.flags & TIMER_ABSTIME) === 0 ? call.nowNs + ns : call.nowNs + ns - Number(now);
}

function gettimeofday(thread: Thread, { time, zone }: { time: number; zone: number }): Result {
  if (time !== 0) {
    const ns = thread.machine.clock.realtimeNs();
    thread.memory.storeI64(time, ns / 1_000_000_000n);
    thread.memory.storeI64(time + 8, (ns % 1_000_000_000n) / 1000n);
  }
  if (zone !== 0) thread.memory.storeNumber(zone, 0);
  return 0;
}

function itimerSignal(which: number): number {
  const signal = [SIGALRM, SIGVTALRM, SIGPROF][which];
  if (signal === undefined) throw EINVAL;
  return signal;
}

function startTimer(program: RunningProgram, which: number, valueNs: number, intervalNs: number): void {
  const signal = itimerSignal(which);
  program.intervalTimers.set(which, { valueNs, intervalNs }, () => program.postSignal({ signal, code: SI_KERNEL }));
}

function setitimer(thread: Thread, args: { which: number; value: number; old: number }): Result {
  const { program } = asGuest(thread);
  if (args.value !== 0) thread.memory.readable(args.value, ITIMERVAL_BYTES);
  itimerSignal(args.which);
  const intervalNs = args.value === 0 ? 0 : loadTimevalNs(thread.memory, args.value);
  const valueNs = args.value === 0 ? 0 : loadTimevalNs(thread.memory, args.value + 16);
  if (args.old !== 0) getitimer(thread, { which: args.which, value: args.old });
  startTimer(program, args.which, valueNs, intervalNs);
  return 0;
}

function getitimer(thread: Thread, args: { which: number; value: number }): Result {
  itimerSignal(args.which);
  const { intervalNs, valueNs } = asGuest(thread).program.intervalTimers.get(args.which);
  storeTimeval(thread.memory, args.value, intervalNs);
  storeTimeval(thread.memory, args.value + 16, valueNs);
  return 0;
}

function alarm(thread: Thread, { seconds }: { seconds: number }): Result {
  const { program } = asGuest(thread);
  const { valueNs } = program.intervalTimers.get(ITIMER_REAL);
  startTimer(program, ITIMER_REAL, seconds * 1e9, 0);
  return valueNs === 0 ? 0 : Math.max(1, Math.round(valueNs / 1e9));
}

// oxfmt-ignore
export const time: readonly Syscall[] = [
  syscall({ nr: 35, name: 'nanosleep', args: { request: 'ptr', remain: 'ptr' }, support: 'full',
    run: (thread, { request, remain }, call) => nanosleep(thread, { clock: CLOCK.MONOTONIC, flags: 0, request, remain }, call) }),
  syscall({ nr: 36, name: 'getitimer', args: { which: 'int', value: 'ptr' }, support: 'full', run: getitimer }),
  syscall({ nr: 37, name: 'alarm', args: { seconds: 'uint' }, support: 'full', run: alarm }),
  syscall({ nr: 38, name: 'setitimer', args: { which: 'int', value: 'ptr', old: 'ptr' }, support: 'full', run: setitimer }),
  syscall({ nr: 96, name: 'gettimeofday', args: { time: 'ptr', zone: 'ptr' }, support: 'full', run: gettimeofday }),
  syscall({ nr: 201, name: 'time', args: { addr: 'ptr' }, support: 'full',
    run: (thread, { addr }) => {
      const seconds = thread.machine.clock.realtimeNs() / 1_000_000_000n;
      if (addr !== 0) thread.memory.storeI64(addr, seconds);
      return seconds;
    } }),
  syscall({ nr: 227, name: 'clock_settime', args: { clock: 'int', time: 'ptr' }, support: partial('the host keeps the time'),
    run: (thread, { clock, time: addr }) => {
      if (clock !== CLOCK.REALTIME) throw EINVAL;
      loadTimespecNs(thread.memory, addr);
      throw EPERM;
    } }),
  syscall({ nr: 228, name: 'clock_gettime', args: { clock: 'int', time: 'ptr' }, support: 'full',
    run: (thread, { clock, time: addr }) => {
      storeTimespec(thread.memory, addr, clockNs(thread, clock));
      return 0;
    } }),
  syscall({ nr: 229, name: 'clock_getres', args: { clock: 'int', time: 'ptr' }, support: 'full',
    run: (thread, { clock, time: addr }) => {
      clockNs(thread, clock);
      if (addr !== 0) storeTimespec(thread.memory, addr, BigInt(cpuClockResolutionNs(clock)));
      return 0;
    } }),
  syscall({ nr: 230, name: 'clock_nanosleep', args: { clock: 'int', flags: 'flags', request: 'ptr', remain: 'ptr' }, support: 'full', run: nanosleep }),
];
