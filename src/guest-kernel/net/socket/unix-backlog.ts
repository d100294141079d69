/** Who waits to be accepted at a listening Unix socket, stream or seqpacket (unix(7), listen(2)). */
import { EAGAIN, EINTR, EINTR_FINAL } from '../../abi/errno.ts';
import { SOMAXCONN } from '../../abi/socket.ts';
import { blocked, type Blocked } from '../../program/blocked.ts';
import { WaitQueue } from '../../program/wait-queue.ts';
import type { Call } from '../../vfs/open-file.ts';

export class UnixBacklog<T extends { isAwaited: boolean }> {
  #limit = 0;
  readonly #pending: T[] = [];
  /** Woken when somebody was accepted, for those who wait to connect. */
  readonly #room = new WaitQueue();

  constructor(backlog: number) {
    this.setLimit(backlog);
  }

  get limit(): number {
    return this.#limit;
  }

  get length(): number {
    return this.#pending.length;
  }

  setLimit(backlog: number): void {
    this.#limit = Math.min(backlog < 0 ? SOMAXCONN : backlog, SOMAXCONN);
    this.#room.wake();
  }

  add(socket: T): void {
    this.#pending.push(socket);
  }

  take(): T | undefined {
    const socket = this.#pending.shift();
    if (socket === undefined) return undefined;
    socket.isAwaited = false;
    this.#room.wake();
    return socket;
  }

  /**
   * @param timeoutUs SO_SNDTIMEO; 0: none
   * @returns nothing where there is room for one more. @throws EAGAIN, EINTR
   */
  waitForRoom(call: Call, isNonBlocking: boolean, timeoutUs: number): Blocked | undefined {
    if (this.#pending.length <= this.#limit) return undefined;
    if (isNonBlocking) throw EAGAIN;
    if (timeoutUs === 0) {
      if (call.isInterrupted) throw EINTR;
      return blocked(this.#room);
    }
    const deadlineNs = (call.progress as number | undefined) ?? call.nowNs + timeoutUs * 1000;
    if (call.nowNs >= deadlineNs) throw EAGAIN;
    if (call.isInterrupted) throw EINTR_FINAL;
    return blocked(this.#room, { deadlineNs, progress: deadlineNs });
  }

  /** Nobody listens any more. @returns whom nobody accepted */
  close(): readonly T[] {
    this.#room.wake();
    return this.#pending.splice(0);
  }
}
