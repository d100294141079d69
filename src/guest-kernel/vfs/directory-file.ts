/** An open directory: getdents reads its entries, its place is what *at(2) calls and fchdir start from. */
import { EISDIR } from '../abi/errno.ts';
import { POLLIN, POLLOUT } from '../abi/poll.ts';
import type { Blocked } from '../program/blocked.ts';
import type { DirectoryEntry } from './inode.ts';
import { dropLocks } from './file-locks.ts';
import { LocatedFile } from './located-file.ts';
import type { Call, PollMask } from './open-file.ts';

export class DirectoryFile extends LocatedFile {
  readonly kind = 'directory';
  override readonly isSeekable = true;

  /** Some entries from there on, none at the end; the caller sets `offset` to the nextOffset of the last one it took. */
  entriesFrom(offset: number): readonly DirectoryEntry[] {
    return this.inode.entries(offset);
  }

  override read(_call: Call, _dst: Uint8Array): number | Blocked {
    throw EISDIR;
  }

  override write(_call: Call, _src: Uint8Array): number | Blocked {
    throw EISDIR;
  }

  poll(): PollMask {
    return POLLIN | POLLOUT;
  }

  protected override closed(): void {
    dropLocks(this.inode, this);
    super.closed();
  }
}
