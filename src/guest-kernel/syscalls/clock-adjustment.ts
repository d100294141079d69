/** adjtimex(2) and clock_adjtime(2): the host keeps the time, so its discipline is told and never changed. */
import { EINVAL, EOPNOTSUPP, EPERM } from '../abi/errno.ts';
import type { Thread } from '../program/thread.ts';
import { type Result, type Syscall, partial, syscall } from './syscall.ts';
import { CLOCK, clockNs } from './time.ts';

/** Of modes: adjtime(3) speaks through the same call. */
const ADJ_OFFSET_SINGLESHOT = 0x0001;
const ADJ_OFFSET_READONLY = 0x2000;
const ADJ_ADJTIME = 0x8000;

/** struct timex of linux/timex.h. */
const TIMEX = { size: 208, status: 40, tolerance: 64, seconds: 72, microseconds: 80, tick: 88 } as const;
/** Nobody has told Linux how good its clock is. */
const STA_UNSYNC = 0x40;
const TIME_ERROR = 5;

/** What Linux answers before anybody has adjusted anything (kernel/time/ntp.c), by place. */
const UNTOUCHED: readonly (readonly [offset: number, value: bigint])[] = [
  [24, 16_000_000n], // maxerror, µs
  [32, 16_000_000n], // esterror
  [48, 2n], // constant
  [56, 1n], // precision, µs
  [TIMEX.tolerance, 32_768_000n], // 500 ppm, scaled
  [TIMEX.tick, 10_000n], // µs, at USER_HZ
];

function adjtimex(thread: Thread, address: number): Result {
  const { memory } = thread;
  const bytes = memory.writable(address, TIMEX.size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  checkModes(view.getUint32(0, true));
  bytes.fill(0, 8);
  const nowUs = clockNs(thread, CLOCK.REALTIME) / 1000n;
  for (const [offset, value] of UNTOUCHED) view.setBigInt64(offset, value, true);
  view.setInt32(TIMEX.status, STA_UNSYNC, true);
  view.setBigInt64(TIMEX.seconds, nowUs / 1_000_000n, true);
  view.setBigInt64(TIMEX.microseconds, nowUs % 1_000_000n, true);
  return TIME_ERROR;
}

// Linux kernel/time/timekeeping.c: timekeeping_validate_timex
function checkModes(modes: number): void {
  if ((modes & ADJ_ADJTIME) === 0) {
    if (modes !== 0) throw EPERM;
    return;
  }
  if ((modes & ADJ_OFFSET_SINGLESHOT) === 0) throw EINVAL;
  if ((modes & ADJ_OFFSET_READONLY) === 0) throw EPERM;
}

function clockAdjtime(thread: Thread, { clock, timex }: { clock: number; timex: number }): Result {
  if (clock === CLOCK.REALTIME) return adjtimex(thread, timex);
  thread.memory.readable(timex, TIMEX.size);
  if (clock >= 0) clockNs(thread, clock); // EINVAL for one that there is not
  throw EOPNOTSUPP;
}

const KEPT = partial('the host keeps the time');

// oxfmt-ignore
export const clockAdjustment: readonly Syscall[] = [
  syscall({ nr: 159, name: 'adjtimex', args: { timex: 'ptr' }, support: KEPT, run: (thread, { timex }) => adjtimex(thread, timex) }),
  syscall({ nr: 305, name: 'clock_adjtime', args: { clock: 'int', timex: 'ptr' }, support: KEPT, run: clockAdjtime }),
];
