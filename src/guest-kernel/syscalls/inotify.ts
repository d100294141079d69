/** inotify_init(2), inotify_add_watch(2), inotify_rm_watch(2). */
import { EINVAL, ENOTDIR } from '../abi/errno.ts';
import { AT_FDCWD, O_CLOEXEC, O_NONBLOCK } from '../abi/fcntl.ts';
import { IN_DONT_FOLLOW, IN_ONLYDIR } from '../abi/inotify.ts';
import { R_OK, S_IFDIR } from '../abi/stat.ts';
import { asGuest } from '../program/guest-task.ts';
import type { Thread } from '../program/thread.ts';
import { InotifyFile } from '../vfs/inotify-file.ts';
import { walkAt } from './directory-fd.ts';
import { type Result, type Syscall, syscall } from './syscall.ts';

function init(thread: Thread, flags: number): Result {
  if ((flags & ~(O_CLOEXEC | O_NONBLOCK)) !== 0) throw EINVAL;
  const file = new InotifyFile((flags & O_NONBLOCK) !== 0, asGuest(thread).machine.keptMemory);
  return thread.files.add(file, { isCloseOnExec: (flags & O_CLOEXEC) !== 0 });
}

function inotifyOf(thread: Thread, fd: number): InotifyFile {
  const file = thread.files.get(fd);
  if (!(file instanceof InotifyFile)) throw EINVAL;
  return file;
}

function addWatch(thread: Thread, { fd, path, mask }: { fd: number; path: string; mask: number }): Result {
  const file = inotifyOf(thread, fd);
  const place = walkAt(thread, AT_FDCWD, path, (mask & IN_DONT_FOLLOW) === 0);
  const { inode } = place.dentry;
  if ((mask & IN_ONLYDIR) !== 0 && inode.fileType !== S_IFDIR) throw ENOTDIR;
  thread.machine.vfs.checkAccess(thread, place, R_OK);
  return file.watch(inode, mask >>> 0);
}

// oxfmt-ignore
export const inotify: readonly Syscall[] = [
  syscall({ nr: 253, name: 'inotify_init', args: {}, support: 'full', run: (thread) => init(thread, 0) }),
  syscall({ nr: 254, name: 'inotify_add_watch', args: { fd: 'fd', path: 'path', mask: 'flags' }, support: 'full', run: addWatch }),
  syscall({ nr: 255, name: 'inotify_rm_watch', args: { fd: 'fd', wd: 'int' }, support: 'full',
    run: (thread, { fd, wd }) => {
      inotifyOf(thread, fd).remove(wd);
      return 0;
    } }),
  syscall({ nr: 294, name: 'inotify_init1', args: { flags: 'flags' }, support: 'full', run: (thread, { flags }) => init(thread, flags) }),
];
