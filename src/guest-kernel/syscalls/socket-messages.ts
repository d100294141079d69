/** struct msghdr and its control messages: sendmsg(2), recvmsg(2), cmsg(3). */
import { CAP_SETGID, CAP_SETUID, CAP_SYS_ADMIN, CAP_SYS_RESOURCE } from '../abi/capability.ts';
import {
  EADDRINUSE,
  EEXIST,
  EINVAL,
  EMFILE,
  EMSGSIZE,
  ENFILE,
  ENOBUFS,
  Errno,
  ESRCH,
  ETOOMANYREFS,
} from '../abi/errno.ts';
import { IOV_MAX } from '../abi/fcntl.ts';
import * as abi from '../abi/socket.ts';
import { decodeSocketAddress, encodeSocketAddress, SOCKADDR_MAX, type SocketAddress } from '../abi/socket-address.ts';
import { isBlocked, type Blocked } from '../program/blocked.ts';
import type { Thread } from '../program/thread.ts';
import { isCapable, requireCapability } from '../vfs/credentials.ts';
import type { Call, OpenFile, UserMemory } from '../vfs/open-file.ts';
import type { PeerCredentials } from '../net/network.ts';
import type { ControlMessage, ReceivedMessage, SendOptions, Socket, SocketNames } from '../net/socket/socket.ts';
import { asGuest } from '../program/guest-task.ts';
import { openProgramFile } from './pidfd.ts';
import { RLIMIT_NOFILE } from '../abi/resource.ts';
import { W_OK } from '../abi/stat.ts';
import { requirePermission } from '../vfs/permissions.ts';
import { bringIn, UserVector, writeWindows } from './user-buffers.ts';

/** More than the control messages of one message ever are: SCM_MAX_FD descriptors and credentials. */
const MAX_CONTROL_BYTES = 4096;
/** net.core.optmem_max of Linux. */
const MAX_SENT_CONTROL_BYTES = 131_072;
const UCRED_BYTES = 12;

/** Paths of Unix sockets as `thread` sees them. */
export function socketNames(thread: Thread): SocketNames {
  const { vfs } = thread.machine;
  return {
    create(path) {
      try {
        vfs.mknod(thread, { path }, 0o140777, 0);
      } catch (error) {
        throw error === EEXIST ? EADDRINUSE : error;
      }
      return retained(vfs.walk(thread, path).dentry.inode);
    },
    find(path) {
      const { inode } = vfs.walk(thread, path).dentry;
      requirePermission(thread.credentials, inode, W_OK);
      return inode;
    },
  };
}

function retained<T extends { retain(): void }>(inode: T): T {
  inode.retain();
  return inode;
}

/** The address at `addr`; undefined for a null pointer. @throws EINVAL where it is too short for its family */
export function loadAddress(memory: UserMemory, addr: number, sizeBytes: number): SocketAddress | undefined {
  if (addr === 0 || sizeBytes === 0) return undefined;
  if (sizeBytes < 0 || sizeBytes > SOCKADDR_MAX) throw EINVAL;
  const address = decodeSocketAddress(memory.readable(addr, sizeBytes));
  if (address === undefined) throw EINVAL;
  return address;
}

/** As `bringIn`, for storeAddress. */
export function bringInAddress(memory: UserMemory, addr: number, lengthAddr: number): void {
  bringIn(memory, lengthAddr, 4);
  bringIn(memory, addr, SOCKADDR_MAX);
}

/** Writes what fits of `address` and its whole length at `lengthAddr` (accept(2): the value returned may be greater). */
export function storeAddress(memory: UserMemory, addr: number, lengthAddr: number, address: SocketAddress): void {
  const room = memory.loadU32(lengthAddr);
  if (room > 0x7fff_ffff) throw EINVAL;
  const bytes = encodeSocketAddress(address);
  const part = bytes.subarray(0, room);
  if (part.length > 0) memory.writable(addr, part.length).set(part);
  memory.storeU32(lengthAddr, bytes.length);
}

