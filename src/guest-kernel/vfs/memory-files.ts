/** Files without a name that live in memory: memfd_create(2), shared anonymous mappings, System V segments. */
import { S_IFREG } from '../abi/stat.ts';
import { DentryNode, MountNode, type Place } from './dentry.ts';
import type { Filesystem } from './inode.ts';
import { KERNEL_MOUNT_ID } from './location.ts';

export class MemoryFiles {
  readonly #mount: MountNode;
  #serial = 0;

  /** `filesystem`: a tmpfs that is mounted nowhere. */
  constructor(filesystem: Filesystem) {
    this.#mount = new MountNode(KERNEL_MOUNT_ID, filesystem, 'tmpfs', 'rw');
  }

  /** A new empty file, held once; it goes with its last holder. */
  create(name: string, mode: number, owner: { readonly uid: number; readonly gid: number }): Place {
    const { root } = this.#mount.filesystem;
    const unique = `${this.#serial++}`;
    const inode = root.create(unique, { mode: S_IFREG | mode, ...owner });
    inode.retain();
    root.unlink(unique);
    const dentry = new DentryNode(name, undefined, inode);
    dentry.isRemoved = true;
    return { mount: this.#mount, dentry };
  }
}
