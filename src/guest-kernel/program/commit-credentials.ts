/** New credentials of a thread, and what goes with them (Linux kernel/cred.c: commit_creds). */
import { isSubset } from '../vfs/capabilities.ts';
import type { Credentials } from '../vfs/credentials.ts';
import { fileGroup, fileUser } from '../vfs/permissions.ts';
import type { KernelTask } from './kernel-task.ts';

/** Who becomes somebody else, or may more than before, leaves no core that others could read, and outlives its parent. */
export function commitCredentials({ credentials, program }: KernelTask, changes: Partial<Credentials>): void {
  const before = { ...credentials };
  Object.assign(credentials, changes);
  const isOther =
    before.euid !== credentials.euid ||
    before.egid !== credentials.egid ||
    fileUser(before) !== fileUser(credentials) ||
    fileGroup(before) !== fileGroup(credentials) ||
    !isSubset(credentials.capabilities.permitted, before.capabilities.permitted);
  if (!isOther) return;
  program.isDumpable = false;
  program.parentDeathSignal = 0;
}
