/** timerfd(2): the expiries of a timer as a file. */
import { EAGAIN, EINTR, EINVAL } from '../abi/errno.ts';
import { O_NONBLOCK, O_RDWR } from '../abi/fcntl.ts';
import { POLLIN } from '../abi/poll.ts';
import { blocked, type Blocked } from '../program/blocked.ts';
import { ExpiringTimer, type TimerClock, type TimerSetting } from '../program/timers/expiring-timer.ts';
import { anonymousAttributes, BaseFile } from './base-file.ts';
import type { FileAttributes } from './inode.ts';
import type { Call, PollMask } from './open-file.ts';

const VALUE_BYTES = 8;

export class TimerFile extends BaseFile {
  readonly kind = 'timerfd';
  readonly clockId: number;
  readonly clock: TimerClock;
  readonly #timer: ExpiringTimer;

  constructor(clockId: number, clock: TimerClock, isNonBlocking: boolean) {
    super('anon_inode:[timerfd]', O_RDWR | (isNonBlocking ? O_NONBLOCK : 0));
    this.clockId = clockId;
    this.clock = clock;
    this.#timer = new ExpiringTimer(clock, () => this.readiness.wake());
  }

  get(): TimerSetting {
    return this.#timer.get();
  }

  /** `firstNs`: absolute time of its clock; undefined: off. */
  set(firstNs: number | undefined, intervalNs: number): void {
    this.#timer.set(firstNs, intervalNs);
    this.readiness.wake();
  }

  attributes(): FileAttributes {
    return anonymousAttributes(1, 0o600);
  }

  override read(call: Call, dst: Uint8Array): number | Blocked {
    if (dst.length < VALUE_BYTES) throw EINVAL;
    const count = this.#timer.take();
    if (count === 0) {
      if ((this.flags & O_NONBLOCK) !== 0) throw EAGAIN;
      if (call.isInterrupted) throw EINTR;
      return blocked(this.readiness);
    }
    new DataView(dst.buffer, dst.byteOffset).setBigUint64(0, BigInt(count), true);
    return VALUE_BYTES;
  }

  poll(): PollMask {
    return this.#timer.hasExpired ? POLLIN : 0;
  }

  protected override closed(): void {
    this.#timer.set(undefined, 0);
  }
}
