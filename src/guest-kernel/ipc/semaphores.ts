/**
 * System V semaphores (semop(2), Linux ipc/sem.c). A call's operations happen all together or not at all; a call that
 * cannot go on waits at the queue of the first semaphore that stops it, so that the lengths of the queues are GETNCNT
 * and GETZCNT.
 */
import { ERANGE } from '../abi/errno.ts';
import { IPC_NOWAIT, SEM_UNDO, SEMMNI, SEMVMX } from '../abi/ipc.ts';
import { WaitQueue } from '../program/wait-queue.ts';
import { IpcObject, IpcTable, type NewObject } from './ipc-table.ts';

export interface SemaphoreOperation {
  readonly number: number;
  readonly change: number;
  readonly flags: number;
}

export class Semaphore {
  value = 0;
  lastPid = 0;
  /** Who waits for it to grow, and to become 0. */
  readonly growing = new WaitQueue();
  readonly emptying = new WaitQueue();
}

export class SemaphoreSet extends IpcObject {
  readonly semaphores: readonly Semaphore[];
  readonly removed = new WaitQueue();
  /** What a program's end gives back, by pid and semaphore. */
  readonly #undo = new Map<number, number[]>();
  usedSeconds = 0;

  constructor(object: NewObject, count: number) {
    super(object);
    this.semaphores = Array.from({ length: count }, () => new Semaphore());
  }

  /**
   * Does all operations.
   * @returns undefined when done, or what to wait for: the queue, and whether the caller may not wait
   * @throws ERANGE
   */
  operate(
    operations: readonly SemaphoreOperation[],
    pid: number,
    nowSeconds: number,
  ): { readonly queue: WaitQueue; readonly mustNotWait: boolean } | undefined {
    const values = this.semaphores.map(({ value }) => value);
    for (const { number, change, flags } of operations) {
      const semaphore = this.semaphores[number];
      const value = values[number];
      if (semaphore === undefined || value === undefined) continue;
      const mustNotWait = (flags & IPC_NOWAIT) !== 0;
      if (change === 0 && value !== 0) return { queue: semaphore.emptying, mustNotWait };
      if (value + change < 0) return { queue: semaphore.growing, mustNotWait };
      if (value + change > SEMVMX) throw ERANGE;
      values[number] = value + change;
    }
    this.#noteUndo(operations, pid);
    for (const { number } of operations) this.#set(number, values[number] ?? 0, pid);
    this.usedSeconds = nowSeconds;
    return undefined;
  }

  /** SETVAL and SETALL: nobody's end changes it any more. @throws ERANGE */
  assign(first: number, values: readonly number[], pid: number): void {
    if (values.some((value) => value < 0 || value > SEMVMX)) throw ERANGE;
    values.forEach((value, i) => {
      for (const adjustments of this.#undo.values()) adjustments[first + i] = 0;
      this.#set(first + i, value, pid);
    });
  }

  programEnded(pid: number): void {
    const adjustments = this.#undo.get(pid);
    if (adjustments === undefined) return;
    this.#undo.delete(pid);
    adjustments.forEach((adjustment, number) => {
      const value = this.semaphores[number]?.value ?? 0;
      if (adjustment !== 0) this.#set(number, Math.min(Math.max(0, value + adjustment), SEMVMX), pid);
    });
  }

  wakeAll(): void {
    this.removed.wake();
    for (const { growing, emptying } of this.semaphores) {
      growing.wake();
      emptying.wake();
    }
  }

  /** All or nothing. @throws ERANGE */
  #noteUndo(operations: readonly SemaphoreOperation[], pid: number): void {
    if (!operations.some(({ flags }) => (flags & SEM_UNDO) !== 0)) return;
    const adjustments = this.#undo.get(pid)?.slice() ?? this.semaphores.map(() => 0);
    for (const { number, change, flags } of operations) {
      if ((flags & SEM_UNDO) === 0 || change === 0) continue;
      const adjustment = (adjustments[number] ?? 0) - change;
      if (adjustment < -SEMVMX - 1 || adjustment > SEMVMX) throw ERANGE;
      adjustments[number] = adjustment;
    }
    this.#undo.set(pid, adjustments);
  }

  #set(number: number, value: number, pid: number): void {
    const semaphore = this.semaphores[number];
    if (semaphore === undefined) return;
    const before = semaphore.value;
    semaphore.value = value;
    semaphore.lastPid = pid;
    if (value > before) semaphore.growing.wake();
    if (value === 0) semaphore.emptying.wake();
  }
}

export const semaphoreSets = (): IpcTable<SemaphoreSet> =>
  new IpcTable<SemaphoreSet>(SEMMNI, ({ semaphores }) => semaphores.length);
