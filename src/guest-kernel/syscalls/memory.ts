/** mmap(2), munmap(2), mprotect(2), brk(2), mremap(2), madvise(2), mincore(2), msync(2) and their like. */
import { GUEST_BASE, GUEST_LIMIT, PAGE_SIZE, WINDOW_BASE, WINDOW_END } from '../../emulator/index.ts';
import { byteStringFrom } from '../../emulator/util/bytes.ts';
import {
  EACCES,
  EAGAIN,
  EBADF,
  EBUSY,
  EFAULT,
  EINVAL,
  ENODEV,
  ENOMEM,
  ENOSPC,
  EOVERFLOW,
  EPERM,
} from '../abi/errno.ts';
import {
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  O_ACCMODE,
  O_PATH,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
} from '../abi/fcntl.ts';
import {
  MADV_DONTNEED,
  MADV_FREE,
  MADV_POPULATE_READ,
  MADV_POPULATE_WRITE,
  MADV_REMOVE,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_POPULATE,
  MAP_GROWSDOWN,
  MAP_LOCKED,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_SHARED_VALIDATE,
  MAP_TYPE,
  MREMAP_DONTUNMAP,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  PROT_EXEC,
  PROT_GROWSDOWN,
  PROT_GROWSUP,
  PROT_READ,
  PROT_SEM,
  PROT_WRITE,
} from '../abi/mman.ts';
import { S_IFMT, S_IFREG } from '../abi/stat.ts';
import { BRK_LIMIT } from '../loader/load-program.ts';
import { hasLocked, setLocked } from '../mm/locked-areas.ts';
import { type MemoryMap, pageUp } from '../mm/memory-map.ts';
import { asGuest } from '../program/guest-task.ts';
import type { Thread } from '../program/thread.ts';
import { isAppendOnly } from '../vfs/file-flags.ts';
import type { Inode } from '../vfs/inode.ts';
import { requireMappable } from '../vfs/seals.ts';
import { requireLockable } from './memory-locks.ts';
import { allocateFile, readFile } from '../vfs/shared-pages.ts';
import { type Result, type Syscall, syscall } from './syscall.ts';

const ADDRESSES = 2 ** 47;
const MOST_OFFSET = 2 ** 63 - PAGE_SIZE;
const PROT_KNOWN = PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM | PROT_GROWSDOWN | PROT_GROWSUP;
const PROTECTION = PROT_READ | PROT_WRITE | PROT_EXEC;
const MS_ASYNC = 1;
const MS_INVALIDATE = 2;
const MS_SYNC = 4;
/** mincore(2): most pages answered in one call, to bound the buffer. */
const MINCORE_PAGES = 1 << 20;

interface MmapArguments {
  readonly addr: number;
  readonly length: number;
  readonly protection: number;
  readonly flags: number;
  readonly fd: number;
  readonly offset: number;
}

function mapOf(thread: Thread): MemoryMap {
  return asGuest(thread).namespace.map;
}

/** Where GHC's runtime wishes its heap; it asks again, a little higher each time, while it gets less than 8 GiB. */
const WINDOW_WISHES = 0x42_0000_0000;
const WINDOW_WISHES_END = 0x43_0000_0000;

/**
 * A wish for private memory as GHC's runtime has it opens the space's window. Others wish high places too (SBCL, Go, V8) and
 * are content below.
 */
function mmapOrWindow(thread: Thread, args: MmapArguments): Result {
  const { addr, flags } = args;
  const { space } = mapOf(thread);
  const isFixed = (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) !== 0;
  const isAnonymous = (flags & MAP_TYPE) === MAP_PRIVATE && (flags & MAP_ANONYMOUS) !== 0;
  const isInside = isFixed
    ? addr >= WINDOW_BASE && addr < WINDOW_END && space.hasWindow
    : addr >= WINDOW_WISHES && addr < WINDOW_WISHES_END && isAnonymous;
  if (!isInside) return mmap(thread, args);
  const at = mmap(thread, { ...args, addr: isFixed ? space.fold(addr) : 0 });
  space.setWindow(true);
  return at + WINDOW_BASE;
}

