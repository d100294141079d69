/** A small machine for tests: a Vfs over a filesystem, a root viewer, and calls that never block. */
import { Ramfs } from '../../fs/ramfs/ramfs.ts';
import { type Credentials, rootCredentials } from '../credentials.ts';
import type { Filesystem } from '../inode.ts';
import { MountTable } from '../mount-table.ts';
import type { Call } from '../open-file.ts';
import type { Viewer } from '../vfs.ts';

export const ROOT_USER: Credentials = rootCredentials();

export function ramfs(): Ramfs {
  let seconds = 1_700_000_000;
  return new Ramfs({
    type: 'ramfs',
    deviceNumber: 1,
    capacityBytes: 64 << 20,
    now: () => ({ seconds: seconds++, nanoseconds: 5 }),
  });
}

export interface Tree {
  readonly vfs: MountTable;
  readonly viewer: Viewer;
}

export function treeOver(filesystem: Filesystem, credentials: Credentials = ROOT_USER): Tree {
  const vfs = new MountTable(filesystem, 'test', 'rw');
  return { vfs, viewer: { fs: { cwd: vfs.root, root: vfs.root, umask: 0o022 }, credentials } };
}

export function testCall(options: Partial<Call> = {}): Call {
  return { progress: undefined, isInterrupted: false, nowNs: 0, threadId: 1, raise: () => {}, ...options };
}
