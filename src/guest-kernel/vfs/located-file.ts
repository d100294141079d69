/** An open file that has a place in the tree of names: it holds that place's inode until its last release. */
import { BaseFile } from './base-file.ts';
import type { FileAttributes, Inode } from './inode.ts';
import type { Location } from './location.ts';

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
    this.inode.release();
  }
}
