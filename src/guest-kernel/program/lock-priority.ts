/**
 * Priority inheritance (Linux kernel/locking/rtmutex.c): who holds a lock has the real-time priority of the most urgent
 * thread that waits for it, through chains of waiters. Threads without a real-time priority lend nothing, as in Linux.
 *
 *   C (priority 10) ──waits for──► B ──waits for──► A: A and B run with priority 10 until they let go
 */

/** Linux max_lock_depth: a longer chain is a circle, or somebody who means no good. */
const MAX_DEPTH = 1024;

export class LockPriority {
  readonly #own: () => number;
  readonly #onChange: () => void;
  readonly #waiters = new Set<LockPriority>();
  #owner: LockPriority | undefined;
  #lent = 0;

  /**
   * @param own the thread's own real-time priority, 0 for none
   * @param onChange called when what it is lent has changed
   */
  constructor(own: () => number, onChange: () => void) {
    this.#own = own;
    this.#onChange = onChange;
  }

  /** What the scheduler goes by. */
  get value(): number {
    return Math.max(this.#own(), this.#lent);
  }

  /** Whether somebody waits for a lock of it. */
  get isAwaited(): boolean {
    return this.#waiters.size > 0;
  }

  /** Whether it is `other`, or waits for a lock of that, perhaps through others; also where the chain is too long. */
  dependsOn(other: LockPriority): boolean {
    let depth = 0;
    for (const each of LockPriority.#chainFrom(this)) if (each === other || ++depth > MAX_DEPTH) return true;
    return false;
  }

  /** Whether it waits for a lock of `owner` itself. */
  isDirectlyBehind(owner: LockPriority): boolean {
    return this.#owner === owner;
  }

  /** The lock it waits for is, from now on, held by `owner`; undefined: it waits for none. */
  waitFor(owner: LockPriority | undefined): void {
    const before = this.#owner;
    if (before === owner) return;
    if (before !== undefined) before.#waiters.delete(this);
    this.#owner = owner;
    if (owner !== undefined) owner.#waiters.add(this);
    if (before !== undefined) before.#recompute();
    if (owner !== undefined) owner.#recompute();
  }

  /** Its own priority has changed. */
  refresh(): void {
    if (this.#owner !== undefined) this.#owner.#recompute();
  }

  /** It, whom it waits for, whom that waits for. */
  static *#chainFrom(first: LockPriority): Generator<LockPriority> {
    for (let at: LockPriority | undefined = first; at !== undefined; at = at.#owner) yield at;
  }

  #recompute(): void {
    for (const each of LockPriority.#chainFrom(this)) {
      if (!each.#hasNewLoan()) return;
      each.#onChange();
    }
  }

  /** Takes what it is lent from those who wait. @returns whether it is another than before */
  #hasNewLoan(): boolean {
    let lent = 0;
    for (const waiter of this.#waiters) lent = Math.max(lent, waiter.value);
    if (lent === this.#lent) return false;
    this.#lent = lent;
    return true;
  }
}
