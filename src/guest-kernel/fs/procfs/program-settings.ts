/** What is written to files of /proc/PID: a name, a score, who logged in. */
import { byteStringFrom, type ByteString } from '../../../emulator/util/bytes.ts';
import { CAP_AUDIT_CONTROL, CAP_SYS_RESOURCE } from '../../abi/capability.ts';
import { EACCES, EINVAL, EPERM, ERANGE } from '../../abi/errno.ts';
import type { Task } from '../../program/thread.ts';
import { isCapable } from '../../vfs/credentials.ts';
import type { ProcSource } from './proc-source.ts';
import type { Subject } from './status-files.ts';

/** Linux: the longest name of a thread. */
const MAX_NAME = 15;
const OOM_SCORE_ADJ_MAX = 1000;
/** (uid_t)-1: nobody logged in. */
const NO_LOGIN = 0xffff_ffff;
/** What programs write to, and nobody heeds. */
const UNHEEDED = new Set(['coredump_filter', 'setgroups', 'uid_map', 'gid_map']);

type Writer = (text: Uint8Array) => void;

/** Undefined: the file is not written to. */
export function writerOf(name: ByteString, { source, task }: Subject): Writer | undefined {
  if (UNHEEDED.has(name)) return () => {};
  if (task === undefined) return undefined;
  const set = SETTINGS.get(name);
  return set === undefined ? undefined : (text) => set(task, byteStringFrom(text), source);
}

const SETTINGS: ReadonlyMap<ByteString, (task: Task, text: ByteString, source: ProcSource) => void> = new Map([
  ['comm', setName],
  ['loginuid', setLogin],
  ['oom_score_adj', setScore],
]);

/** Of threads of the same program. @throws EINVAL */
function setName(task: Task, text: ByteString, source: ProcSource): void {
  if (source.current()?.program !== task.program) throw EINVAL;
  task.name = (text.split(/[\n\0]/)[0] ?? '').slice(0, MAX_NAME);
}

/** Linux fs/proc/base.c: __set_oom_adj. What the privileged set is the least that others may ask for. */
function setScore({ program }: Task, text: ByteString, source: ProcSource): void {
  const score = integerIn(text);
  if (Math.abs(score) > OOM_SCORE_ADJ_MAX) throw EINVAL;
  const caller = source.current();
  const isPrivileged = caller !== undefined && isCapable(caller.credentials, CAP_SYS_RESOURCE);
  if (score < (program.oomScoreMinimum ?? 0) && !isPrivileged) throw EACCES;
  program.oomScoreAdjustment = score;
  if (isPrivileged) program.oomScoreMinimum = score;
}

/** One's own, once (Linux fs/proc/base.c: proc_loginuid_write; kernel/auditsc.c: audit_set_loginuid_perm). */
function setLogin({ id, program }: Task, text: ByteString, source: ProcSource): void {
  const caller = source.current();
  if (caller?.id !== id) throw EPERM;
  if (!/^\+?\d+\n?$/.test(text)) throw EINVAL;
  const user = Number(text);
  if (user > NO_LOGIN) throw ERANGE;
  const isFirst = (program.loginUid ?? NO_LOGIN) === NO_LOGIN;
  if (!isFirst && !isCapable(caller.credentials, CAP_AUDIT_CONTROL)) throw EPERM;
  program.loginUid = user;
}

/** In base 8, 10 or 16, blanks around it aside (kstrtoint). @throws EINVAL */
function integerIn(text: ByteString): number {
  const [, sign, digits = ''] = /^\s*([-+]?)(0x[0-9a-f]+|\d+)\s*$/i.exec(text) ?? [];
  const isOctal = /^0\d/.test(digits);
  const value = Number.parseInt(digits, /^0x/i.test(digits) ? 16 : isOctal ? 8 : 10);
  if (Number.isNaN(value) || (isOctal && /[89]/.test(digits))) throw EINVAL;
  return sign === '-' ? -value : value;
}
