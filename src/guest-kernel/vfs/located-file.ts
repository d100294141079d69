/** An open file that has a place in the tree of names: it holds that place's inode until its last release. */
import { O_ACCMODE, O_PATH, O_RDONLY } from '../abi/fcntl.ts';
import { IN_CLOSE_NOWRITE, IN_CLOSE_WRITE } from '../abi/inotify.ts';
import { BaseFile } from './base-file.ts';
import type { FileAttributes, Inode } from './inode.ts';
import type { Location } from './location.ts';
import { tellFile } from './watches.ts';

export abstract class LocatedFile extends BaseFile {
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

  protected override closed(): void {
    const isWriter = (this.flags & O_ACCMODE) !== O_RDONLY;
    if ((this.flags & O_PATH) === 0) tellFile(this.location.dentry, isWriter ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE);
    this.inode.release();
  }
}
