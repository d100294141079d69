/** msgget(2), msgsnd(2), msgrcv(2), msgctl(2). */
import { CAP_SYS_RESOURCE } from '../abi/capability.ts';
import { E2BIG, EAGAIN, EIDRM, EINTR, EINVAL, ENOMSG } from '../abi/errno.ts';
import * as abi from '../abi/ipc.ts';
import { requireAccess } from '../ipc/ipc-table.ts';
import { MessageQueue, type QueuedMessage } from '../ipc/message-queues.ts';
import { blocked } from '../program/blocked.ts';
import { asGuest } from '../program/guest-task.ts';
import type { WaitQueue } from '../program/wait-queue.ts';
import type { Thread } from '../program/thread.ts';
import { requireCapability } from '../vfs/credentials.ts';
import type { Call } from '../vfs/open-file.ts';
import {
  type IpcControl,
  changePermissions,
  controlIpc,
  nowSeconds,
  storePermissions,
  systemV,
} from './ipc-objects.ts';
import { type Result, type Syscall, syscall } from './syscall.ts';
import { bringIn } from './user-buffers.ts';

const READ = 0o444;
const WRITE = 0o222;
/** struct msgbuf: the type, then the text. */
const TEXT = 8;

function msgget(thread: Thread, { key, flags }: { key: number; flags: number }): Result {
  const wish = { key, flags, credentials: thread.credentials, nowSeconds: nowSeconds(thread) };
  return systemV(thread).messages.get(
    wish,
    (object) => new MessageQueue(object, (bytes) => asGuest(thread).machine.charge(bytes)),
    () => {},
  ).id;
}

/** The queue of a call; after a wait the one it waited at. @throws EIDRM, EINVAL, EACCES */
function queueOf(thread: Thread, id: number, call: Call, wanted: number): MessageQueue {
  const { messages } = systemV(thread);
  const before = call.progress as MessageQueue | undefined;
  if (before !== undefined && !messages.has(before)) throw EIDRM;
  const queue = before ?? messages.find(id);
  requireAccess(queue, thread.credentials, wanted);
  return queue;
}

function wait(call: Call, at: WaitQueue, queue: MessageQueue): Result {
  if (call.isInterrupted) throw EINTR;
  return blocked([at, queue.removed], { progress: queue });
}

interface SendArgs {
  readonly id: number;
  readonly message: number;
  readonly size: number;
  readonly flags: number;
}

function msgsnd(thread: Thread, { id, message, size, flags }: SendArgs, call: Call): Result {
  const type = thread.memory.loadNumber(message);
  if (size > abi.MSGMAX || id < 0 || type < 1) throw EINVAL;
  const bytes = thread.memory.readable(message + TEXT, size).slice();
  const queue = queueOf(thread, id, call, WRITE);
  if (queue.send({ type, bytes }, thread.program.pid, nowSeconds(thread))) return 0;
  if ((flags & abi.IPC_NOWAIT) !== 0) throw EAGAIN;
  return wait(call, queue.room, queue);
}

interface ReceiveArgs extends SendArgs {
  readonly type: number;
}

function msgrcv(thread: Thread, { id, message, size, type, flags }: ReceiveArgs, call: Call): Result {
  if (id < 0 || size > Number.MAX_SAFE_INTEGER) throw EINVAL;
  const isCopy = (flags & abi.MSG_COPY) !== 0;
  if (isCopy && ((flags & abi.MSG_EXCEPT) !== 0 || (flags & abi.IPC_NOWAIT) === 0)) throw EINVAL;
  const queue = queueOf(thread, id, call, READ);
  bringIn(thread.memory, message, TEXT + Math.min(size, abi.MSGMAX));
  const found = isCopy
    ? queue.peek(type)
    : queue.receive({ type, flags, maxBytes: size }, thread.program.pid, nowSeconds(thread));
  if (isCopy && found !== undefined && found.bytes.length > size && (flags & abi.MSG_NOERROR) === 0) throw E2BIG;
  if (found !== undefined) return storeMessage(thread, message, size, found);
  if ((flags & abi.IPC_NOWAIT) !== 0) throw ENOMSG;
  return wait(call, queue.arrived, queue);
}

