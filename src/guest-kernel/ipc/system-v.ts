/** The System V objects of a machine, and what the end of a program does to them. */
import type { MessageQueue } from './message-queues.ts';
import { messageQueues } from './message-queues.ts';
import type { IpcTable } from './ipc-table.ts';
import { type SemaphoreSet, semaphoreSets } from './semaphores.ts';
import { type SharedSegment, sharedSegments } from './shared-segments.ts';

export class SystemV {
  readonly semaphores: IpcTable<SemaphoreSet> = semaphoreSets();
  readonly messages: IpcTable<MessageQueue> = messageQueues();
  readonly segments: IpcTable<SharedSegment> = sharedSegments();

  /** SEM_UNDO. */
  programEnded(pid: number): void {
    for (const set of this.semaphores.all) set.programEnded(pid);
  }
}
