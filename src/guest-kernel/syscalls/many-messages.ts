/** sendmmsg(2), recvmmsg(2): one message after the other, until one fails. */
import { EINVAL, Errno } from '../abi/errno.ts';
import * as abi from '../abi/socket.ts';
import { blocked, isBlocked } from '../program/blocked.ts';
import type { Thread } from '../program/thread.ts';
import { NotResident } from '../vfs/inode.ts';
import { type Call, withProgress } from '../vfs/open-file.ts';
import type { Socket } from '../net/socket/socket.ts';
import { socketOf } from './sockets.ts';
import { receiveMessage, sendMessage } from './socket-messages.ts';
import { type Result, type Syscall, syscall } from './syscall.ts';
import { bringIn } from './user-buffers.ts';
import { loadTimespecNs, storeTimespec } from './timespec.ts';

const MAX_MESSAGES = 1024; // Linux UIO_MAXIOV
const TIMESPEC_BYTES = 16;
const MSG_WAITFORONE = 0x1_0000;

/** How far a call came that waits; `inner` is the progress of the message it waits at. */
interface Progress {
  readonly done: number;
  readonly inner: unknown;
  readonly deadlineNs: number | undefined;
}

interface Many {
  readonly fd: number;
  readonly messages: number;
  readonly count: number;
  readonly flags: number;
}

type Move = (socket: Socket, at: number, call: Call, flags: number) => Result;

/** An error behind the first message ends the call; the socket tells it to the next one. */
function moveMessages(thread: Thread, args: Many, call: Call, deadlineNs: number | undefined, move: Move): Result {
  const socket = socketOf(thread, args.fd);
  const before = call.progress as Progress | undefined;
  const limitNs = before === undefined ? deadlineNs : before.deadlineNs;
  let inner = before?.inner;
  let done = before?.done ?? 0;
  for (; done < Math.min(args.count, MAX_MESSAGES); done++) {
    // Linux looks at the time behind each message only (recvmmsg(2), BUGS).
    if (done > 0 && limitNs !== undefined && call.nowNs >= limitNs) break;
    const at = args.messages + done * abi.MMSGHDR.size;
    const waits = (args.flags & MSG_WAITFORONE) === 0 || done === 0;
    try {
      bringIn(thread.memory, at, abi.MMSGHDR.size);
      const flags = (args.flags & ~MSG_WAITFORONE) | (waits ? 0 : abi.MSG_DONTWAIT);
      const result = move(socket, at, withProgress(call, inner), flags);
      if (isBlocked(result)) {
        if (call.isInterrupted && done > 0) break;
        return { ...result, progress: { done, inner: result.progress, deadlineNs: limitNs } satisfies Progress };
      }
      thread.memory.storeU32(at + abi.MMSGHDR.msg_len, Number(result));
      inner = undefined;
    } catch (error) {
      if (done === 0) throw error;
      if (error instanceof NotResident) {
        const progress = { done, inner, deadlineNs: limitNs } satisfies Progress;
        return blocked(error.ready, { progress, isUninterruptible: true });
      }
      if (!(error instanceof Errno)) throw error;
      break;
    }
  }
  return done;
}

function recvmmsg(thread: Thread, args: Many & { readonly timeout: number }, call: Call): Result {
  const { memory } = thread;
  bringIn(memory, args.timeout, TIMESPEC_BYTES);
  const isFirst = call.progress === undefined;
  const deadlineNs = args.timeout === 0 || !isFirst ? undefined : call.nowNs + loadTimespecNs(memory, args.timeout);
  const result = moveMessages(thread, args, call, deadlineNs, (socket, at, each, flags) =>
    receiveMessage(thread, each, socket, at, flags),
  );
  if (isBlocked(result) || args.timeout === 0) return result;
  const endNs = deadlineNs ?? (call.progress as Progress | undefined)?.deadlineNs ?? call.nowNs;
  storeTimespec(memory, args.timeout, BigInt(Math.max(0, Math.floor(endNs - call.nowNs))));
  return result;
}

function sendmmsg(thread: Thread, args: Many, call: Call): Result {
  if ((args.flags & MSG_WAITFORONE) !== 0) throw EINVAL;
  return moveMessages(thread, args, call, undefined, (socket, at, each, flags) =>
    sendMessage(thread, each, socket, at, flags),
  );
}

// oxfmt-ignore
export const manyMessages: readonly Syscall[] = [
  syscall({ nr: 299, name: 'recvmmsg', args: { fd: 'fd', messages: 'ptr', count: 'uint', flags: 'flags', timeout: 'ptr' }, support: 'full', run: recvmmsg }),
  syscall({ nr: 307, name: 'sendmmsg', args: { fd: 'fd', messages: 'ptr', count: 'uint', flags: 'flags' }, support: 'full', run: sendmmsg }),
];