function storeMessage({ memory }: Thread, addr: number, size: number, { type, bytes }: QueuedMessage): Result {
  const length = Math.min(size, bytes.length);
  memory.storeNumber(addr, type);
  memory.writable(addr + TEXT, length).set(bytes.subarray(0, length));
  return length;
}

function msgctl(thread: Thread, args: IpcControl): Result {
  const { messages } = systemV(thread);
  return controlIpc(
    thread,
    {
      table: messages,
      commands: { info: abi.MSG_INFO, stat: abi.MSG_STAT, statAny: abi.MSG_STAT_ANY },
      sizeBytes: abi.MSQID_DS.size,
      store: (addr, queue) => storeQueue(thread, addr, queue),
      storeInfo: (isUsage, addr) => storeInfo(thread, isUsage, addr),
      change: (addr, queue) => setQueue(thread, addr, queue),
      remove(queue) {
        messages.remove(queue);
        queue.dispose();
      },
    },
    args,
  );
}

function setQueue(thread: Thread, buffer: number, queue: MessageQueue): void {
  // size_t: what looks negative is much.
  const maxBytes = Number(BigInt.asUintN(64, thread.memory.loadI64(buffer + abi.MSQID_DS.msg_qbytes)));
  if (maxBytes > abi.MSGMNB) requireCapability(thread.credentials, CAP_SYS_RESOURCE);
  changePermissions(thread, buffer, queue);
  queue.maxBytes = maxBytes;
  queue.room.wake();
  queue.arrived.wake();
}

function storeQueue({ memory }: Thread, addr: number, queue: MessageQueue): void {
  storePermissions(memory, addr, queue, abi.MSQID_DS.size);
  memory.storeNumber(addr + abi.MSQID_DS.msg_stime, queue.sentSeconds);
  memory.storeNumber(addr + abi.MSQID_DS.msg_rtime, queue.receivedSeconds);
  memory.storeNumber(addr + abi.MSQID_DS.msg_ctime, queue.changedSeconds);
  memory.storeNumber(addr + abi.MSQID_DS.msg_cbytes, queue.bytes);
  memory.storeNumber(addr + abi.MSQID_DS.msg_qnum, queue.length);
  memory.storeNumber(addr + abi.MSQID_DS.msg_qbytes, queue.maxBytes);
  memory.storeU32(addr + abi.MSQID_DS.msg_lspid, queue.lastSender);
  memory.storeU32(addr + abi.MSQID_DS.msg_lrpid, queue.lastReceiver);
}

// struct msginfo: pool, map, max, mnb, mni, ssz, tql, seg (16 bits).
function storeInfo(thread: Thread, isUsage: boolean, addr: number): void {
  const { messages } = systemV(thread);
  const count = messages.all.reduce((sum, queue) => sum + queue.length, 0);
  const bytes = messages.all.reduce((sum, queue) => sum + queue.bytes, 0);
  const pool = Math.floor((abi.MSGMNI * abi.MSGMNB) / 1024);
  // oxfmt-ignore
  const fields = [
    isUsage ? messages.all.length : pool, isUsage ? count : abi.MSGMNB, abi.MSGMAX, abi.MSGMNB, abi.MSGMNI, 16,
    isUsage ? bytes : abi.MSGMNB, 0xffff,
  ];
  thread.memory.writable(addr, fields.length * 4);
  fields.forEach((field, i) => thread.memory.storeU32(addr + i * 4, field));
}

// oxfmt-ignore
export const messageCalls: readonly Syscall[] = [
  syscall({ nr: 68, name: 'msgget', args: { key: 'int', flags: 'flags' }, support: 'full', run: msgget }),
  syscall({ nr: 69, name: 'msgsnd', args: { id: 'int', message: 'ptr', size: 'size', flags: 'flags' }, support: 'full', run: msgsnd }),
  syscall({ nr: 70, name: 'msgrcv', args: { id: 'int', message: 'ptr', size: 'size', type: 'off', flags: 'flags' }, support: 'full',
    run: msgrcv }),
  syscall({ nr: 71, name: 'msgctl', args: { id: 'int', command: 'int', buffer: 'ptr' }, support: 'full', run: msgctl }),
];
