/** mq_open(2), mq_unlink(2), mq_timedsend(2), mq_timedreceive(2), mq_notify(2), mq_getsetattr(2). */
import { CAP_FOWNER, CAP_SYS_RESOURCE } from '../abi/capability.ts';
import {
  EACCES,
  EAGAIN,
  EBADF,
  EBUSY,
  EEXIST,
  EINTR,
  EINVAL,
  EMFILE,
  EMSGSIZE,
  ENAMETOOLONG,
  ENOENT,
  ENOSYS,
  ETIMEDOUT,
} from '../abi/errno.ts';
import { NAME_MAX, O_ACCMODE, O_CREAT, O_EXCL, O_NONBLOCK, O_RDONLY, O_WRONLY } from '../abi/fcntl.ts';
import { MQ_ATTR, MQ_PRIO_MAX } from '../abi/ipc.ts';
import { RLIMIT_MSGQUEUE } from '../abi/resource.ts';
import { SIGNAL_COUNT } from '../abi/signal.ts';
import { S_IFREG } from '../abi/stat.ts';
import {
  chargeOf,
  DEFAULT_BYTES,
  DEFAULT_MESSAGES,
  PosixQueue,
  type PosixQueues,
  QueueFile,
  type QueueNode,
  type Notice,
} from '../ipc/posix-queues.ts';
import { NetlinkSocket } from '../net/socket/netlink-socket.ts';
import { blocked } from '../program/blocked.ts';
import { asGuest } from '../program/guest-task.ts';
import type { Thread } from '../program/thread.ts';
import type { WaitQueue } from '../program/wait-queue.ts';
import { isCapable, requireCapability } from '../vfs/credentials.ts';
import type { Call } from '../vfs/open-file.ts';
import { requirePermission } from '../vfs/permissions.ts';
import { type Result, type Syscall, syscall } from './syscall.ts';
import { loadTimespecNs } from './timespec.ts';
import { bringIn } from './user-buffers.ts';

/** Limits of those who are not root (sysctl fs.mqueue.msg_max, msgsize_max), and of root (HARD_MSGMAX and its like). */
const MESSAGES_MAX = 10;
const BYTES_MAX = 8192;
const HARD_MESSAGES_MAX = 65_536;
const HARD_BYTES_MAX = 16 << 20;
const SIGEV_SIGNAL = 0;
const SIGEV_NONE = 1;
const SIGEV_THREAD = 2;
const SI_MESGQ = -3;

function queuesOf(thread: Thread): PosixQueues {
  const { posixQueues } = asGuest(thread).machine;
  if (posixQueues === undefined) throw ENOSYS;
  return posixQueues;
}

interface OpenArgs {
  readonly name: string;
  readonly flags: number;
  readonly mode: number;
  readonly attributes: number;
}

/** @throws ENOENT, EACCES, ENAMETOOLONG (Linux fs/namei.c: lookup_noperm_common) */
function checkName(name: string): void {
  if (name === '') throw ENOENT;
  if (name.length > NAME_MAX) throw ENAMETOOLONG;
  if (name === '.' || name === '..' || name.includes('/')) throw EACCES;
}

function open(thread: Thread, { name, flags, mode, attributes }: OpenArgs): Result {
  checkName(name);
  const queues = queuesOf(thread);
  const found = queues.names.get(name);
  const node = found ?? create(thread, queues, { name, flags, mode, attributes });
  if (found !== undefined) {
    if ((flags & (O_CREAT | O_EXCL)) === (O_CREAT | O_EXCL)) throw EEXIST;
    requireMode(thread, found, flags);
  }
  const file = new QueueFile(node, flags & (O_ACCMODE | O_NONBLOCK));
  try {
    return thread.files.add(file, { isCloseOnExec: true }); // whatever the flags say: Linux ipc/mqueue.c: do_mq_open
  } catch (error) {
    if (found === undefined) queues.remove(name);
    file.release();
    throw error;
  }
}

/** @throws EACCES, EINVAL */
function requireMode({ credentials }: Thread, node: QueueNode, flags: number): void {
  const wanted = [4, 2, 6][flags & O_ACCMODE];
  if (wanted === undefined) throw EINVAL;
  requirePermission(credentials, node, wanted);
}

