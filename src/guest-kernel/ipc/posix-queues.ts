/**
 * POSIX message queues (mq_overview(7), Linux ipc/mqueue.c): named queues of messages with priorities, the files of the
 * filesystem at /dev/mqueue.
 */
import { bytesOf, type ByteString } from '../../emulator/util/bytes.ts';
import { EINVAL, ENOSPC, EPERM } from '../abi/errno.ts';
import { POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from '../abi/poll.ts';
import { S_IFMT, S_IFREG } from '../abi/stat.ts';
import { VirtualDirectory, VirtualFilesystem, VirtualInode, type VirtualOwner } from '../fs/virtual/virtual-inode.ts';
import { WaitQueue } from '../program/wait-queue.ts';
import { BaseFile } from '../vfs/base-file.ts';
import type { AttributeChanges, FileAttributes, Inode, NewInode, Timestamp } from '../vfs/inode.ts';
import type { Call, OpenFile, PollMask } from '../vfs/open-file.ts';

const MQUEUE_MAGIC = 0x1980_0202;
/** sysctl fs.mqueue.queues_max. */
const MOST_QUEUES = 256;
/** What stat(2) says of a queue's size: FILENT_SIZE. */
const STATUS_BYTES = 80;
/** struct msg_msg and struct posix_msg_tree_node, as RLIMIT_MSGQUEUE counts them. */
const NODE_BYTES = 48;
export const DEFAULT_MESSAGES = 10;
export const DEFAULT_BYTES = 8192;

export interface PosixMessage {
  readonly priority: number;
  readonly bytes: Uint8Array;
}

/** Who is told of a message that comes to an empty queue. */
export interface Notice {
  /** Descriptors of the program that asked: the notice ends when it closes one of this queue. */
  readonly owner: object;
  readonly pid: number;
  /** SIGEV_SIGNAL 0, SIGEV_NONE 1, SIGEV_THREAD 2. */
  readonly kind: number;
  readonly signal: number;
  tell(): void;
  /** It ends without a message. */
  dropped?(): void;
}

export class PosixQueue {
  readonly maxMessages: number;
  readonly messageBytes: number;
  /** Highest priority first, oldest first among equals. */
  readonly #messages: PosixMessage[] = [];
  /** All are woken, not one: the one might be killed before it takes what came. */
  readonly arrived = new WaitQueue();
  readonly room = new WaitQueue();
  /** Open ones: poll(2) waits at theirs. */
  readonly files = new Set<OpenFile>();
  notice: Notice | undefined;

  constructor(maxMessages: number, messageBytes: number) {
    this.maxMessages = maxMessages;
    this.messageBytes = messageBytes;
  }

  get length(): number {
    return this.#messages.length;
  }

  /** What it counts against RLIMIT_MSGQUEUE. */
  get chargedBytes(): number {
    return chargeOf(this.maxMessages, this.messageBytes);
  }

  /** @returns false when it is full */
  send(message: PosixMessage): boolean {
    if (this.length >= this.maxMessages) return false;
    const before = this.#messages.findIndex(({ priority }) => priority < message.priority);
    this.#messages.splice(before < 0 ? this.length : before, 0, message);
    const { notice } = this;
    this.#tellFiles();
    // Whoever waits in mq_receive goes before the notice (mq_notify(3)).
    if (this.arrived.wake() === 0 && this.length === 1 && notice !== undefined) {
      this.notice = undefined;
      notice.tell();
    }
    return true;
  }

  /** Nobody is told any more. */
  dropNotice(): void {
    const { notice } = this;
    this.notice = undefined;
    notice?.dropped?.();
  }

  receive(): PosixMessage | undefined {
    const message = this.#messages.shift();
    if (message === undefined) return undefined;
    this.room.wake();
    this.#tellFiles();
    return message;
  }

  #tellFiles(): void {
    for (const { readiness } of this.files) readiness.wake();
  }

  /** What reading its file answers. */
  status(): ByteString {
    const bytes = this.#messages.reduce((sum, message) => sum + message.bytes.length, 0);
    const { kind = 0, signal = 0, pid = 0 } = this.notice ?? {};
    const fields = [
      `QSIZE:${String(bytes).padEnd(10)}`,
      `NOTIFY:${String(kind).padEnd(5)}`,
      `SIGNO:${String(kind === 0 ? signal : 0).padEnd(5)}`,
      `NOTIFY_PID:${String(pid).padEnd(6)}`,
    ];
    return `${fields.join(' ')}\n`;
  }
}

export function chargeOf(maxMessages: number, messageBytes: number): number {
  return maxMessages * (messageBytes + 2 * NODE_BYTES);
}

/** A queue as a file of /dev/mqueue. */
export class QueueNode extends VirtualInode {
  readonly fileType = S_IFREG;
  readonly queue: PosixQueue;
  readonly uid: number;
  readonly #owner: VirtualOwner;
  #permissions: number;

