/** mount(2) and umount2(2). */
import { EINVAL, ENODEV, EPERM } from '../abi/errno.ts';
import type { Thread } from '../program/thread.ts';
import type { Filesystem } from '../vfs/inode.ts';
import { syscall, type Result, type Syscall } from './syscall.ts';

/** A kind of filesystem that mount(2) can make; boot.ts lists them. */
export interface FilesystemType {
  readonly name: string;
  /** Absent: the kind is known (/proc/filesystems) but only the boot mounts it. */
  readonly create?: (source: string, options: string) => Filesystem;
}

const MS_RDONLY = 1;
const MS_UNSUPPORTED = 32 | 4096 | 8192; // MS_REMOUNT, MS_BIND, MS_MOVE

function mount(
  types: readonly FilesystemType[],
  thread: Thread,
  args: { source: number; target: string; type: number; flags: number; data: number },
): Result {
  const text = (addr: number): string => (addr === 0 ? '' : thread.memory.cString(addr, 4096));
  const [typeName, source, data] = [text(args.type), text(args.source), text(args.data)];
  const { vfs } = thread.machine;
  const target = vfs.pathOf(vfs.walk(thread, args.target)); // Linux fs/namespace.c: the path comes before the rights
  if (thread.credentials.euid !== 0) throw EPERM;
  if ((args.flags & MS_UNSUPPORTED) !== 0) throw EINVAL;
  const type = types.find(({ name }) => name === typeName);
  if (type?.create === undefined) throw ENODEV;
  const options = [(args.flags & MS_RDONLY) === 0 ? 'rw' : 'ro', ...(data === '' ? [] : [data])].join(',');
  vfs.mount(type.create(source, data), target, source || 'none', options);
  return 0;
}

function umount(thread: Thread, { target }: { target: string }): Result {
  const { vfs } = thread.machine;
  const path = vfs.pathOf(vfs.walk(thread, target));
  if (thread.credentials.euid !== 0) throw EPERM;
  vfs.unmount(path);
  return 0;
}

/** The rows; they need to know the kinds. */
export function mountCalls(types: readonly FilesystemType[]): readonly Syscall[] {
  // oxfmt-ignore
  return [
    syscall({ nr: 165, name: 'mount', args: { source: 'ptr', target: 'path', type: 'ptr', flags: 'flags', data: 'ptr' },
      support: { missing: 'no bind, move, remount' }, run: (thread, args) => mount(types, thread, args) }),
    syscall({ nr: 166, name: 'umount2', args: { target: 'path', flags: 'flags' },
      support: { missing: 'flags are ignored; open files do not keep it busy' }, run: umount }),
  ];
}
