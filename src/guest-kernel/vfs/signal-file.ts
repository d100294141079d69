/** signalfd(2): signals taken by reading, by whoever reads. */
import { EAGAIN, EINTR, EINVAL } from '../abi/errno.ts';
import { O_NONBLOCK, O_RDWR } from '../abi/fcntl.ts';
import { POLLIN } from '../abi/poll.ts';
import { SIGNALFD_SIGINFO } from '../abi/signal.ts';
import { blocked, type Blocked } from '../program/blocked.ts';
import type { SignalInfo, SignalSet } from '../program/signals.ts';
import { anonymousAttributes, BaseFile } from './base-file.ts';
import type { FileAttributes } from './inode.ts';
import type { Call, PollMask } from './open-file.ts';

/** What the file asks of the machine. */
export interface SignalSource {
  /** Takes a waiting signal of the set from the thread or its program. */
  take(threadId: number, wanted: SignalSet): SignalInfo | undefined;
  /** Signals that wait for the thread that runs now; of the one that made the file where none runs. */
  waiting(): SignalSet;
}

export class SignalFile extends BaseFile {
  readonly kind = 'signalfd';
  mask: SignalSet;
  readonly #source: SignalSource;
  readonly #onClosed: (file: SignalFile) => void;

  constructor(
    mask: SignalSet,
    isNonBlocking: boolean,
    parts: { source: SignalSource; onClosed: (file: SignalFile) => void },
  ) {
    super('anon_inode:[signalfd]', O_RDWR | (isNonBlocking ? O_NONBLOCK : 0));
    this.mask = mask;
    this.#source = parts.source;
    this.#onClosed = parts.onClosed;
  }

  attributes(): FileAttributes {
    return anonymousAttributes(1, 0o600);
  }

  override read(call: Call, dst: Uint8Array): number | Blocked {
    if (dst.length < SIGNALFD_SIGINFO.size) throw EINVAL;
    let used = 0;
    while (used + SIGNALFD_SIGINFO.size <= dst.length) {
      const info = this.#source.take(call.threadId, this.mask);
      if (info === undefined) break;
      encode(dst.subarray(used, used + SIGNALFD_SIGINFO.size), info);
      used += SIGNALFD_SIGINFO.size;
    }
    if (used > 0) return used;
    if ((this.flags & O_NONBLOCK) !== 0) throw EAGAIN;
    if (call.isInterrupted) throw EINTR;
    return blocked(this.readiness);
  }

  poll(): PollMask {
    return (this.#source.waiting() & this.mask) === 0n ? 0 : POLLIN;
  }

  protected override closed(): void {
    this.#onClosed(this);
  }
}

function encode(dst: Uint8Array, info: SignalInfo): void {
  const view = new DataView(dst.buffer, dst.byteOffset, dst.byteLength);
  const at = SIGNALFD_SIGINFO;
  dst.fill(0);
  view.setUint32(at.ssi_signo, info.signal, true);
  view.setInt32(at.ssi_code, info.code, true);
  if (info.timer === undefined) {
    view.setUint32(at.ssi_pid, info.pid ?? 0, true);
    view.setUint32(at.ssi_uid, info.uid ?? 0, true);
  } else {
    view.setUint32(at.ssi_tid, info.timer.id, true);
    view.setUint32(at.ssi_overrun, info.timer.overrun, true);
  }
  if (info.io !== undefined) {
    view.setInt32(at.ssi_fd, info.io.fd, true);
    view.setUint32(at.ssi_band, info.io.band, true);
  }
  view.setInt32(at.ssi_status, info.status ?? 0, true);
  if (info.address !== undefined) view.setBigUint64(at.ssi_addr, BigInt.asUintN(64, info.address), true);
  if (info.value === undefined) return;
  view.setInt32(at.ssi_int, Number(BigInt.asIntN(32, info.value)), true);
  view.setBigUint64(at.ssi_ptr, BigInt.asUintN(64, info.value), true);
}
