/** eventfd(2): a 64-bit counter as a file. */
import { EAGAIN, EINTR, EINVAL } from '../abi/errno.ts';
import { O_NONBLOCK, O_RDWR } from '../abi/fcntl.ts';
import { POLLIN, POLLOUT } from '../abi/poll.ts';
import { blocked, type Blocked } from '../program/blocked.ts';
import { anonymousAttributes, BaseFile } from './base-file.ts';
import type { FileAttributes } from './inode.ts';
import type { Call, PollMask } from './open-file.ts';

const MAX_VALUE = 0xffff_ffff_ffff_fffen;
const VALUE_BYTES = 8;

export class EventCounter extends BaseFile {
  readonly kind = 'eventfd';
  readonly #isSemaphore: boolean;
  #value: bigint;

  constructor(value: bigint, options: { readonly isSemaphore: boolean; readonly isNonBlocking: boolean }) {
    super('anon_inode:[eventfd]', O_RDWR | (options.isNonBlocking ? O_NONBLOCK : 0));
    this.#value = value;
    this.#isSemaphore = options.isSemaphore;
  }

  attributes(): FileAttributes {
    return anonymousAttributes(1, 0o600);
  }

  override read(call: Call, dst: Uint8Array): number | Blocked {
    if (dst.length < VALUE_BYTES) throw EINVAL;
    if (this.#value === 0n) return this.#wait(call);
    const value = this.#isSemaphore ? 1n : this.#value;
    this.#value -= value;
    new DataView(dst.buffer, dst.byteOffset).setBigUint64(0, value, true);
    this.readiness.wake();
    return VALUE_BYTES;
  }

  override write(call: Call, src: Uint8Array): number | Blocked {
    if (src.length < VALUE_BYTES) throw EINVAL;
    const value = new DataView(src.buffer, src.byteOffset).getBigUint64(0, true);
    if (value > MAX_VALUE) throw EINVAL;
    if (this.#value + value > MAX_VALUE) return this.#wait(call);
    this.#value += value;
    this.readiness.wake();
    return VALUE_BYTES;
  }

  poll(): PollMask {
    return (this.#value > 0n ? POLLIN : 0) | (this.#value < MAX_VALUE ? POLLOUT : 0);
  }

  #wait(call: Call): Blocked {
    if ((this.flags & O_NONBLOCK) !== 0) throw EAGAIN;
    if (call.isInterrupted) throw EINTR;
    return blocked(this.readiness);
  }
}
