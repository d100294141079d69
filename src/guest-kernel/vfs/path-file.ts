/** What O_PATH opens: a place to start from, without access to what is there (open(2)). */
import { EBADF } from '../abi/errno.ts';
import type { Blocked } from '../program/blocked.ts';
import { LocatedFile } from './located-file.ts';
import type { Call, PollMask, UserMemory } from './open-file.ts';

export class PathFile extends LocatedFile {
  readonly kind = 'path';

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
}
