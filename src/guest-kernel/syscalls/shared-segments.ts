/** shmget(2), shmat(2), shmdt(2), shmctl(2). */
import { PAGE_SIZE } from '../../emulator/index.ts';
import { CAP_IPC_LOCK } from '../abi/capability.ts';
import { EINVAL, ENOMEM, ENOSYS, EPERM } from '../abi/errno.ts';
import * as abi from '../abi/ipc.ts';
import { PROT_EXEC, PROT_READ, PROT_WRITE } from '../abi/mman.ts';
import { RLIMIT_MEMLOCK } from '../abi/resource.ts';
import { requireAccess } from '../ipc/ipc-table.ts';
import { SharedSegment } from '../ipc/shared-segments.ts';
import { pageUp } from '../mm/memory-map.ts';
import { asGuest } from '../program/guest-task.ts';
import type { RunningMachine } from '../program/running-machine.ts';
import type { Thread } from '../program/thread.ts';
import { isCapable, requireCapability } from '../vfs/credentials.ts';
import { sharedPages } from '../vfs/shared-pages.ts';
import {
  type IpcControl,
  changePermissions,
  controlIpc,
  nowSeconds,
  storePermissions,
  systemV,
} from './ipc-objects.ts';
import { type Result, type Syscall, partial, syscall } from './syscall.ts';

const READ = 0o444;
const WRITE = 0o222;
const EXECUTE = 0o111;

function shmget(thread: Thread, { key, size, flags }: { key: number; size: number; flags: number }): Result {
  const wish = { key, flags, credentials: thread.credentials, nowSeconds: nowSeconds(thread) };
  const { segments } = systemV(thread);
  const isNew = segments.withKey(key) === undefined;
  const mayCreate = key === abi.IPC_PRIVATE || (flags & abi.IPC_CREAT) !== 0;
  if (isNew && mayCreate && (size === 0 || size > Number.MAX_SAFE_INTEGER)) throw EINVAL;
  const isHuge = (flags & abi.SHM_HUGETLB) !== 0;
  if (isNew && mayCreate && isHuge) requireCapability(thread.credentials, CAP_IPC_LOCK);
  if (isNew && mayCreate && (isHuge || size > 2 ** 32)) throw ENOMEM;
  const make = (object: ConstructorParameters<typeof SharedSegment>[0]): SharedSegment => create(thread, object, size);
  return segments.get(wish, make, (found) => {
    if (size > found.sizeBytes) throw EINVAL;
  }).id;
}

function create(thread: Thread, object: ConstructorParameters<typeof SharedSegment>[0], size: number): SharedSegment {
  const { machine } = asGuest(thread);
  if (machine.memoryFiles === undefined) throw ENOSYS;
  const { euid: uid, egid: gid } = thread.credentials;
  const { inode } = machine.memoryFiles.create('SYSV', 0o666, { uid, gid }).dentry;
  inode.setAttributes({ sizeBytes: pageUp(size) });
  const segment = new SharedSegment(object, { sizeBytes: size, inode, creator: thread.program.pid });
  sharedPages(inode).onUnmapped = () => detached(machine, segment);
  return segment;
}

/** One mapping less: the last of a doomed segment takes it along. */
function detached(machine: RunningMachine, segment: SharedSegment): void {
  segment.detachedSeconds = Math.floor(machine.realtimeMs() / 1000);
  segment.lastPid = machine.current?.program.pid ?? segment.lastPid;
  if (segment.isDoomed && segment.attachments === 0) destroy(machine, segment);
}

function destroy({ systemV: { segments } }: RunningMachine, segment: SharedSegment): void {
  segments.remove(segment);
  sharedPages(segment.inode).onUnmapped = undefined;
  segment.inode.release();
}

function shmat(thread: Thread, { id, addr, flags }: { id: number; addr: number; flags: number }): Result {
  if (id < 0) throw EINVAL;
  const isReadOnly = (flags & abi.SHM_RDONLY) !== 0;
  const isExecutable = (flags & abi.SHM_EXEC) !== 0;
  let at = addr;
  if (addr === 0 && (flags & abi.SHM_REMAP) !== 0) throw EINVAL;
  if (addr % PAGE_SIZE !== 0) {
    if ((flags & abi.SHM_RND) === 0) throw EINVAL;
    at -= addr % PAGE_SIZE;
    if (at === 0 && (flags & abi.SHM_REMAP) !== 0) throw EINVAL;
  }
  const segment = systemV(thread).segments.find(id);
  requireAccess(segment, thread.credentials, READ | (isReadOnly ? 0 : WRITE) | (isExecutable ? EXECUTE : 0));
  const { map } = asGuest(thread).namespace;
  const sizeBytes = pageUp(segment.sizeBytes);
  const isTaken = at !== 0 && map.areas.within(at, at + sizeBytes).length > 0;
  if (isTaken && (flags & abi.SHM_REMAP) === 0) throw EINVAL;
  const result = map.map({
    addr: at,
    sizeBytes,
    protection: PROT_READ | (isReadOnly ? 0 : PROT_WRITE) | (isExecutable ? PROT_EXEC : 0),
    isFixed: at !== 0,
    isShared: true,
    isUnwritable: isReadOnly, // nor does mprotect(2) make it so
    inode: segment.inode,
    name: segment.name,
  });
  segment.attachedSeconds = nowSeconds(thread);
  segment.lastPid = thread.program.pid;
  return result;
}