function create(thread: Thread, queues: PosixQueues, { name, flags, mode, attributes }: OpenArgs): QueueNode {
  if ((flags & O_CREAT) === 0) throw ENOENT;
  const { memory, credentials, fs } = thread;
  const isPrivileged = isCapable(credentials, CAP_SYS_RESOURCE);
  const messages = attributes === 0 ? DEFAULT_MESSAGES : memory.loadNumber(attributes + MQ_ATTR.mq_maxmsg);
  const bytes = attributes === 0 ? DEFAULT_BYTES : memory.loadNumber(attributes + MQ_ATTR.mq_msgsize);
  const mostMessages = isPrivileged ? HARD_MESSAGES_MAX : MESSAGES_MAX;
  const mostBytes = isPrivileged ? HARD_BYTES_MAX : BYTES_MAX;
  if (messages <= 0 || bytes <= 0 || messages > mostMessages || bytes > mostBytes) throw EINVAL;
  const limit = asGuest(thread).program.limits.soft(RLIMIT_MSGQUEUE);
  if (queues.chargedBytes(credentials.euid) + chargeOf(messages, bytes) > limit) throw EMFILE;
  const init = { mode: S_IFREG | (mode & 0o777 & ~fs.umask), uid: credentials.euid, gid: credentials.egid };
  return queues.create(name, init, new PosixQueue(messages, bytes), isPrivileged);
}

function unlink(thread: Thread, { name }: { name: string }): Result {
  const queues = queuesOf(thread);
  checkName(name);
  const node = queues.names.get(name);
  if (node === undefined) throw ENOENT;
  // The directory is sticky.
  if (thread.credentials.euid !== node.uid) requireCapability(thread.credentials, CAP_FOWNER);
  queues.remove(name);
  return 0;
}

/** @throws EBADF */
function fileOf(thread: Thread, fd: number, forbidden: number): QueueFile {
  const file = thread.files.get(fd);
  if (!(file instanceof QueueFile) || (file.flags & O_ACCMODE) === forbidden) throw EBADF;
  return file;
}

interface TransferArgs {
  readonly fd: number;
  readonly buffer: number;
  readonly size: number;
  readonly timeout: number;
}

/** Waits at `queue` until the absolute real time that the call names. @throws EAGAIN, EINTR, ETIMEDOUT, EINVAL */
function wait(thread: Thread, file: QueueFile, call: Call, queue: WaitQueue, timeoutNs: number | undefined): Result {
  if ((file.flags & O_NONBLOCK) !== 0) throw EAGAIN;
  if (timeoutNs === undefined) {
    if (call.isInterrupted) throw EINTR;
    return blocked(queue);
  }
  const left = timeoutNs - Number(thread.machine.clock.realtimeNs());
  if (left <= 0) throw ETIMEDOUT;
  if (call.isInterrupted) throw EINTR;
  return blocked(queue, { deadlineNs: call.nowNs + left });
}

function timeoutOf({ memory }: Thread, addr: number): number | undefined {
  return addr === 0 ? undefined : loadTimespecNs(memory, addr);
}

function send(thread: Thread, args: TransferArgs & { readonly priority: number }, call: Call): Result {
  if (args.priority >= MQ_PRIO_MAX) throw EINVAL;
  const timeoutNs = timeoutOf(thread, args.timeout);
  const file = fileOf(thread, args.fd, O_RDONLY);
  if (args.size > file.queue.messageBytes) throw EMSGSIZE;
  const bytes = thread.memory.readable(args.buffer, args.size).slice();
  if (file.queue.send({ priority: args.priority, bytes })) return 0;
  return wait(thread, file, call, file.queue.room, timeoutNs);
}

function receive(thread: Thread, args: TransferArgs & { readonly priorityAddr: number }, call: Call): Result {
  const timeoutNs = timeoutOf(thread, args.timeout);
  const file = fileOf(thread, args.fd, O_WRONLY);
  if (args.size < file.queue.messageBytes) throw EMSGSIZE;
  bringIn(thread.memory, args.buffer, file.queue.messageBytes);
  bringIn(thread.memory, args.priorityAddr, 4);
  const message = file.queue.receive();
  if (message === undefined) return wait(thread, file, call, file.queue.arrived, timeoutNs);
  thread.memory.writable(args.buffer, message.bytes.length).set(message.bytes);
  if (args.priorityAddr !== 0) thread.memory.storeU32(args.priorityAddr, message.priority);
  return message.bytes.length;
}

/** What glibc gives with SIGEV_THREAD: bytes that come back through a netlink socket, the last of them saying why. */
const COOKIE_BYTES = 32;
const NOTIFY_WOKENUP = 1;
const NOTIFY_REMOVED = 2;

type Telling = Pick<Notice, 'tell' | 'dropped'>;