export function sendMessage(thread: Thread, call: Call, socket: Socket, addr: number, flags: number): number | Blocked {
  const { memory } = thread;
  const header = abi.MSGHDR;
  // Linux __copy_msghdr: what is longer than any address is cut, where sendto(2) says EINVAL.
  const nameBytes = Math.min(memory.loadU32(addr + header.msg_namelen) | 0, SOCKADDR_MAX);
  const to = loadAddress(memory, memory.loadNumber(addr + header.msg_name), nameBytes);
  const control = sentControl(thread, socket, {
    addr: memory.loadNumber(addr + header.msg_control),
    sizeBytes: memory.loadNumber(addr + header.msg_controllen),
  });
  const bytes = UserVector.ofMessage(memory, memory.loadNumber(addr + header.msg_iov), partsOf(memory, addr));
  const options = { flags, to, names: socketNames(thread) };
  if (socket.type !== abi.SOCK_STREAM && bytes.windowBytes(0) < bytes.sizeBytes) throw EMSGSIZE;
  return writeWindows(call, bytes, (inner, src, at) =>
    socket.send(inner, src, at === 0 ? { ...options, ...control } : options),
  );
}

/** @throws EMSGSIZE, where readv(2) says EINVAL */
function partsOf(memory: UserMemory, addr: number): number {
  const count = memory.loadNumber(addr + abi.MSGHDR.msg_iovlen);
  if (count < 0 || count > IOV_MAX) throw EMSGSIZE;
  return count;
}

export function receiveMessage(
  thread: Thread,
  call: Call,
  socket: Socket,
  addr: number,
  flags: number,
): number | Blocked {
  const { memory } = thread;
  const header = abi.MSGHDR;
  bringIn(memory, addr, header.size);
  const hasName = memory.loadNumber(addr + header.msg_name) !== 0;
  if (hasName && memory.loadU32(addr + header.msg_namelen) > 0x7fff_ffff) throw EINVAL;
  const buffer = UserVector.toStore(memory, memory.loadNumber(addr + header.msg_iov), partsOf(memory, addr));
  // A re-run continues a MSG_WAITALL: what came before lies in guest memory already.
  const dst = new Uint8Array(buffer.windowBytes(0));
  const before = (call.progress as { doneBytes?: number } | undefined)?.doneBytes ?? 0;
  if (before > 0) dst.set(buffer.window(0).subarray(0, before));
  bringInAddress(memory, memory.loadNumber(addr + header.msg_name), addr + header.msg_namelen);
  const controlBytes = Math.min(memory.loadNumber(addr + header.msg_controllen), MAX_CONTROL_BYTES);
  bringIn(memory, memory.loadNumber(addr + header.msg_control), controlBytes);
  const message: ReceivedMessage = {};
  const count = socket.receive(call, dst, flags, message);
  const filled = isBlocked(count) ? ((count.progress as { doneBytes?: number }).doneBytes ?? 0) : count;
  if (!socket.discards(flags)) buffer.scatter(0, dst.subarray(0, Math.min(filled, dst.length)));
  if (isBlocked(count)) return count;
  const nameAddr = memory.loadNumber(addr + header.msg_name);
  if (nameAddr !== 0 && message.from !== undefined) {
    storeAddress(memory, nameAddr, addr + header.msg_namelen, message.from);
  } else memory.storeU32(addr + header.msg_namelen, 0);
  const isCut = (message.fullBytes ?? 0) > buffer.sizeBytes;
  const controlFlags = storeControl(thread, socket, addr, message, flags);
  memory.storeU32(addr + header.msg_flags, (isCut ? abi.MSG_TRUNC : 0) | controlFlags | (message.flags ?? 0));
  return count;
}