/** Unmaps what is left of the attachment that began at `addr` (Linux ipc/shm.c: ksys_shmdt). */
function shmdt(thread: Thread, { addr }: { addr: number }): Result {
  if (addr % PAGE_SIZE !== 0) throw EINVAL;
  const { map } = asGuest(thread).namespace;
  const segments = systemV(thread).segments.all;
  const first = map.areas.all.find(({ startAddr, offset, shared, inode }) => {
    return startAddr - offset === addr && shared !== undefined && segments.some((each) => each.inode === inode);
  });
  if (first === undefined) throw EINVAL;
  const sizeBytes = pageUp(first.inode?.attributes().sizeBytes ?? 0);
  for (const piece of map.areas.within(addr, addr + sizeBytes)) {
    if (piece.inode === first.inode && piece.startAddr - piece.offset === addr) {
      map.unmap(piece.startAddr, piece.endAddr - piece.startAddr);
    }
  }
  return 0;
}

function shmctl(thread: Thread, args: IpcControl): Result {
  return controlIpc(
    thread,
    {
      table: systemV(thread).segments,
      commands: { info: abi.SHM_INFO, stat: abi.SHM_STAT, statAny: abi.SHM_STAT_ANY },
      sizeBytes: abi.SHMID_DS.size,
      store: (addr, segment) => storeSegment(thread, addr, segment),
      storeInfo: (isUsage, addr) => storeInfo(thread, isUsage, addr),
      change: (addr, segment) => changePermissions(thread, addr, segment),
      remove: (segment) => doom(asGuest(thread).machine, segment),
      other(find) {
        // Nothing is ever swapped out: locked or not is all the same.
        if (args.command !== abi.SHM_LOCK && args.command !== abi.SHM_UNLOCK) throw EINVAL;
        const segment = find();
        const { credentials, program } = asGuest(thread);
        if (isCapable(credentials, CAP_IPC_LOCK)) return 0;
        if (![segment.uid, segment.cuid].includes(credentials.euid)) throw EPERM;
        if (args.command === abi.SHM_LOCK && program.limits.soft(RLIMIT_MEMLOCK) === 0) throw EPERM;
        return 0;
      },
    },
    args,
  );
}

/** IPC_RMID: nobody finds it by its key any more; it goes with its last attachment. */
function doom(machine: RunningMachine, segment: SharedSegment): void {
  segment.mode |= abi.SHM_DEST;
  segment.key = abi.IPC_PRIVATE;
  if (segment.attachments === 0) destroy(machine, segment);
}

function storeSegment({ memory }: Thread, addr: number, segment: SharedSegment): void {
  storePermissions(memory, addr, segment, abi.SHMID_DS.size);
  memory.storeNumber(addr + abi.SHMID_DS.shm_segsz, segment.sizeBytes);
  memory.storeNumber(addr + abi.SHMID_DS.shm_atime, segment.attachedSeconds);
  memory.storeNumber(addr + abi.SHMID_DS.shm_dtime, segment.detachedSeconds);
  memory.storeNumber(addr + abi.SHMID_DS.shm_ctime, segment.changedSeconds);
  memory.storeU32(addr + abi.SHMID_DS.shm_cpid, segment.creator);
  memory.storeU32(addr + abi.SHMID_DS.shm_lpid, segment.lastPid);
  memory.storeNumber(addr + abi.SHMID_DS.shm_nattch, segment.attachments);
}

/** sysctl kernel.shmmax and shmall: ULONG_MAX - (1 << 24). */
const UNBOUNDED = -(1n << 24n) - 1n;

// struct shminfo: max, min, mni, seg, all, four unused; struct shm_info: ids (32 bits), total, resident, swapped, two more.
function storeInfo(thread: Thread, isUsage: boolean, addr: number): void {
  const { segments } = systemV(thread);
  const { memory } = thread;
  if (!isUsage) {
    const fields = [UNBOUNDED, 1n, BigInt(abi.SHMMNI), BigInt(abi.SHMMNI), UNBOUNDED, 0n, 0n, 0n, 0n];
    memory.writable(addr, fields.length * 8);
    fields.forEach((field, i) => memory.storeI64(addr + i * 8, field));
    return;
  }
  const pages = segments.all.reduce((sum, { sizeBytes }) => sum + pageUp(sizeBytes) / PAGE_SIZE, 0);
  memory.writable(addr, 48).fill(0);
  memory.storeNumber(addr, segments.all.length);
  memory.storeNumber(addr + 8, pages);
  memory.storeNumber(addr + 16, pages);
}

const NO_HUGE_PAGES = partial('no huge pages');

// oxfmt-ignore
export const segmentCalls: readonly Syscall[] = [
  syscall({ nr: 29, name: 'shmget', args: { key: 'int', size: 'size', flags: 'flags' }, support: NO_HUGE_PAGES, run: shmget }),
  syscall({ nr: 30, name: 'shmat', args: { id: 'int', addr: 'ptr', flags: 'flags' }, support: 'full', run: shmat }),
  syscall({ nr: 31, name: 'shmctl', args: { id: 'int', command: 'int', buffer: 'ptr' }, support: 'full', run: shmctl }),
  syscall({ nr: 67, name: 'shmdt', args: { addr: 'ptr' }, support: 'full', run: shmdt }),
];
