/**
 * System V objects of one kind by id and key (Linux ipc/util.c): semaphore sets, message queues, shared segments.
 * An id is never given twice soon: a sequence number stands above the slot.
 */
import { CAP_IPC_OWNER, CAP_SYS_ADMIN } from '../abi/capability.ts';
import { EACCES, EEXIST, EIDRM, EINVAL, ENOENT, ENOSPC } from '../abi/errno.ts';
import { IPC_CREAT, IPC_EXCL, IPC_PRIVATE } from '../abi/ipc.ts';
import { type Credentials, isCapable, requireCapability } from '../vfs/credentials.ts';

/** Slots below the sequence number: IPCMNI of Linux. */
const SLOTS = 32_768;

export class IpcObject {
  readonly id: number;
  key: number;
  uid: number;
  gid: number;
  readonly cuid: number;
  readonly cgid: number;
  mode: number;
  changedSeconds: number;

  constructor({ id, key, mode, credentials, nowSeconds }: NewObject) {
    this.id = id;
    this.key = key;
    this.uid = credentials.euid;
    this.gid = credentials.egid;
    this.cuid = credentials.euid;
    this.cgid = credentials.egid;
    this.mode = mode;
    this.changedSeconds = nowSeconds;
  }

  get sequence(): number {
    return Math.floor(this.id / SLOTS);
  }
}

export interface NewObject {
  readonly id: number;
  readonly key: number;
  readonly mode: number;
  readonly credentials: Credentials;
  readonly nowSeconds: number;
}

export class IpcTable<T extends IpcObject> {
  /** By slot. */
  readonly #objects = new Map<number, T>();
  readonly #most: number;
  #nextSlot = 0;
  #sequence = 0;

  readonly #weigh: (object: T) => number;
  #weight = 0;

  /** @param weigh what an object adds to `weight`, for as long as it is there */
  constructor(most: number, weigh: (object: T) => number = () => 1) {
    this.#most = most;
    this.#weigh = weigh;
  }

  /** Of all objects. */
  get weight(): number {
    return this.#weight;
  }

  get all(): readonly T[] {
    return [...this.#objects.values()].toSorted((a, b) => (a.id % SLOTS) - (b.id % SLOTS));
  }

  /** The object of a key; none has IPC_PRIVATE. */
  withKey(key: number): T | undefined {
    if (key === IPC_PRIVATE) return undefined;
    for (const object of this.#objects.values()) if (object.key === key) return object;
    return undefined;
  }

  /**
   * msgget(2) and its like: the object of that key, or a new one.
   * @param check of an object that is there: whether it is what was asked for
   * @throws ENOENT, EEXIST, ENOSPC, EACCES, and what `check` throws
   */
  get(
    wish: Omit<NewObject, 'id' | 'mode'> & { readonly flags: number },
    make: (object: NewObject) => T,
    check: (found: T) => void,
  ): T {
    const { key, flags, credentials, nowSeconds } = wish;
    const found = this.withKey(key);
    if (found !== undefined) {
      if ((flags & (IPC_CREAT | IPC_EXCL)) === (IPC_CREAT | IPC_EXCL)) throw EEXIST;
      check(found);
      requireAccess(found, credentials, flags);
      return found;
    }
    if (key !== IPC_PRIVATE && (flags & IPC_CREAT) === 0) throw ENOENT;
    if (this.#objects.size >= this.#most) throw ENOSPC;
    const object = make({ id: this.#allocate(), key, mode: flags & 0o777, credentials, nowSeconds });
    this.#objects.set(object.id % SLOTS, object);
    this.#weight += this.#weigh(object);
    return object;
  }

  /** @throws EINVAL, or EIDRM for the id of one that is gone */
  find(id: number): T {
    const object = id < 0 ? undefined : this.#objects.get(id % SLOTS);
    if (object?.id === id) return object;
    throw object === undefined ? EINVAL : EIDRM;
  }

  /** What *_STAT take: the place of an object instead of its id. @throws EINVAL */
  at(slot: number): T {
    const object = this.#objects.get(slot);
    if (object === undefined) throw EINVAL;
    return object;
  }

  /** Highest slot in use: what IPC_INFO answers. */
  get highestSlot(): number {
    let most = 0;
    for (const slot of this.#objects.keys()) most = Math.max(most, slot);
    return most;
  }

  has(object: T): boolean {
    return this.#objects.get(object.id % SLOTS) === object;
  }

  remove(object: T): void {
    if (!this.has(object)) return;
    this.#objects.delete(object.id % SLOTS);
    this.#weight -= this.#weigh(object);
  }

  #allocate(): number {
    while (this.#objects.has(this.#nextSlot)) this.#advance();
    const id = this.#sequence * SLOTS + this.#nextSlot;
    this.#advance();
    return id;
  }

  #advance(): void {
    this.#nextSlot = (this.#nextSlot + 1) % SLOTS;
    if (this.#nextSlot === 0) this.#sequence = (this.#sequence + 1) % SLOTS;
  }
}

/** @param wanted permission bits, any of the three groups: 0o444 to read, 0o222 to change. @throws EACCES */
export function requireAccess(object: IpcObject, credentials: Credentials, wanted: number): void {
  const { euid, egid, groups } = credentials;
  if (isCapable(credentials, CAP_IPC_OWNER)) return;
  const requested = (wanted >> 6) | (wanted >> 3) | wanted;
  const isOf = (gid: number): boolean => gid === egid || groups.includes(gid);
  let granted = object.mode;
  if (euid === object.uid || euid === object.cuid) granted >>= 6;
  else if (isOf(object.gid) || isOf(object.cgid)) granted >>= 3;
  if ((requested & ~granted & 7) !== 0) throw EACCES;
}

/** IPC_SET and IPC_RMID are for owner, creator and administrators. @throws EPERM */
export function requireOwner(object: IpcObject, credentials: Credentials): void {
  const { euid } = credentials;
  if (euid !== object.uid && euid !== object.cuid) requireCapability(credentials, CAP_SYS_ADMIN);
}
