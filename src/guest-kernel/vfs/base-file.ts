/**
 * What all open file descriptions share: the count of holders, and answers of a file that can do nothing. Pipes,
 * sockets, devices and event files extend it and override what they can.
 */
import { assert } from '../../emulator/util/assert.ts';
import { EINVAL, ENOTTY } from '../abi/errno.ts';
import type { Blocked } from '../program/blocked.ts';
import { WaitQueue } from '../program/wait-queue.ts';
import type { FileAttributes } from './inode.ts';
import type { Call, OpenFile, PollMask, UserMemory } from './open-file.ts';

export abstract class BaseFile implements OpenFile {
  abstract readonly kind: string;
  readonly path: string;
  flags: number;
  offset = 0;
  readonly isSeekable: boolean = false;
  readonly readiness = new WaitQueue();
  isClosed = false;
  #references = 1;

  constructor(path: string, flags: number) {
    this.path = path;
    this.flags = flags;
  }

  abstract attributes(): FileAttributes;
  abstract poll(): PollMask;

  read(_call: Call, _dst: Uint8Array): number | Blocked {
    throw EINVAL;
  }

  write(_call: Call, _src: Uint8Array): number | Blocked {
    throw EINVAL;
  }

  ioctl(_call: Call, _request: number, _argument: number, _memory: UserMemory): number | Blocked {
    throw ENOTTY;
  }

  retain(): void {
    this.#references++;
  }

  release(): void {
    assert(this.#references > 0, `open file ${this.path}: released twice`);
    if (--this.#references > 0) return;
    this.isClosed = true;
    this.closed();
    this.readiness.wake();
  }

  /** The last holder is gone. */
  protected closed(): void {}
}

/** Attributes of a file without an inode on any disk (pipes, sockets, eventfd): only type, owner and number tell. */
export function anonymousAttributes(inodeNumber: number, mode: number): FileAttributes {
  const epoch = { seconds: 0, nanoseconds: 0 };
  return {
    inodeNumber,
    mode,
    linkCount: 1,
    uid: 0,
    gid: 0,
    rdev: 0,
    sizeBytes: 0,
    blockSizeBytes: 4096,
    blocks512: 0,
    accessTime: epoch,
    modifyTime: epoch,
    changeTime: epoch,
  };
}
