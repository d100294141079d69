/** What O_PATH opens: a place to start from, without access to what is there (open(2)). */
import { EBADF } from '../abi/errno.ts';
import type { Blocked } from '../program/blocked.ts';
import { BaseFile } from './base-file.ts';
import type { FileAttributes, Inode } from './inode.ts';
import type { Location } from './location.ts';
import type { Call, PollMask, UserMemory } from './open-file.ts';

export class PathFile extends BaseFile {
  readonly kind = 'path';
  readonly location: Location;
  readonly inode: Inode;

  constructor(location: Location, path: string, flags: number) {
    super(path, flags);
    this.location = location;
    this.inode = location.dentry.inode;
    this.inode.retain();
  }

  attributes(): FileAttributes {
    return this.inode.attributes();
  }

  override read(_call: Call, _dst: Uint8Array): number | Blocked {
    throw EBADF;
  }

  override write(_call: Call, _src: Uint8Array): number | Blocked {
    throw EBADF;
  }

  override ioctl(_call: Call, _request: number, _argument: number, _memory: UserMemory): number | Blocked {
    throw EBADF;
  }

  poll(): PollMask {
    return 0;
  }

  protected override closed(): void {
    this.inode.release();
  }
}
