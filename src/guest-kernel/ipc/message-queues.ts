/** System V message queues (msgsnd(2), msgrcv(2); Linux ipc/msg.c). */
import { E2BIG } from '../abi/errno.ts';
import { MSG_EXCEPT, MSG_NOERROR, MSGMNB, MSGMNI } from '../abi/ipc.ts';
import { WaitQueue } from '../program/wait-queue.ts';
import { IpcObject, IpcTable, type NewObject } from './ipc-table.ts';

export interface QueuedMessage {
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** Of the machine's memory each message takes its text and this (Linux struct msg_msg). */
const OVERHEAD_BYTES = 48;

export class MessageQueue extends IpcObject {
  readonly #messages: QueuedMessage[] = [];
  readonly #charge: (bytes: number) => void;
  maxBytes = MSGMNB;
  bytes = 0;
  sentSeconds = 0;
  receivedSeconds = 0;
  lastSender = 0;
  lastReceiver = 0;
  /** Woken when a message came, and when room came. */
  readonly arrived = new WaitQueue();
  readonly room = new WaitQueue();
  readonly removed = new WaitQueue();

  /** @param charge takes bytes of the machine's memory, or gives them back; throws ENOMEM */
  constructor(object: NewObject, charge: (bytes: number) => void) {
    super(object);
    this.#charge = charge;
  }

  get length(): number {
    return this.#messages.length;
  }

  /** @returns false when it is full. @throws ENOMEM */
  send(message: QueuedMessage, pid: number, nowSeconds: number): boolean {
    const isFull = this.bytes + message.bytes.length > this.maxBytes || this.length + 1 > this.maxBytes;
    if (isFull) return false;
    this.#charge(message.bytes.length + OVERHEAD_BYTES);
    this.#messages.push(message);
    this.bytes += message.bytes.length;
    this.lastSender = pid;
    this.sentSeconds = nowSeconds;
    this.arrived.wake();
    return true;
  }

  /** The message that msgrcv(2) would take; undefined: none. @throws E2BIG */
  receive(
    wish: { readonly type: number; readonly flags: number; readonly maxBytes: number },
    pid: number,
    nowSeconds: number,
  ): QueuedMessage | undefined {
    const index = this.#find(wish.type, wish.flags);
    const message = this.#messages[index];
    if (message === undefined) return undefined;
    if (message.bytes.length > wish.maxBytes && (wish.flags & MSG_NOERROR) === 0) throw E2BIG;
    this.#messages.splice(index, 1);
    this.#charge(-message.bytes.length - OVERHEAD_BYTES);
    this.bytes -= message.bytes.length;
    this.lastReceiver = pid;
    this.receivedSeconds = nowSeconds;
    this.room.wake();
    return message;
  }

  /** MSG_COPY: the message at a place, which stays. */
  peek(index: number): QueuedMessage | undefined {
    return this.#messages[index];
  }

  /** It is removed: its memory is free, and who waits hears of it. */
  dispose(): void {
    this.#charge(-this.bytes - this.length * OVERHEAD_BYTES);
    this.arrived.wake();
    this.room.wake();
    this.removed.wake();
  }

  #find(type: number, flags: number): number {
    if (type === 0) return 0;
    if (type > 0) {
      const isExcept = (flags & MSG_EXCEPT) !== 0;
      return this.#messages.findIndex((message) => (message.type === type) !== isExcept);
    }
    let best = -1;
    this.#messages.forEach((message, i) => {
      if (message.type <= -type && message.type < (this.#messages[best]?.type ?? Number.POSITIVE_INFINITY)) best = i;
    });
    return best;
  }
}

export const messageQueues = (): IpcTable<MessageQueue> => new IpcTable<MessageQueue>(MSGMNI);
