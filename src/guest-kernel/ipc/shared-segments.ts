/** System V shared memory (shmget(2), shmat(2)): a file without a name whose mappings are counted. */
import { SHM_DEST, SHMMNI } from '../abi/ipc.ts';
import type { Inode } from '../vfs/inode.ts';
import { sharedPages } from '../vfs/shared-pages.ts';
import { IpcObject, IpcTable, type NewObject } from './ipc-table.ts';

export class SharedSegment extends IpcObject {
  readonly sizeBytes: number;
  /** Held by the segment until it is destroyed. */
  readonly inode: Inode;
  readonly creator: number;
  lastPid = 0;
  attachedSeconds = 0;
  detachedSeconds = 0;

  constructor(
    object: NewObject,
    parts: { readonly sizeBytes: number; readonly inode: Inode; readonly creator: number },
  ) {
    super(object);
    this.sizeBytes = parts.sizeBytes;
    this.inode = parts.inode;
    this.creator = parts.creator;
  }

  get attachments(): number {
    return sharedPages(this.inode).mappings;
  }

  /** What maps(5) calls it. */
  get name(): string {
    return `/SYSV${(this.key >>> 0).toString(16).padStart(8, '0')} (deleted)`;
  }

  get isDoomed(): boolean {
    return (this.mode & SHM_DEST) !== 0;
  }
}

export const sharedSegments = (): IpcTable<SharedSegment> => new IpcTable<SharedSegment>(SHMMNI);