function mmap(thread: Thread, args: MmapArguments): number {
  const { addr, length, flags } = args;
  const type = flags & MAP_TYPE;
  if (length === 0 || ![MAP_SHARED, MAP_PRIVATE, MAP_SHARED_VALIDATE].includes(type)) throw EINVAL;
  if (args.offset % PAGE_SIZE !== 0 || args.offset < 0) throw EINVAL;
  const isFixed = (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) !== 0;
  if (isFixed && addr % PAGE_SIZE !== 0) throw EINVAL;
  const protection = args.protection & PROTECTION;
  const isShared = type !== MAP_PRIVATE;
  if (isShared && (flags & MAP_GROWSDOWN) !== 0) throw EINVAL;
  if (length > ADDRESSES) throw ENOMEM;
  if ((flags & MAP_ANONYMOUS) === 0 && args.offset + length > MOST_OFFSET) throw EOVERFLOW;
  const isLocked = (flags & MAP_LOCKED) !== 0 || mapOf(thread).locksFuture;
  if (isLocked) requireLockable(thread, pageUp(length));
  const file = (flags & MAP_ANONYMOUS) === 0 ? fileToMap(thread, args.fd, protection, isShared) : undefined;
  if (file === undefined && isShared) return mapSharedMemory(thread, args);
  const map = mapOf(thread);
  const isLibrary = file !== undefined && addr === 0 && !isFixed && !isShared && args.offset === 0 && isElf(file.inode);
  const at = map.map({
    addr: isLibrary ? libraryPlace(thread, file.inode, length) : addr,
    sizeBytes: length,
    protection,
    isFixed,
    isNoReplace: (flags & MAP_FIXED_NOREPLACE) !== 0,
    isShared,
    isUnwritable: file?.isUnwritable ?? false,
    inode: file?.inode,
    offset: args.offset,
    name: file?.path ?? '',
  });
  if (isLocked) setLocked(map, at, at + pageUp(length), true);
  if ((isLocked || (flags & MAP_POPULATE) !== 0) && protection !== 0) map.populateQuietly(at, at + pageUp(length));
  return at;
}

/** As ld.so maps a library first: all of it, anywhere. @throws NotResident */
function isElf(inode: Inode): boolean {
  const magic = new Uint8Array(4);
  return readFile(inode, 0, magic) === 4 && magic[0] === 0x7f && byteStringFrom(magic.subarray(1)) === 'ELF';
}

function libraryPlace(thread: Thread, inode: Inode, sizeBytes: number): number {
  const { inodeNumber } = inode.attributes();
  const { deviceNumber } = inode.filesystem;
  return asGuest(thread).machine.libraryPlaces.addressOf({ deviceNumber, inodeNumber, sizeBytes });
}

/** Shared memory without a file is a file without a name, as on Linux (mm/shmem.c: shmem_zero_setup). */
function mapSharedMemory(thread: Thread, args: MmapArguments): number {
  const { machine, namespace } = asGuest(thread);
  if (machine.memoryFiles === undefined) throw ENOMEM;
  const { inode } = machine.memoryFiles.create('zero', 0o666, { uid: 0, gid: 0 }).dentry;
  try {
    const sizeBytes = pageUp(args.length);
    inode.setAttributes({ sizeBytes });
    return namespace.map.map({
      addr: args.addr,
      sizeBytes,
      protection: args.protection & PROTECTION,
      isFixed: (args.flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) !== 0,
      isNoReplace: (args.flags & MAP_FIXED_NOREPLACE) !== 0,
      isShared: true,
      inode,
      name: '/dev/zero (deleted)',
    });
  } finally {
    inode.release();
  }
}

function fileToMap(
  thread: Thread,
  fd: number,
  protection: number,
  isShared: boolean,
): { readonly inode: Inode; readonly path: string; readonly isUnwritable: boolean } | undefined {
  const file = thread.files.get(fd);
  if ((file.flags & O_PATH) !== 0) throw EBADF;
  const access = file.flags & O_ACCMODE;
  if (access !== O_RDONLY && access !== O_RDWR) throw access === O_WRONLY ? EACCES : EBADF;
  if (isShared && (protection & PROT_WRITE) !== 0 && access !== O_RDWR) throw EACCES;
  // Linux mm/mmap.c: do_mmap.
  if (isShared && access === O_RDWR && file.inode !== undefined && isAppendOnly(file.inode)) throw EACCES;
  // Linux drivers/char/mem.c: mapping /dev/zero is mapping nothing in particular.
  if (file.path === '/dev/zero') return undefined;
  const { inode } = file;
  if (inode === undefined || (inode.attributes().mode & S_IFMT) !== S_IFREG) throw ENODEV;
  if ((protection & PROT_EXEC) !== 0 && file.location?.mount.forbidsExecution === true) throw EPERM;
  if (isShared && (protection & PROT_WRITE) !== 0) requireMappable(inode);
  return { inode, path: file.path, isUnwritable: isShared && access === O_RDONLY };
}

