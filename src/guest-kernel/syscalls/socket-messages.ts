/** struct msghdr and its control messages: sendmsg(2), recvmsg(2), cmsg(3). */
import { EADDRINUSE, EEXIST, EINVAL, ETOOMANYREFS } from '../abi/errno.ts';
import * as abi from '../abi/socket.ts';
import { decodeSocketAddress, encodeSocketAddress, SOCKADDR_MAX, type SocketAddress } from '../abi/socket-address.ts';
import { isBlocked, type Blocked } from '../program/blocked.ts';
import type { Thread } from '../program/thread.ts';
import type { Call, OpenFile, UserMemory } from '../vfs/open-file.ts';
import type { ReceivedMessage, Socket, SocketNames } from '../net/socket/socket.ts';
import { bringIn, gather, scatterBuffer } from './user-buffers.ts';

/** More than the control messages of one message ever are: SCM_MAX_FD descriptors and credentials. */
const MAX_CONTROL_BYTES = 4096;

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
    find: (path) => vfs.walk(thread, path).dentry.inode,
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
  const to = loadAddress(memory, memory.loadNumber(addr + header.msg_name), memory.loadU32(addr + header.msg_namelen));
  const files = sentFiles(
    thread,
    memory.loadNumber(addr + header.msg_control),
    memory.loadNumber(addr + header.msg_controllen),
  );
  const src = gather(memory, memory.loadNumber(addr + header.msg_iov), memory.loadNumber(addr + header.msg_iovlen));
  return socket.send(call, src, {
    flags,
    to,
    names: socketNames(thread),
    ...(files.length > 0 && { files }),
  });
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
  const buffer = scatterBuffer(
    memory,
    memory.loadNumber(addr + header.msg_iov),
    memory.loadNumber(addr + header.msg_iovlen),
  );
  // A re-run continues a MSG_WAITALL: what came before lies in guest memory already.
  const dst = new Uint8Array(buffer.sizeBytes);
  const before = (call.progress as { doneBytes?: number } | undefined)?.doneBytes ?? 0;
  if (before > 0)
    dst.set(
      gather(memory, memory.loadNumber(addr + header.msg_iov), memory.loadNumber(addr + header.msg_iovlen)).subarray(
        0,
        before,
      ),
    );
  bringInAddress(memory, memory.loadNumber(addr + header.msg_name), addr + header.msg_namelen);
  const controlBytes = Math.min(memory.loadNumber(addr + header.msg_controllen), MAX_CONTROL_BYTES);
  bringIn(memory, memory.loadNumber(addr + header.msg_control), controlBytes);
  const message: ReceivedMessage = {};
  const count = socket.receive(call, dst, flags, message);
  const filled = isBlocked(count) ? ((count.progress as { doneBytes?: number }).doneBytes ?? 0) : count;
  buffer.scatter(dst.subarray(0, Math.min(filled, dst.length)));
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

/** Open files named by SCM_RIGHTS. @throws EINVAL, EBADF, ETOOMANYREFS */
function sentFiles(thread: Thread, control: number, sizeBytes: number): readonly OpenFile[] {
  const { memory } = thread;
  const files: OpenFile[] = [];
  const end = control === 0 ? 0 : sizeBytes;
  for (let at = 0; at + abi.CMSGHDR.size <= end;) {
    const length = memory.loadNumber(control + at + abi.CMSGHDR.cmsg_len);
    if (length < abi.CMSGHDR.size || at + length > sizeBytes) throw EINVAL;
    const level = memory.loadU32(control + at + abi.CMSGHDR.cmsg_level);
    const type = memory.loadU32(control + at + abi.CMSGHDR.cmsg_type);
    if (level !== abi.SOL_SOCKET) throw EINVAL;
    if (type === abi.SCM_RIGHTS) {
      for (let i = abi.CMSGHDR.size; i + 4 <= length; i += 4) {
        files.push(thread.files.get(memory.loadU32(control + at + i) | 0));
      }
    } else if (type !== abi.SCM_CREDENTIALS) throw EINVAL;
    at += align8(length);
  }
  if (files.length > abi.SCM_MAX_FD) throw ETOOMANYREFS;
  return files;
}

/** Writes the control messages that fit. @returns MSG_CTRUNC when some did not */
function storeControl(thread: Thread, socket: Socket, addr: number, message: ReceivedMessage, flags: number): number {
  const { memory } = thread;
  const control = memory.loadNumber(addr + abi.MSGHDR.msg_control);
  const room = control === 0 ? 0 : memory.loadNumber(addr + abi.MSGHDR.msg_controllen);
  let at = 0;
  let truncated = 0;
  const put = (type: number, data: Uint8Array): void => {
    const header = new Uint8Array(abi.CMSGHDR.size);
    const view = new DataView(header.buffer);
    view.setUint32(abi.CMSGHDR.cmsg_len, header.length + data.length, true);
    view.setUint32(abi.CMSGHDR.cmsg_level, abi.SOL_SOCKET, true);
    view.setUint32(abi.CMSGHDR.cmsg_type, type, true);
    memory.writable(control + at, header.length).set(header);
    memory.writable(control + at + header.length, data.length).set(data);
    at += Math.min(align8(header.length + data.length), room - at);
  };
  const peer = socket.options.socket(abi.SO_PASSCRED) === 0 ? undefined : socket.peerCredentials();
  if (peer !== undefined) {
    if (room - at < abi.CMSGHDR.size + 12) truncated = abi.MSG_CTRUNC;
    else put(abi.SCM_CREDENTIALS, new Uint8Array(Int32Array.of(peer.pid, peer.uid, peer.gid).buffer));
  }
  const files = message.files ?? [];
  const fitting = Math.max(0, Math.min(files.length, Math.floor((room - at - abi.CMSGHDR.size) / 4)));
  const isCloseOnExec = (flags & abi.MSG_CMSG_CLOEXEC) !== 0;
  const fds = files.slice(0, fitting).map((file) => thread.files.add(file, { isCloseOnExec }));
  for (const file of files.slice(fitting)) file.release();
  if (fitting < files.length) truncated = abi.MSG_CTRUNC;
  if (fds.length > 0) put(abi.SCM_RIGHTS, new Uint8Array(Int32Array.from(fds).buffer));
  memory.storeNumber(addr + abi.MSGHDR.msg_controllen, at);
  return truncated;
}

function align8(sizeBytes: number): number {
  return Math.ceil(sizeBytes / 8) * 8;
}
