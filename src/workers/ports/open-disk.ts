/** Opens the disk a page asked for: image, kept changes, and the lock that keeps a second tab from writing to them. */
import { HostError } from '../../guest-kernel/index.ts';
import type { OpenedDisk } from '../machine-host.ts';
import type { Persistence, StartRequest } from '../protocol/machine.ts';
import { openIndexedDb, withQuota, type ChangeStore } from './change-store.ts';
import { ImageSource } from './image-source.ts';
import { PersistentDisk } from './persistent-disk.ts';

/** Version of what is kept: raw blocks by number. */
const STORE_VERSION = 1;

interface Changes {
  readonly store: ChangeStore;
  readonly blocks: readonly number[];
}

/** @throws HostError when the image cannot be had */
export async function openDisk(
  request: StartRequest,
  onProgress: (doneBytes: number, totalBytes: number) => void,
  onTrouble: (message: string) => void,
): Promise<OpenedDisk> {
  const image = await ImageSource.open(request.imagesUrl, request.image);
  const name = `osv-disk-v${STORE_VERSION}-${image.entry.name}-${image.entry.sha256.slice(0, 16)}`;
  const [{ changes, persistence, unlock }] = await Promise.all([
    openChanges(request, name),
    image.prefetch(onProgress),
  ]);
  const disk = new PersistentDisk(image, changes, onTrouble);
  return {
    disk,
    persistence,
    glibcVersion: image.entry.glibc,
    prefetchReady: async () => await image.prefetchReady(),
    async close() {
      await disk.close();
      unlock();
    },
  };
}

interface Opened {
  readonly changes: Changes | undefined;
  readonly persistence: Persistence;
  readonly unlock: () => void;
}

function inMemory(reason: 'asked' | 'busy' | 'unavailable'): Opened {
  return { changes: undefined, persistence: { kind: 'memory', reason }, unlock: () => undefined };
}

async function openChanges(request: StartRequest, name: string): Promise<Opened> {
  if (request.disk === 'memory') return inMemory('asked');
  const unlock = await takeLock(name);
  if (unlock === undefined) return inMemory('busy');
  try {
    const store = openIndexedDb(name);
    if (request.disk === 'reset') await store.clear();
    const limited = request.quotaBytes === undefined ? store : withQuota(store, request.quotaBytes);
    return { changes: { store: limited, blocks: await store.blocks() }, persistence: { kind: 'kept' }, unlock };
  } catch (error) {
    unlock();
    // A reset that failed must not look like one.
    if (request.disk === 'reset')
      throw new HostError('The disk cannot be reset: the browser keeps no data here.', { cause: error });
    return inMemory('unavailable');
  }
}

/** A worker that was just terminated (reload, reboot) gives its lock back within some milliseconds. */
const LOCK_PATIENCE_MS = 1_500;

/** The right to write to a disk, until `unlock` or the end of the worker. Undefined: another tab has it. */
async function takeLock(name: string): Promise<(() => void) | undefined> {
  const locks = navigator.locks as LockManager | undefined;
  if (locks === undefined) return () => undefined; // no secure context: no tab can know of another
  return new Promise((resolve, reject) => {
    const patience = AbortSignal.timeout(LOCK_PATIENCE_MS);
    const held = locks.request(
      name,
      { signal: patience },
      () => new Promise<void>((release) => resolve(() => release())),
    );
    held.catch((error: unknown) => (patience.aborted ? resolve(undefined) : reject(error)));
  });
}