  constructor(filesystem: VirtualFilesystem, number: number, init: NewInode, queue: PosixQueue) {
    super(filesystem, number, init.mode & 0o777);
    this.#permissions = init.mode & 0o777;
    this.#owner = { uid: init.uid, gid: init.gid };
    this.uid = init.uid;
    this.queue = queue;
  }

  override attributes(): FileAttributes {
    return {
      ...super.attributes(),
      ...this.#owner,
      mode: S_IFREG | this.#permissions,
      sizeBytes: STATUS_BYTES,
      blockSizeBytes: 4096,
    };
  }

  override setAttributes({ mode }: AttributeChanges): void {
    if (mode !== undefined) this.#permissions = mode & 0o777;
  }

  open(flags: number): OpenFile {
    return new QueueFile(this, flags);
  }
}

/** What mq_open(3) gives: a descriptor that poll(2) and read(2) know too. */
export class QueueFile extends BaseFile {
  readonly kind = 'mqueue';
  override readonly isSeekable = true;
  readonly inode: QueueNode;

  constructor(node: QueueNode, flags: number) {
    super('/dev/mqueue', flags);
    this.inode = node;
    node.queue.files.add(this);
  }

  get queue(): PosixQueue {
    return this.inode.queue;
  }

  attributes(): FileAttributes {
    return this.inode.attributes();
  }

  override read(_call: Call, dst: Uint8Array): number {
    const bytes = bytesOf(this.queue.status()).subarray(this.offset, this.offset + dst.length);
    dst.set(bytes);
    this.offset += bytes.length;
    return bytes.length;
  }

  poll(): PollMask {
    const { queue } = this;
    return (queue.length > 0 ? POLLIN | POLLRDNORM : 0) | (queue.length < queue.maxMessages ? POLLOUT | POLLWRNORM : 0);
  }

  flush(owner: object): void {
    if (this.queue.notice?.owner === owner) this.queue.dropNotice();
  }

  protected override closed(): void {
    this.queue.files.delete(this);
  }
}

/** The queues by name, and the filesystem that shows them. */
export class PosixQueues {
  readonly filesystem: VirtualFilesystem;
  readonly #nodes = new Map<ByteString, QueueNode>();
  /** Without a name, but still open somewhere. */
  readonly #unlinked = new Set<QueueNode>();
  #nextNumber = 2;

  constructor(options: { readonly deviceNumber: number; readonly now: () => Timestamp }) {
    this.filesystem = new VirtualFilesystem({
      ...options,
      type: 'mqueue',
      typeMagic: MQUEUE_MAGIC,
      isVolatile: true,
      root: (filesystem) => new QueueDirectory(filesystem, this),
    });
  }

  get names(): ReadonlyMap<ByteString, QueueNode> {
    return this.#nodes;
  }

  /** Bytes that a user's queues count for (RLIMIT_MSGQUEUE), those too that only descriptors keep. */
  chargedBytes(uid: number): number {
    for (const node of this.#unlinked) if (node.queue.files.size === 0) this.#unlinked.delete(node);
    const own = [...this.#nodes.values(), ...this.#unlinked].filter((node) => node.uid === uid);
    return own.reduce((sum, { queue }) => sum + queue.chargedBytes, 0);
  }

  /** @throws ENOSPC */
  create(name: ByteString, init: NewInode, queue: PosixQueue, isPrivileged: boolean): QueueNode {
    if (this.#nodes.size >= MOST_QUEUES && !isPrivileged) throw ENOSPC;
    const node = new QueueNode(this.filesystem, this.#nextNumber++, init, queue);
    this.#nodes.set(name, node);
    return node;
  }

  remove(name: ByteString): void {
    const node = this.#nodes.get(name);
    if (node !== undefined && node.queue.files.size > 0) this.#unlinked.add(node);
    this.#nodes.delete(name);
  }
}

class QueueDirectory extends VirtualDirectory {
  readonly #queues: PosixQueues;

  constructor(filesystem: VirtualFilesystem, queues: PosixQueues) {
    const list = (): { name: ByteString; inodeNumber: number; fileType: number }[] =>
      [...queues.names].map(([name, node]) => ({ name, inodeNumber: node.number, fileType: S_IFREG }));
    super({ filesystem, number: 1, permissions: 0o1777 }, list, (name) => queues.names.get(name));
    this.#queues = queues;
  }

  override create(name?: ByteString, init?: NewInode): Inode {
    if (name === undefined || init === undefined) throw EINVAL;
    if ((init.mode & S_IFMT) !== S_IFREG) throw EPERM; // Linux ipc/mqueue.c: mqueue_dir_inode_operations has no mknod
    return this.#queues.create(name, init, new PosixQueue(DEFAULT_MESSAGES, DEFAULT_BYTES), init.uid === 0);
  }

  override unlink(name?: ByteString): void {
    this.#queues.remove(name ?? '');
  }
}