function tellBySignal(thread: Thread, signal: number, value: bigint): Telling {
  const { program, credentials } = thread;
  const { machine } = asGuest(thread);
  return {
    tell() {
      if (signal === 0) return;
      const sender = machine.current?.program.pid ?? 0;
      machine.program(program.pid)?.postSignal({ signal, code: SI_MESGQ, pid: sender, uid: credentials.uid, value });
    },
  };
}

/** @throws EBADF, EINVAL where the descriptor is no netlink socket, EFAULT */
function tellByNetlink(thread: Thread, fd: number, cookieAddr: number): Telling {
  const cookie = thread.memory.readable(cookieAddr, COOKIE_BYTES).slice();
  const socket = thread.files.get(fd);
  if (!(socket instanceof NetlinkSocket)) throw EINVAL;
  socket.retain();
  const deliver = (why: number): void => {
    socket.deliver(cookie.with(COOKIE_BYTES - 1, why));
    socket.release();
  };
  return { tell: () => deliver(NOTIFY_WOKENUP), dropped: () => deliver(NOTIFY_REMOVED) };
}

// struct sigevent: value (8), signo, notify.
function notify(thread: Thread, { fd, event }: { fd: number; event: number }): Result {
  const { memory, program } = thread;
  if (event === 0) {
    const { queue } = fileOf(thread, fd, O_ACCMODE);
    if (queue.notice?.pid === program.pid) queue.dropNotice();
    return 0;
  }
  const kind = memory.loadU32(event + 12);
  const signal = memory.loadU32(event + 8);
  if (kind !== SIGEV_SIGNAL && kind !== SIGEV_NONE && kind !== SIGEV_THREAD) throw EINVAL;
  if (kind === SIGEV_SIGNAL && signal > SIGNAL_COUNT) throw EINVAL;
  const { queue } = fileOf(thread, fd, O_ACCMODE);
  if (queue.notice !== undefined) throw EBUSY;
  const telling =
    kind === SIGEV_THREAD
      ? tellByNetlink(thread, signal | 0, memory.loadNumber(event))
      : tellBySignal(thread, kind === SIGEV_NONE ? 0 : signal, memory.loadI64(event));
  queue.notice = {
    owner: thread.files,
    pid: program.pid,
    kind,
    signal: kind === SIGEV_THREAD ? 0 : signal,
    ...telling,
  };
  return 0;
}

function getsetattr(thread: Thread, { fd, wanted, old }: { fd: number; wanted: number; old: number }): Result {
  const { memory } = thread;
  const flags = wanted === 0 ? 0 : memory.loadNumber(wanted);
  if ((flags & ~O_NONBLOCK) !== 0) throw EINVAL;
  const file = fileOf(thread, fd, O_ACCMODE);
  if (old !== 0) {
    memory.writable(old, MQ_ATTR.size).fill(0);
    memory.storeNumber(old + MQ_ATTR.mq_flags, file.flags & O_NONBLOCK);
    memory.storeNumber(old + MQ_ATTR.mq_maxmsg, file.queue.maxMessages);
    memory.storeNumber(old + MQ_ATTR.mq_msgsize, file.queue.messageBytes);
    memory.storeNumber(old + MQ_ATTR.mq_curmsgs, file.queue.length);
  }
  if (wanted !== 0) file.flags = (file.flags & ~O_NONBLOCK) | flags;
  return 0;
}

// oxfmt-ignore
export const posixQueueCalls: readonly Syscall[] = [
  syscall({ nr: 240, name: 'mq_open', args: { name: 'path', flags: 'flags', mode: 'flags', attributes: 'ptr' }, support: 'full', run: open }),
  syscall({ nr: 241, name: 'mq_unlink', args: { name: 'path' }, support: 'full', run: unlink }),
  syscall({ nr: 242, name: 'mq_timedsend', args: { fd: 'fd', buffer: 'ptr', size: 'size', priority: 'uint', timeout: 'ptr' },
    support: 'full', run: send }),
  syscall({ nr: 243, name: 'mq_timedreceive', args: { fd: 'fd', buffer: 'ptr', size: 'size', priorityAddr: 'ptr', timeout: 'ptr' },
    support: 'full', run: receive }),
  syscall({ nr: 244, name: 'mq_notify', args: { fd: 'fd', event: 'ptr' }, support: 'full',
    run: notify }),
  syscall({ nr: 245, name: 'mq_getsetattr', args: { fd: 'fd', wanted: 'ptr', old: 'ptr' }, support: 'full', run: getsetattr }),
];