/** A range of whole pages; EINVAL unless it starts on one and lies in the address space. */
function pages(addr: number, length: number, whenOutside = EINVAL): { start: number; end: number } {
  if (addr % PAGE_SIZE !== 0) throw EINVAL;
  const end = addr + pageUp(length);
  if (end > GUEST_LIMIT) throw whenOutside;
  return { start: addr, end };
}

/** The new end, or the old one where it cannot be. */
function brk(thread: Thread, { addr }: { addr: number }): Result {
  const map = mapOf(thread);
  try {
    if (map.locksFuture && addr > map.brkEnd) requireLockable(thread, pageUp(addr) - pageUp(map.brkEnd));
  } catch (error) {
    if (error === EAGAIN || error === EPERM) return map.brkEnd;
    throw error;
  }
  return map.setBreak(addr, BRK_LIMIT);
}

function munmap(thread: Thread, { addr, length }: { addr: number; length: number }): Result {
  if (length === 0) throw EINVAL;
  const { start, end } = pages(addr, length);
  mapOf(thread).unmap(Math.max(start, GUEST_BASE), Math.max(0, end - Math.max(start, GUEST_BASE)));
  return 0;
}

function mprotect(thread: Thread, args: { addr: number; length: number; protection: number }): Result {
  const grows = args.protection & (PROT_GROWSDOWN | PROT_GROWSUP);
  if (grows === (PROT_GROWSDOWN | PROT_GROWSUP)) throw EINVAL;
  const { start, end } = pages(args.addr, args.length, ENOMEM);
  if (end > start && (args.protection & ~PROT_KNOWN) !== 0) throw EINVAL;
  if (end > start) mapOf(thread).protect(start, end - start, args.protection & PROTECTION);
  return 0;
}

interface MremapArguments {
  readonly addr: number;
  readonly oldSize: number;
  readonly newSize: number;
  readonly flags: number;
  readonly newAddr: number;
}

/** What lay in the window lies there afterwards. */
function mremapOrWindow(thread: Thread, args: MremapArguments): Result {
  const addr = thread.memory.fold(args.addr);
  return mremap(thread, { ...args, addr }) + args.addr - addr;
}

function mremap(thread: Thread, args: MremapArguments): number {
  const MREMAP_KNOWN = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;
  const { addr, flags } = args;
  const oldSize = pageUp(args.oldSize);
  const newSize = pageUp(args.newSize);
  if (addr % PAGE_SIZE !== 0 || newSize === 0 || (flags & ~MREMAP_KNOWN) !== 0) throw EINVAL;
  const isFixed = (flags & MREMAP_FIXED) !== 0;
  const leaves = (flags & MREMAP_DONTUNMAP) !== 0;
  if (leaves && ((flags & MREMAP_MAYMOVE) === 0 || oldSize !== newSize || args.newAddr % PAGE_SIZE !== 0)) throw EINVAL;
  if (isFixed && ((flags & MREMAP_MAYMOVE) === 0 || args.newAddr % PAGE_SIZE !== 0)) throw EINVAL;
  if (isFixed && args.newAddr < addr + oldSize && addr < args.newAddr + newSize) throw EINVAL;
  const map = mapOf(thread);
  if (oldSize === 0) return mapAgain(map, addr, newSize);
  const [area, ...others] = map.areas.within(addr, addr + oldSize);
  if (area === undefined || area.isMachine === true || others.length > 0 || area.endAddr - area.startAddr !== oldSize)
    throw EFAULT;
  if (area.isLocked === true && newSize > oldSize) requireLockable(thread, newSize - oldSize);
  if (isFixed || leaves) return map.move(area, newSize, isFixed ? args.newAddr : 0, leaves);
  if (newSize <= oldSize) {
    if (newSize < oldSize) map.unmap(addr + newSize, oldSize - newSize);
    return addr;
  }
  if (map.extend(area, newSize)) return addr;
  if ((flags & MREMAP_MAYMOVE) === 0) throw ENOMEM;
  return map.move(area, newSize, 0);
}

