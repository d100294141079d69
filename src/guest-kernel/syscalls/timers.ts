/** timer_create(2) and its like, timerfd_create(2) and its like. */
import { CAP_WAKE_ALARM } from '../abi/capability.ts';
import { EAGAIN, EINVAL, EOPNOTSUPP } from '../abi/errno.ts';
import { O_CLOEXEC, O_NONBLOCK } from '../abi/fcntl.ts';
import { SIGALRM, SIGNAL_COUNT } from '../abi/signal.ts';
import { asGuest } from '../program/guest-task.ts';
import type { Thread } from '../program/thread.ts';
import type { TimerClock, TimerSetting } from '../program/timers/expiring-timer.ts';
import { PosixTimer, type SignalTarget } from '../program/timers/posix-timers.ts';
import { requireCapability } from '../vfs/credentials.ts';
import { TimerFile } from '../vfs/timer-file.ts';
import { type Result, type Syscall, syscall } from './syscall.ts';
import { cpuClock } from './cpu-clocks.ts';
import { CLOCK, UNTIMED, isRealtime } from './time.ts';
import { loadTimespecNs, storeTimespec } from './timespec.ts';
import { bringIn } from './user-buffers.ts';

/** struct itimerspec. */
const ITIMERSPEC_BYTES = 32;
const TIMER_ABSTIME = 1;
const TFD_TIMER_CANCEL_ON_SET = 2;
const TFD_CLOCKS: readonly number[] = [
  CLOCK.REALTIME,
  CLOCK.MONOTONIC,
  CLOCK.BOOTTIME,
  CLOCK.REALTIME_ALARM,
  CLOCK.BOOTTIME_ALARM,
];

// struct itimerspec: interval, value.
function loadSetting(thread: Thread, addr: number): TimerSetting {
  return { intervalNs: loadTimespecNs(thread.memory, addr), valueNs: loadTimespecNs(thread.memory, addr + 16) };
}

function storeSetting(thread: Thread, addr: number, { intervalNs, valueNs }: TimerSetting): void {
  storeTimespec(thread.memory, addr, BigInt(Math.floor(intervalNs)));
  storeTimespec(thread.memory, addr + 16, BigInt(Math.ceil(valueNs)));
}

/** The first expiry on the timer's own clock. */
function firstExpiry(
  thread: Thread,
  timer: TimerFile | PosixTimer,
  { valueNs }: TimerSetting,
  isAbsolute: boolean,
): number | undefined {
  if (valueNs === 0) return undefined;
  const nowNs = timer.clock.nowNs();
  if (!isAbsolute) return nowNs + valueNs;
  // Real time is counted on the monotonic clock: nobody sets it while the machine runs.
  return isRealtime(timer.clockId) ? nowNs + valueNs - Number(thread.machine.clock.realtimeNs()) : valueNs;
}

function set(
  thread: Thread,
  find: () => TimerFile | PosixTimer,
  args: { readonly flags: number; readonly value: number; readonly old: number },
): Result {
  const setting = loadSetting(thread, args.value);
  const timer = find();
  bringIn(thread.memory, args.old, ITIMERSPEC_BYTES);
  const old = timer.get();
  timer.set(firstExpiry(thread, timer, setting, (args.flags & TIMER_ABSTIME) !== 0), setting.intervalNs);
  if (args.old !== 0) storeSetting(thread, args.old, old);
  return 0;
}

/** @throws EINVAL */
function clockOf(thread: Thread, clock: number): TimerClock {
  if (TFD_CLOCKS.includes(clock) || clock === CLOCK.TAI) return asGuest(thread).machine.timerClock;
  const ofProcessor = cpuClock(thread, clock);
  if (ofProcessor === undefined) throw EINVAL;
  return ofProcessor;
}

// struct sigevent: value (8), signo, notify, tid.
const SIGEVENT_BYTES = 64;
const SIGEV_SIGNAL = 0;
const SIGEV_NONE = 1;
const SIGEV_THREAD_ID = 4;