/** What a message carries besides its bytes. @throws EINVAL, EBADF, ENOBUFS, EPERM, ESRCH */
function sentControl(
  thread: Thread,
  socket: Socket,
  { addr, sizeBytes }: { readonly addr: number; readonly sizeBytes: number },
): Pick<SendOptions, 'files' | 'credentials' | 'control'> {
  if (addr === 0 || sizeBytes < abi.CMSGHDR.size) return {};
  if (sizeBytes > MAX_SENT_CONTROL_BYTES) throw ENOBUFS;
  const messages = controlMessages(thread.memory.readable(addr, sizeBytes));
  // Linux net/socket.c and af_inet: rights and credentials mean something to Unix sockets only; others pass them over.
  if (socket.family !== abi.AF_UNIX) return { control: messages };
  const files: OpenFile[] = [];
  let credentials: PeerCredentials | undefined;
  for (const { level, type, data } of messages) {
    if (level !== abi.SOL_SOCKET) continue;
    const words = new Int32Array(data.slice(0, data.length & ~3).buffer);
    if (type === abi.SCM_RIGHTS) files.push(...[...words].map((fd) => thread.files.get(fd)));
    else if (type === abi.SCM_CREDENTIALS) credentials = checkedCredentials(thread, data, words);
    else throw EINVAL;
    if (files.length > abi.SCM_MAX_FD) throw EINVAL;
  }
  if (files.length > 0) checkFlying(thread);
  return { ...(files.length > 0 && { files }), ...(credentials !== undefined && { credentials }) };
}

/** Linux net/unix/af_unix.c: too_many_unix_fds. @throws ETOOMANYREFS */
function checkFlying(thread: Thread): void {
  const { credentials, machine, program } = asGuest(thread);
  if ((machine.network.flyingFiles.get(credentials.uid) ?? 0) <= program.limits.soft(RLIMIT_NOFILE)) return;
  if (!isCapable(credentials, CAP_SYS_RESOURCE) && !isCapable(credentials, CAP_SYS_ADMIN)) throw ETOOMANYREFS;
}

function controlMessages(bytes: Uint8Array): ControlMessage[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const messages: ControlMessage[] = [];
  for (let at = 0; at + abi.CMSGHDR.size <= bytes.length;) {
    const length = Number(view.getBigUint64(at + abi.CMSGHDR.cmsg_len, true));
    if (length < abi.CMSGHDR.size || at + length > bytes.length) throw EINVAL;
    messages.push({
      level: view.getInt32(at + abi.CMSGHDR.cmsg_level, true),
      type: view.getInt32(at + abi.CMSGHDR.cmsg_type, true),
      data: bytes.slice(at + abi.CMSGHDR.size, at + length),
    });
    at += align8(length);
  }
  return messages;
}

// Linux net/core/scm.c: scm_check_creds. The privileged may name anybody who is there, others only what they are.
function checkedCredentials(
  thread: Thread,
  data: Uint8Array,
  [pid = 0, uid = 0, gid = 0]: Int32Array,
): PeerCredentials {
  if (data.length !== UCRED_BYTES) throw EINVAL;
  const { credentials } = thread;
  const { savedUid = 0, savedGid = 0 } = credentials;
  if (uid === -1 || gid === -1) throw EINVAL;
  if (pid !== thread.program.pid) requireCapability(credentials, CAP_SYS_ADMIN);
  const isOwnUser = [credentials.uid, credentials.euid, savedUid].includes(uid >>> 0);
  if (!isOwnUser) requireCapability(credentials, CAP_SETUID);
  const isOwnGroup = [credentials.gid, credentials.egid, savedGid].includes(gid >>> 0);
  if (!isOwnGroup) requireCapability(credentials, CAP_SETGID);
  if (pid !== thread.program.pid && asGuest(thread).machine.program(pid) === undefined) throw ESRCH;
  return { pid, uid, gid };
}