/** mremap(2): an old size of zero maps shared memory a second time. */
function mapAgain(map: MemoryMap, addr: number, sizeBytes: number): number {
  const area = map.areas.find(addr);
  if (area === undefined) throw EFAULT;
  if (!area.isShared) throw EINVAL;
  return map.map({ ...area, addr: 0, sizeBytes, offset: area.offset + addr - area.startAddr });
}

/** MADV_DONTFORK, MADV_DOFORK, MADV_WIPEONFORK, MADV_KEEPONFORK. */
const ON_FORK: ReadonlyMap<number, 'skip' | 'wipe' | undefined> = new Map([
  [10, 'skip'],
  [11, undefined],
  [18, 'wipe'],
  [19, undefined],
]);
/**
 * What acts, and hints, which need not: NORMAL, RANDOM, SEQUENTIAL, WILLNEED, those on merging and huge pages, on what a
 * core holds, COLD, PAGEOUT, DONTNEED_LOCKED.
 */
const ADVICE: ReadonlySet<number> = new Set([
  0,
  1,
  2,
  3,
  MADV_DONTNEED,
  MADV_FREE,
  MADV_REMOVE,
  12,
  13,
  14,
  15,
  16,
  17,
  20,
  21,
  MADV_POPULATE_READ,
  MADV_POPULATE_WRITE,
  24,
]);

/** What is refused for locked memory: DONTNEED, FREE, REMOVE, COLD, PAGEOUT. */
const DROPS: ReadonlySet<number> = new Set([MADV_DONTNEED, MADV_FREE, MADV_REMOVE, 20, 21]);

function madvise(thread: Thread, { addr, length, advice }: { addr: number; length: number; advice: number }): Result {
  const { start, end } = pages(addr, length);
  const map = mapOf(thread);
  if (!map.areas.covers(start, end)) throw ENOMEM;
  if (DROPS.has(advice) && hasLocked(map, start, end)) throw EINVAL;
  if (advice === MADV_DONTNEED) map.forget(start, end);
  else if (advice === MADV_FREE) freePrivate(map, start, end);
  else if (ON_FORK.has(advice)) setOnFork(map, start, end, advice);
  else if (!ADVICE.has(advice)) throw EINVAL;
  else if (advice === MADV_REMOVE) punchShared(map, start, end);
  else if (advice === MADV_POPULATE_READ && !map.populate(start, end, PROT_READ)) throw EFAULT;
  else if (advice === MADV_POPULATE_WRITE && !map.populate(start, end, PROT_WRITE)) throw EFAULT;
  return 0;
}

/** MADV_FREE is for memory that no file has. @throws EINVAL */
function freePrivate(map: MemoryMap, start: number, end: number): void {
  if (map.areas.within(start, end).some(({ inode, isShared }) => inode !== undefined || isShared)) throw EINVAL;
  map.forget(start, end);
}

/** MADV_WIPEONFORK is for private memory that no file has. @throws EINVAL */
function setOnFork(map: MemoryMap, start: number, end: number, advice: number): void {
  const onFork = ON_FORK.get(advice);
  const hasFile = map.areas.within(start, end).some(({ inode, isShared }) => inode !== undefined || isShared);
  if (onFork === 'wipe' && hasFile) throw EINVAL;
  map.setOnFork(start, end, onFork);
}

/** MADV_REMOVE: the file behind loses its bytes there. @throws EINVAL where no file is shared */
function punchShared(map: MemoryMap, start: number, end: number): void {
  for (const piece of map.areas.within(start, end)) {
    if (piece.shared === undefined || piece.inode === undefined) throw EINVAL;
    if ((piece.protection & PROT_WRITE) === 0) throw EACCES;
    const mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    allocateFile(piece.inode, mode, piece.offset, piece.endAddr - piece.startAddr);
  }
}

function mincore(thread: Thread, { addr, length, vector }: { addr: number; length: number; vector: number }): Result {
  const { start, end } = pages(addr, length, ENOMEM);
  const count = (end - start) / PAGE_SIZE;
  if (count > MINCORE_PAGES) throw EAGAIN;
  const map = mapOf(thread);
  if (!map.areas.covers(start, end)) throw ENOMEM;
  const answer = thread.memory.writable(vector, count);
  for (let i = 0; i < count; i++) answer[i] = map.isResident(start + i * PAGE_SIZE) ? 1 : 0;
  return 0;
}

