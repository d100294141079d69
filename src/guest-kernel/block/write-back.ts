/** The thread that makes what nobody synced durable: half a second after the first change (the limit is one). */
import { blocked } from '../program/blocked.ts';
import type { NativeCalls, Wait } from '../program/native-program.ts';
import { EIO } from '../abi/errno.ts';
import type { BlockCache } from './block-cache.ts';
import type { Filesystem } from '../vfs/inode.ts';
import { unwrittenOn, writeBackShared } from '../vfs/shared-pages.ts';

const DELAY_NS = 500_000_000;

/** Body of a kernel thread; never returns. */
export function* writeBack(cache: BlockCache, monotonicNs: () => number): Wait<never> {
  for (;;) {
    while (cache.dirtyBytes === 0) yield blocked(cache.dirtied);
    const deadlineNs = monotonicNs() + DELAY_NS;
    while (monotonicNs() < deadlineNs) yield blocked([], { deadlineNs });
    try {
      const done = cache.sync();
      if (done !== undefined) yield blocked(done);
    } catch (error) {
      if (error !== EIO) throw error; // the failure was reported by the cache; the blocks stay dirty
    }
  }
}

/** The same for what programs store to shared mappings: their files follow after half a second. Never returns. */
export function* writeBackMapped(filesystem: Filesystem, sys: NativeCalls, monotonicNs: () => number): Wait<never> {
  const pages = unwrittenOn(filesystem);
  for (;;) {
    while (pages.size === 0) yield blocked(pages.dirtied);
    const deadlineNs = monotonicNs() + DELAY_NS;
    while (monotonicNs() < deadlineNs) yield blocked([], { deadlineNs });
    yield* sys.retry(() => writeBackShared(filesystem));
  }
}
