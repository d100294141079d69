/**
 * For tests: lets every system call meet everything that makes a call run again from its beginning. A block of the disk
 * is not here, a page of the caller's memory belongs to somebody else, the cache has no room for another change, a wait
 * ends without its reason: each place where one of these may happen is a point. A run is ended at one point and the call
 * begins again at once; the next run gets past it and is ended at the following one. What a call has done before a point
 * it does again, unless it is written as it should be, and a program that compares with Linux sees that.
 *
 * Nothing depends on time or on other threads, so a run of a machine is the same each time.
 */
import type { BlockPort } from '../ports.ts';
import { isBlocked } from '../program/blocked.ts';
import { WaitQueue } from '../program/wait-queue.ts';
import { NotResident } from '../vfs/inode.ts';
import type { UserMemory } from '../vfs/open-file.ts';
import type { MutableCall } from './dispatch.ts';
import type { Result } from './syscall.ts';

const PAGE_BYTES = 4096;
/** Each of the first points ends a run; of those behind, which are many of one kind, ever fewer. */
const ALL_POINTS = 48;
const GROWTH = 1.3;

export class CallRestarts {
  /** Only this point ends a run; absent: each in turn. */
  readonly #only: number | undefined;
  /** What was met in this run and is here from then on; undefined: no call is under way. */
  #met: Set<string> | undefined;
  #failing = 0;
  #hasFailed = false;
  #memories = 0;

  constructor(only?: number) {
    this.#only = only;
  }

  /** Runs a handler until it gets through. */
  run(call: MutableCall, handler: () => Result): Result {
    this.#failing = this.#only ?? 0;
    let isAskedAgain = false;
    for (;;) {
      this.#met = new Set();
      this.#hasFailed = false;
      try {
        const result = handler();
        // A wait for what was made to fail is over at once, another one ends without its reason the first time.
        if (!isBlocked(result) || (isAskedAgain && !this.#hasFailed)) return result;
        isAskedAgain ||= !this.#hasFailed;
        call.progress = result.progress;
      } catch (error) {
        if (!(error instanceof NotResident && this.#hasFailed)) throw error;
      } finally {
        this.#met = undefined;
        if (this.#hasFailed) this.#goOn();
      }
    }
  }

  /** A disk whose blocks are away until a call has asked for them. */
  disk(port: BlockPort): BlockPort {
    return {
      blockCount: port.blockCount,
      isReadOnly: port.isReadOnly,
      readNow: (block) => (this.#fails(`block ${block}`) ? undefined : port.readNow(block)),
      fetch: (blocks, done) => (this.#hasFailed ? done() : port.fetch(blocks, done)),
      commit: (blocks, done) => port.commit(blocks, done),
    };
  }

  /** A change of the disk begins. @throws NotResident */
  readonly admitChange = (): void => this.#pass(`change ${this.#met?.size}`);

  /** Memory whose pages are away until a call has touched them. */
  memory(memory: UserMemory): UserMemory {
    const id = this.#memories++;
    const touch = (addr: number, sizeBytes: number): void => {
      if (this.#met === undefined || sizeBytes <= 0) return;
      const first = Math.floor(addr / PAGE_BYTES);
      const last = Math.floor((addr + Math.min(sizeBytes, 1 << 20) - 1) / PAGE_BYTES);
      for (let page = first; page <= last; page++) this.#pass(`page ${id}:${page}`);
    };
    return {
      readable: (addr, sizeBytes) => (touch(addr, sizeBytes), memory.readable(addr, sizeBytes)),
      writable: (addr, sizeBytes) => (touch(addr, sizeBytes), memory.writable(addr, sizeBytes)),
      prefix: (addr, sizeBytes, isWriting) => (touch(addr, sizeBytes), memory.prefix(addr, sizeBytes, isWriting)),
      cString: (addr, maxBytes) => (touch(addr, 1), memory.cString(addr, maxBytes)),
      fold: (addr) => memory.fold(addr),
      loadU32: (addr) => (touch(addr, 4), memory.loadU32(addr)),
      loadI64: (addr) => (touch(addr, 8), memory.loadI64(addr)),
      loadNumber: (addr) => (touch(addr, 8), memory.loadNumber(addr)),
      storeU32: (addr, value) => (touch(addr, 4), memory.storeU32(addr, value)),
      storeI64: (addr, value) => (touch(addr, 8), memory.storeI64(addr, value)),
      storeNumber: (addr, value) => (touch(addr, 8), memory.storeNumber(addr, value)),
    };
  }

  #pass(point: string): void {
    if (this.#fails(point)) throw new NotResident(new WaitQueue());
  }

  /** Whether the run ends here. */
  #fails(point: string): boolean {
    if (this.#met === undefined || this.#met.has(point)) return false;
    this.#met.add(point);
    if (this.#met.size - 1 !== this.#failing) return false;
    return (this.#hasFailed = true);
  }

  #goOn(): void {
    if (this.#only !== undefined) this.#failing = -1;
    else this.#failing = this.#failing < ALL_POINTS ? this.#failing + 1 : Math.ceil(this.#failing * GROWTH);
  }
}