function create(thread: Thread, args: { clock: number; event: number; id: number }): Result {
  const { program, machine } = asGuest(thread);
  const { event, id: idAddr, clock } = args;
  const { memory } = thread;
  if (event !== 0) memory.readable(event, SIGEVENT_BYTES);
  if (UNTIMED.includes(clock)) throw EOPNOTSUPP;
  const timerClock = clockOf(thread, clock);
  const signal = event === 0 ? SIGALRM : memory.loadU32(event + 8);
  const notify = event === 0 ? SIGEV_SIGNAL : memory.loadU32(event + 12);
  let target: SignalTarget = (info) => program.postSignal(info);
  if (notify === SIGEV_THREAD_ID) {
    const owner = machine.task(memory.loadU32(event + 16));
    if (owner?.program !== program) throw EINVAL;
    target = (info) => owner.postSignal(info);
  } else if (notify !== SIGEV_SIGNAL && notify !== SIGEV_NONE) throw EINVAL;
  if (notify !== SIGEV_NONE && (signal < 1 || signal > SIGNAL_COUNT)) throw EINVAL;
  if (program.isSignalQueueFull) throw EAGAIN;
  memory.writable(idAddr, 4);
  const timerId = program.posixTimers.add((id) => {
    const value = event === 0 ? BigInt(id) : memory.loadI64(event);
    const notice = notify === SIGEV_NONE ? undefined : { id, signal, value };
    return new PosixTimer(clock, timerClock, notice, target);
  });
  memory.storeU32(idAddr, timerId);
  return 0;
}

function timerOf(thread: Thread, id: number): PosixTimer {
  const timer = asGuest(thread).program.posixTimers.get(id);
  if (timer === undefined) throw EINVAL;
  return timer;
}

function timerFile(thread: Thread, fd: number): TimerFile {
  const file = thread.files.get(fd);
  if (!(file instanceof TimerFile)) throw EINVAL;
  return file;
}

function timerfdCreate(thread: Thread, { clock, flags }: { clock: number; flags: number }): Result {
  if ((flags & ~(O_CLOEXEC | O_NONBLOCK)) !== 0 || !TFD_CLOCKS.includes(clock)) throw EINVAL;
  const isAlarm = clock === CLOCK.REALTIME_ALARM || clock === CLOCK.BOOTTIME_ALARM;
  if (isAlarm) requireCapability(thread.credentials, CAP_WAKE_ALARM);
  const file = new TimerFile(clock, clockOf(thread, clock), (flags & O_NONBLOCK) !== 0);
  return thread.files.add(file, { isCloseOnExec: (flags & O_CLOEXEC) !== 0 });
}

function timerfdSettime(thread: Thread, args: { fd: number; flags: number; value: number; old: number }): Result {
  if ((args.flags & ~(TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) !== 0) throw EINVAL;
  return set(thread, () => timerFile(thread, args.fd), args);
}

function told(thread: Thread, timer: TimerFile | PosixTimer, addr: number): Result {
  storeSetting(thread, addr, timer.get());
  return 0;
}

// oxfmt-ignore
export const timers: readonly Syscall[] = [
  syscall({ nr: 222, name: 'timer_create', args: { clock: 'int', event: 'ptr', id: 'ptr' }, support: 'full', run: create }),
  syscall({ nr: 223, name: 'timer_settime', args: { id: 'int', flags: 'flags', value: 'ptr', old: 'ptr' }, support: 'full',
    run: (thread, args) => {
      if (args.value === 0) throw EINVAL;
      return set(thread, () => timerOf(thread, args.id), args);
    } }),
  syscall({ nr: 224, name: 'timer_gettime', args: { id: 'int', value: 'ptr' }, support: 'full',
    run: (thread, { id, value }) => told(thread, timerOf(thread, id), value) }),
  syscall({ nr: 225, name: 'timer_getoverrun', args: { id: 'int' }, support: 'full', run: (thread, { id }) => timerOf(thread, id).overrun }),
  syscall({ nr: 226, name: 'timer_delete', args: { id: 'int' }, support: 'full',
    run: (thread, { id }) => {
      if (!asGuest(thread).program.posixTimers.delete(id)) throw EINVAL;
      return 0;
    } }),
  syscall({ nr: 283, name: 'timerfd_create', args: { clock: 'int', flags: 'flags' }, support: 'full', run: timerfdCreate }),
  syscall({ nr: 286, name: 'timerfd_settime', args: { fd: 'fd', flags: 'flags', value: 'ptr', old: 'ptr' }, support: 'full', run: timerfdSettime }),
  syscall({ nr: 287, name: 'timerfd_gettime', args: { fd: 'fd', value: 'ptr' }, support: 'full',
    run: (thread, { fd, value }) => told(thread, timerFile(thread, fd), value) }),
];