/** What this message's control buffer says, in the order of Linux: times and packets, who sent it, descriptors. */
function storeControl(thread: Thread, socket: Socket, addr: number, message: ReceivedMessage, flags: number): number {
  const { memory } = thread;
  const control = memory.loadNumber(addr + abi.MSGHDR.msg_control);
  const wanted = Math.min(memory.loadNumber(addr + abi.MSGHDR.msg_controllen), MAX_CONTROL_BYTES);
  const room = control === 0 ? 0 : memory.prefix(control, wanted, true);
  const writer = new ControlWriter(memory, control, room);
  for (const each of message.control ?? []) writer.put(each);
  const { credentials } = message;
  if (credentials !== undefined && socket.options.socket(abi.SO_PASSCRED) !== 0) {
    const { pid, uid, gid } = credentials;
    const data = new Uint8Array(Int32Array.of(pid, uid, gid).buffer);
    writer.put({ level: abi.SOL_SOCKET, type: abi.SCM_CREDENTIALS, data });
  }
  const fds = takeFiles(thread, message.files ?? [], writer.roomFor(4), flags);
  if (fds.length < (message.files?.length ?? 0)) writer.isCut = true;
  const rights = new Uint8Array(Int32Array.from(fds).buffer);
  if (fds.length > 0) writer.put({ level: abi.SOL_SOCKET, type: abi.SCM_RIGHTS, data: rights });
  const isPidfdWanted = socket.options.socket(abi.SO_PASSPIDFD) !== 0 && (credentials?.pid ?? 0) !== 0;
  if (isPidfdWanted && writer.roomFor(4) > 0) {
    const pidfd = Int32Array.of(pidfdOrError(thread, credentials?.pid ?? 0));
    writer.put({ level: abi.SOL_SOCKET, type: abi.SCM_PIDFD, data: new Uint8Array(pidfd.buffer) });
  }
  memory.storeNumber(addr + abi.MSGHDR.msg_controllen, writer.usedBytes);
  return writer.isCut ? abi.MSG_CTRUNC : 0;
}

/** Linux net/core/scm.c, scm_pidfd_recv: the message is told all the same. */
function pidfdOrError(thread: Thread, pid: number): number {
  try {
    return openProgramFile(thread, pid);
  } catch (error) {
    if (error instanceof Errno) return -error.code;
    throw error;
  }
}

/** Gives at most `most` of the files descriptors, as long as there are free ones; the others close. */
function takeFiles(thread: Thread, files: readonly OpenFile[], most: number, flags: number): readonly number[] {
  const isCloseOnExec = (flags & abi.MSG_CMSG_CLOEXEC) !== 0;
  const fds: number[] = [];
  try {
    for (const file of files.slice(0, most)) fds.push(thread.files.add(file, { isCloseOnExec }));
  } catch (error) {
    if (error !== EMFILE && error !== ENFILE) throw error;
  }
  for (const file of files.slice(fds.length)) file.release();
  return fds;
}

/** Writes control messages one behind the other (Linux net/core/scm.c: put_cmsg). */
class ControlWriter {
  isCut = false;
  usedBytes = 0;
  readonly #memory: UserMemory;
  readonly #addr: number;
  readonly #room: number;

  constructor(memory: UserMemory, addr: number, room: number) {
    this.#memory = memory;
    this.#addr = addr;
    this.#room = room;
  }

  /** How many items of `sizeBytes` a message could carry now. */
  roomFor(sizeBytes: number): number {
    return Math.max(0, Math.floor((this.#room - this.usedBytes - abi.CMSGHDR.size) / sizeBytes));
  }

  /** Cuts what does not fit; leaves out what has no room for its header. */
  put({ level, type, data }: ControlMessage): void {
    const left = this.#room - this.usedBytes;
    if (left < abi.CMSGHDR.size + data.length) this.isCut = true;
    if (left < abi.CMSGHDR.size) return;
    const part = data.subarray(0, left - abi.CMSGHDR.size);
    const bytes = new Uint8Array(abi.CMSGHDR.size + part.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(abi.CMSGHDR.cmsg_len, bytes.length, true);
    view.setInt32(abi.CMSGHDR.cmsg_level, level, true);
    view.setInt32(abi.CMSGHDR.cmsg_type, type, true);
    bytes.set(part, abi.CMSGHDR.size);
    this.#memory.writable(this.#addr + this.usedBytes, bytes.length).set(bytes);
    this.usedBytes += Math.min(align8(bytes.length), left);
  }
}

function align8(sizeBytes: number): number {
  return Math.ceil(sizeBytes / 8) * 8;
}
