/** memfd_create(2). */
import { EINVAL, ENOSYS } from '../abi/errno.ts';
import { O_RDWR } from '../abi/fcntl.ts';
import type { Thread } from '../program/thread.ts';
import { asGuest } from '../program/guest-task.ts';
import { RegularFile } from '../vfs/regular-file.ts';
import { F_SEAL_EXEC, F_SEAL_SEAL, setSeals } from '../vfs/seals.ts';
import { type Result, type Syscall, syscall } from './syscall.ts';

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const MFD_HUGETLB = 4;
const MFD_NOEXEC_SEAL = 8;
const MFD_EXEC = 16;
/** "memfd:" and the name fit a file name. */
const NAME_BYTES = 249;

function memfdCreate(thread: Thread, { name, flags }: { name: string; flags: number }): Result {
  const known = MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC;
  const isNoExec = (flags & MFD_NOEXEC_SEAL) !== 0;
  if ((flags & MFD_HUGETLB) !== 0 || (flags & ~known) !== 0 || name.length > NAME_BYTES) throw EINVAL;
  if (isNoExec && (flags & MFD_EXEC) !== 0) throw EINVAL;
  const { machine, credentials } = asGuest(thread);
  if (machine.memoryFiles === undefined) throw ENOSYS;
  const owner = { uid: credentials.euid, gid: credentials.egid };
  const place = machine.memoryFiles.create(`memfd:${name}`, isNoExec ? 0o666 : 0o777, owner);
  const file = new RegularFile(place, `/memfd:${name} (deleted)`, O_RDWR);
  place.dentry.inode.release();
  const isSealable = (flags & (MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL)) !== 0;
  setSeals(file.inode, (isSealable ? 0 : F_SEAL_SEAL) | (isNoExec ? F_SEAL_EXEC : 0));
  return thread.files.add(file, { isCloseOnExec: (flags & MFD_CLOEXEC) !== 0 });
}

// oxfmt-ignore
export const memoryFiles: readonly Syscall[] = [
  syscall({ nr: 319, name: 'memfd_create', args: { name: 'path', flags: 'flags' }, support: 'full', run: memfdCreate }),
];
