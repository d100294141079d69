/** The file descriptors of a program (files_struct of Linux). */
import { assert } from '../../emulator/util/assert.ts';
import { EBADF, EMFILE, ENFILE, ENOMEM } from '../abi/errno.ts';
import { ENDLESS_MEMORY, type KeptMemory } from '../program/kept-memory.ts';
import { dropLocks } from './file-locks.ts';
import type { OpenFile } from './open-file.ts';

interface Slot {
  readonly file: OpenFile;
  isCloseOnExec: boolean;
}

/** What a descriptor takes of the machine's memory, with the open file behind it. */
export const SLOT_BYTES = 1024;

const STDERR = 2;

/** OSv's own limit (facts 7). */
const MAX_FDS = 16_384;

export class FileTable {
  readonly #memory: KeptMemory;
  readonly #slots: (Slot | undefined)[] = [];
  /** RLIMIT_NOFILE: one past the highest descriptor that may be given. */
  limit = MAX_FDS;
  #references = 1;

  constructor(memory: KeptMemory = ENDLESS_MEMORY) {
    this.#memory = memory;
  }

  /** More than one program, or thread on its own, has it. */
  get isShared(): boolean {
    return this.#references > 1;
  }

  /** The open file behind `fd`. @throws EBADF */
  get(fd: number): OpenFile {
    return this.#slot(fd).file;
  }

  /** Takes over one reference of `file` and gives it the lowest free descriptor ≥ `least`. @throws EMFILE, ENFILE */
  add(file: OpenFile, options: { isCloseOnExec?: boolean; least?: number } = {}): number {
    const fd = this.lowestFree(options.least);
    this.#slots[fd] = { file, isCloseOnExec: options.isCloseOnExec ?? false };
    this.#memory.account(SLOT_BYTES);
    return fd;
  }

  /** The descriptor that `add` would give. @throws EMFILE, ENFILE where the machine has no memory for one more */
  lowestFree(least = 0): number {
    let fd = least;
    while (this.#slots[fd] !== undefined) fd++;
    if (fd >= this.limit) throw EMFILE;
    // With its streams a program can start even then.
    if (fd > STDERR && this.#memory.freeBytes < SLOT_BYTES) throw ENFILE;
    return fd;
  }

  /** dup2 and dup3: `newFd` closes first if it is open. @throws EBADF */
  duplicate(fd: number, newFd: number, isCloseOnExec = false): number {
    const { file } = this.#slot(fd);
    if (newFd < 0 || newFd >= this.limit) throw EBADF;
    file.retain();
    const replaced = this.#slots[newFd]?.file;
    if (replaced === undefined) this.#memory.account(SLOT_BYTES);
    this.#slots[newFd] = { file, isCloseOnExec };
    if (replaced !== undefined) this.#letGo(replaced);
    return newFd;
  }

  /** @throws EBADF */
  close(fd: number): void {
    const { file } = this.#slot(fd);
    this.#slots[fd] = undefined;
    this.#memory.account(-SLOT_BYTES);
    this.#letGo(file);
  }

  isCloseOnExec(fd: number): boolean {
    return this.#slot(fd).isCloseOnExec;
  }

  setCloseOnExec(fd: number, isCloseOnExec: boolean): void {
    this.#slot(fd).isCloseOnExec = isCloseOnExec;
  }

  /** Open descriptors in rising order. */
  descriptors(): number[] {
    return this.#slots.flatMap((slot, fd) => (slot === undefined ? [] : [fd]));
  }

  /** Before a copy is made. @throws ENOMEM */
  requireRoomForCopy(): void {
    if (this.descriptors().length * SLOT_BYTES > this.#memory.freeBytes) throw ENOMEM;
  }

  /** A copy for fork: same open files, own descriptors. */
  clone(): FileTable {
    const copy = new FileTable(this.#memory);
    copy.limit = this.limit;
    this.#slots.forEach((slot, fd) => {
      if (slot === undefined) return;
      slot.file.retain();
      copy.#slots[fd] = { ...slot };
      this.#memory.account(SLOT_BYTES);
    });
    return copy;
  }

  closeOnExec(): void {
    for (const fd of this.descriptors()) if (this.isCloseOnExec(fd)) this.close(fd);
  }

  retain(): void {
    this.#references++;
  }

  /** Closes every descriptor when the last user is gone. */
  release(): void {
    assert(this.#references > 0, 'file table: released twice');
    if (--this.#references > 0) return;
    for (const fd of this.descriptors()) this.close(fd);
  }

  #letGo(file: OpenFile): void {
    dropLocks(file.inode, this); // fcntl(2): closing any descriptor of a file drops the process's locks on it
    file.flush?.(this);
    file.release();
  }

  #slot(fd: number): Slot {
    const slot = this.#slots[fd];
    if (slot === undefined) throw EBADF;
    return slot;
  }
}
