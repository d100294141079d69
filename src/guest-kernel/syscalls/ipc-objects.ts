/** msgctl, semctl and shmctl: one routine over what differs between the kinds; the clock in seconds, struct ipc64_perm. */
import { EINVAL } from '../abi/errno.ts';
import { IPC_INFO, IPC_PERM, IPC_RMID, IPC_SET, IPC_STAT } from '../abi/ipc.ts';
import { type IpcObject, type IpcTable, requireAccess, requireOwner } from '../ipc/ipc-table.ts';
import { asGuest } from '../program/guest-task.ts';
import type { SystemV } from '../ipc/system-v.ts';
import type { Thread } from '../program/thread.ts';
import type { UserMemory } from '../vfs/open-file.ts';
import type { Result } from './syscall.ts';

const READ = 0o444;

export interface IpcControl {
  readonly id: number;
  readonly command: number;
  readonly buffer: number;
}

/** A kind of objects, as its ctl(2) sees it. */
export interface IpcKind<T extends IpcObject> {
  readonly table: IpcTable<T>;
  /** Numbers of its *_INFO, *_STAT and *_STAT_ANY. */
  readonly commands: { readonly info: number; readonly stat: number; readonly statAny: number };
  /** Of the struct of IPC_STAT and IPC_SET. */
  readonly sizeBytes: number;
  store(addr: number, object: T): void;
  /** IPC_INFO (limits) and *_INFO (usage). */
  storeInfo(isUsage: boolean, addr: number): void;
  /** IPC_SET, whose buffer is readable; the caller may own it. */
  change(addr: number, object: T): void;
  remove(object: T): void;
  /** What only this kind has. @throws EINVAL */
  other?(object: () => T): Result;
}

/** @throws EINVAL, EIDRM, EACCES, EPERM, EFAULT in the order of Linux ipc/util.c */
export function controlIpc<T extends IpcObject>(thread: Thread, kind: IpcKind<T>, args: IpcControl): Result {
  const { id, command, buffer } = args;
  const { table, commands } = kind;
  if (id < 0 || command < 0) throw EINVAL;
  switch (command) {
    case IPC_INFO:
    case commands.info:
      kind.storeInfo(command === commands.info, buffer);
      return table.highestSlot;
    case commands.stat:
    case commands.statAny: {
      const object = table.at(id);
      if (command === commands.stat) requireAccess(object, thread.credentials, READ);
      kind.store(buffer, object);
      return object.id;
    }
    case IPC_STAT: {
      const object = table.find(id);
      requireAccess(object, thread.credentials, READ);
      kind.store(buffer, object);
      return 0;
    }
    case IPC_SET: {
      thread.memory.readable(buffer, kind.sizeBytes);
      const object = table.find(id);
      requireOwner(object, thread.credentials);
      kind.change(buffer, object);
      return 0;
    }
    case IPC_RMID: {
      const object = table.find(id);
      requireOwner(object, thread.credentials);
      kind.remove(object);
      return 0;
    }
    default:
      if (kind.other === undefined) throw EINVAL;
      return kind.other(() => table.find(id));
  }
}

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

/** IPC_SET: owner and permission bits from the buffer, which is readable. */
export function changePermissions(thread: Thread, addr: number, object: IpcObject): void {
  const { memory } = thread;
  object.uid = memory.loadU32(addr + IPC_PERM.uid);
  object.gid = memory.loadU32(addr + IPC_PERM.gid);
  object.mode = (object.mode & ~0o777) | (memory.loadU32(addr + IPC_PERM.mode) & 0o777);
  object.changedSeconds = nowSeconds(thread);
}
