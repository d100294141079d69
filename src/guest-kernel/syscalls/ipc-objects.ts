/** What msgctl, semctl and shmctl have in common: the clock in seconds and struct ipc64_perm. */
import { IPC_PERM } from '../abi/ipc.ts';
import type { IpcObject } from '../ipc/ipc-table.ts';
import { requireOwner } from '../ipc/ipc-table.ts';
import { asGuest } from '../program/guest-task.ts';
import type { SystemV } from '../ipc/system-v.ts';
import type { Thread } from '../program/thread.ts';
import type { UserMemory } from '../vfs/open-file.ts';

export function systemV(thread: Thread): SystemV {
  return asGuest(thread).machine.systemV;
}

export function nowSeconds(thread: Thread): number {
  return Math.floor(asGuest(thread).machine.realtimeMs() / 1000);
}

export function storePermissions(memory: UserMemory, addr: number, object: IpcObject, sizeBytes: number): void {
  memory.writable(addr, sizeBytes).fill(0);
  memory.storeU32(addr + IPC_PERM.key, object.key);
  memory.storeU32(addr + IPC_PERM.uid, object.uid);
  memory.storeU32(addr + IPC_PERM.gid, object.gid);
  memory.storeU32(addr + IPC_PERM.cuid, object.cuid);
  memory.storeU32(addr + IPC_PERM.cgid, object.cgid);
  memory.storeU32(addr + IPC_PERM.mode, object.mode);
  memory.storeU32(addr + IPC_PERM.seq, object.sequence & 0xffff);
}

/** IPC_SET: owner and permission bits from the buffer. @throws EPERM, EFAULT */
export function changePermissions(thread: Thread, addr: number, object: IpcObject): void {
  const { memory } = thread;
  memory.readable(addr, IPC_PERM.size);
  requireOwner(object, thread.credentials);
  object.uid = memory.loadU32(addr + IPC_PERM.uid);
  object.gid = memory.loadU32(addr + IPC_PERM.gid);
  object.mode = (object.mode & ~0o777) | (memory.loadU32(addr + IPC_PERM.mode) & 0o777);
  object.changedSeconds = nowSeconds(thread);
}
