/** getrlimit(2), setrlimit(2), prlimit(2). */
import { CAP_SYS_RESOURCE } from '../abi/capability.ts';
import { EINVAL, EPERM, ESRCH } from '../abi/errno.ts';
import { RLIMIT_AS, RLIMIT_COUNT, RLIMIT_CPU, RLIMIT_DATA, RLIMIT_NOFILE } from '../abi/resource.ts';
import { SIGKILL, SIGXCPU, SI_KERNEL } from '../abi/signal.ts';
import { asGuest } from '../program/guest-task.ts';
import type { RunningProgram } from '../program/running-program.ts';
import type { Thread } from '../program/thread.ts';
import { isWholly, requireCapability } from '../vfs/credentials.ts';
import { type Result, type Syscall, syscall } from './syscall.ts';
import { bringIn } from './user-buffers.ts';

/** More descriptors than this nobody gets (/proc/sys/fs/nr_open). */
const NR_OPEN = 1_048_576n;
const SECOND_NS = 1e9;

function checkResource(resource: number): void {
  if (resource < 0 || resource >= RLIMIT_COUNT) throw EINVAL;
}

function tell(thread: Thread, program: RunningProgram, resource: number, addr: number): void {
  const [soft, hard] = program.limits.get(resource);
  thread.memory.storeI64(addr, soft);
  thread.memory.storeI64(addr + 8, hard);
}

/** struct rlimit: the soft limit, the hard one. @throws EFAULT */
function loadLimit({ memory }: Thread, addr: number): readonly [bigint, bigint] {
  return [memory.loadI64(addr), memory.loadI64(addr + 8)];
}

function change(
  thread: Thread,
  program: RunningProgram,
  resource: number,
  [soft, hard]: readonly [bigint, bigint],
): void {
  const [unsignedSoft, unsignedHard] = [BigInt.asUintN(64, soft), BigInt.asUintN(64, hard)];
  if (unsignedSoft > unsignedHard) throw EINVAL;
  if (resource === RLIMIT_NOFILE && unsignedHard > NR_OPEN) throw EPERM;
  const isRaising = unsignedHard > BigInt.asUintN(64, program.limits.get(resource)[1]);
  if (isRaising) requireCapability(thread.credentials, CAP_SYS_RESOURCE);
  program.limits.set(resource, [soft, hard]);
  applyLimit(program, resource);
}

/** Brings a limit to where it acts. */
function applyLimit(program: RunningProgram, resource: number): void {
  const soft = program.limits.soft(resource);
  if (resource === RLIMIT_NOFILE) program.files.limit = soft;
  if (resource === RLIMIT_CPU) watchCpu(program);
  if (program.namespace === undefined) return;
  if (resource === RLIMIT_AS) program.namespace.map.limits.spaceBytes = soft;
  if (resource === RLIMIT_DATA) program.namespace.map.limits.dataBytes = soft;
}

/** SIGXCPU at the soft limit and each second after, SIGKILL at the hard one (Linux check_process_timers). */
function watchCpu(program: RunningProgram): void {
  program.cancelCpuLimit();
  const softNs = Math.max(1, program.limits.soft(RLIMIT_CPU)) * SECOND_NS;
  const hardNs = Math.max(1, program.limits.hard(RLIMIT_CPU)) * SECOND_NS;
  const arm = (atNs: number): void => {
    if (atNs === Number.POSITIVE_INFINITY) return;
    program.cancelCpuLimit = program.cpuAlarms.at(Math.min(atNs, hardNs), () => {
      if (program.cpuNowNs >= hardNs) program.kill(SIGKILL);
      else {
        program.postSignal({ signal: SIGXCPU, code: SI_KERNEL });
        arm(atNs + SECOND_NS);
      }
    });
  };
  arm(softNs);
}

function getrlimit(thread: Thread, { resource, limit }: { resource: number; limit: number }): Result {
  checkResource(resource);
  tell(thread, asGuest(thread).program, resource, limit);
  return 0;
}

function setrlimit(thread: Thread, { resource, limit }: { resource: number; limit: number }): Result {
  const wanted = loadLimit(thread, limit);
  checkResource(resource);
  change(thread, asGuest(thread).program, resource, wanted);
  return 0;
}

function prlimit(thread: Thread, args: { pid: number; resource: number; limit: number; old: number }): Result {
  const task = asGuest(thread);
  const wanted = args.limit === 0 ? undefined : loadLimit(thread, args.limit);
  const program = args.pid === 0 ? task.program : task.machine.program(args.pid);
  if (program?.isRunning !== true) throw ESRCH;
  // Linux kernel/sys.c: check_prlimit_permission.
  const { uid, gid } = task.credentials;
  if (program !== task.program && !isWholly(program.credentials, uid, gid))
    requireCapability(task.credentials, CAP_SYS_RESOURCE);
  checkResource(args.resource);
  bringIn(thread.memory, args.old, 16);
  const old = program.limits.get(args.resource);
  if (wanted !== undefined) change(thread, program, args.resource, wanted);
  if (args.old !== 0) {
    thread.memory.storeI64(args.old, old[0]);
    thread.memory.storeI64(args.old + 8, old[1]);
  }
  return 0;
}

// oxfmt-ignore
export const limits: readonly Syscall[] = [
  syscall({ nr: 97, name: 'getrlimit', args: { resource: 'int', limit: 'ptr' }, support: 'full', run: getrlimit }),
  syscall({ nr: 160, name: 'setrlimit', args: { resource: 'int', limit: 'ptr' }, support: 'full', run: setrlimit }),
  syscall({ nr: 302, name: 'prlimit64', args: { pid: 'int', resource: 'int', limit: 'ptr', old: 'ptr' }, support: 'full', run: prlimit }),
];