function msync(thread: Thread, { addr, length, flags }: { addr: number; length: number; flags: number }): Result {
  const { start, end } = pages(addr, length, ENOMEM);
  if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) !== 0) throw EINVAL;
  if ((flags & MS_ASYNC) !== 0 && (flags & MS_SYNC) !== 0) throw EINVAL;
  const map = mapOf(thread);
  if (!map.areas.covers(start, end)) throw ENOMEM;
  if ((flags & MS_INVALIDATE) !== 0 && hasLocked(map, start, end)) throw EBUSY;
  map.writeBack(start, end);
  return 0;
}

const MEMBARRIER_QUERY = 0;
const MEMBARRIER_PRIVATE_EXPEDITED = 8;
const MEMBARRIER_REGISTER_PRIVATE_EXPEDITED = 16;
const MEMBARRIER_PRIVATE_EXPEDITED_SYNC_CORE = 32;
const MEMBARRIER_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE = 64;
/** GLOBAL, GLOBAL_EXPEDITED and its registration, and the private ones, also those that serialise instructions. */
const MEMBARRIER_KNOWN = 0x7f;

/** One processor runs threads of an address space in turn: every switch is a barrier. */
function membarrier(thread: Thread, { command, flags }: { command: number; flags: number }): Result {
  if (flags !== 0) throw EINVAL;
  if (command === MEMBARRIER_QUERY) return MEMBARRIER_KNOWN;
  const isKnown = command > 0 && (command & (command - 1)) === 0 && (command & MEMBARRIER_KNOWN) !== 0;
  if (!isKnown) throw EINVAL;
  const { program } = asGuest(thread);
  if (command === MEMBARRIER_REGISTER_PRIVATE_EXPEDITED) program.hasMemoryBarriers = true;
  if (command === MEMBARRIER_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE) program.hasCoreBarriers = true;
  if (command === MEMBARRIER_PRIVATE_EXPEDITED && !program.hasMemoryBarriers) throw EPERM;
  if (command === MEMBARRIER_PRIVATE_EXPEDITED_SYNC_CORE && !program.hasCoreBarriers) throw EPERM;
  return 0;
}

// oxfmt-ignore
export const memory: readonly Syscall[] = [
  syscall({ nr: 9, name: 'mmap', support: 'full',
    args: { addr: 'place', length: 'size', protection: 'flags', flags: 'flags', fd: 'fd', offset: 'off' }, run: mmapOrWindow }),
  syscall({ nr: 10, name: 'mprotect', args: { addr: 'ptr', length: 'size', protection: 'flags' }, support: 'full', run: mprotect }),
  syscall({ nr: 11, name: 'munmap', args: { addr: 'ptr', length: 'size' }, support: 'full', run: munmap }),
  syscall({ nr: 12, name: 'brk', args: { addr: 'ptr' }, support: 'full',
    run: brk }),
  syscall({ nr: 25, name: 'mremap', support: 'full', run: mremapOrWindow,
    args: { addr: 'place', oldSize: 'size', newSize: 'size', flags: 'flags', newAddr: 'ptr' } }),
  syscall({ nr: 26, name: 'msync', args: { addr: 'ptr', length: 'size', flags: 'flags' }, support: 'full', run: msync }),
  syscall({ nr: 27, name: 'mincore', args: { addr: 'ptr', length: 'size', vector: 'ptr' }, support: 'full', run: mincore }),
  syscall({ nr: 28, name: 'madvise', args: { addr: 'ptr', length: 'size', advice: 'int' }, support: 'full', run: madvise }),
  syscall({ nr: 324, name: 'membarrier', args: { command: 'int', flags: 'flags' }, support: 'full', run: membarrier }),
  syscall({ nr: 329, name: 'pkey_mprotect', args: { addr: 'ptr', length: 'size', protection: 'flags', key: 'int' }, support: 'full',
    run: (thread, { addr, length, protection, key }) => {
      if (key !== -1) throw EINVAL;
      return mprotect(thread, { addr, length, protection });
    } }),
  // As on a processor without protection keys.
  syscall({ nr: 330, name: 'pkey_alloc', args: { flags: 'flags', rights: 'flags' }, support: 'full',
    run: (_thread, { flags, rights }) => { throw flags !== 0 || (rights & ~3) !== 0 ? EINVAL : ENOSPC; } }),
  syscall({ nr: 331, name: 'pkey_free', args: { key: 'int' }, support: 'full', run: () => { throw EINVAL; } }),
];
