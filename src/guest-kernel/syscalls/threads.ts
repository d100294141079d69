/** clone(2), clone3(2), gettid(2), set_tid_address(2), arch_prctl(2), robust lists. */
import { type CpuState, GUEST_LIMIT, PAGE_SIZE, REG } from '../../emulator/index.ts';
import { CAP_CHECKPOINT_RESTORE, CAP_SYS_ADMIN, CAP_SYS_RESOURCE } from '../abi/capability.ts';
import { E2BIG, EAGAIN, EFAULT, EINVAL, ENODEV, EPERM, ESRCH } from '../abi/errno.ts';
import { RLIMIT_NPROC } from '../abi/resource.ts';
import {
  CLONE_CHILD_CLEARTID,
  CLONE_CHILD_SETTID,
  CLONE_CLEAR_SIGHAND_HIGH,
  CLONE_FILES,
  CLONE_DETACHED,
  CLONE_FS,
  CLONE_NEWIPC,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWUSER,
  CLONE_NEW_ANY,
  CLONE_PIDFD,
  CLONE_PARENT,
  CLONE_PARENT_SETTID,
  CLONE_SETTLS,
  CLONE_SIGHAND,
  CLONE_SYSVSEM,
  CLONE_THREAD,
  CLONE_VFORK,
  CLONE_VM,
} from '../abi/sched.ts';
import { SIGCHLD } from '../abi/signal.ts';
import { blocked } from '../program/blocked.ts';
import { forkProgram, newState } from '../program/fork.ts';
import { GuestTask, asGuest } from '../program/guest-task.ts';
import type { RunningProgram } from '../program/running-program.ts';
import type { Thread } from '../program/thread.ts';
import { isCapable, mayAttach, requireCapability } from '../vfs/credentials.ts';
import type { Call } from '../vfs/open-file.ts';
import { ProcessFile } from '../vfs/process-file.ts';
import { type Result, type Syscall, partial, syscall } from './syscall.ts';
import { bringIn } from './user-buffers.ts';

const ARCH_SET_GS = 0x1001;
const ARCH_SET_FS = 0x1002;
const ARCH_GET_FS = 0x1003;
const ARCH_GET_GS = 0x1004;
const ARCH_GET_CPUID = 0x1011;
const ARCH_SET_CPUID = 0x1012;
/** What threads of one program have in common at least. */
const THREAD_FLAGS = CLONE_VM | CLONE_SIGHAND;
/** struct clone_args, first version. */
const CLONE_ARGS_BYTES = 64;
/** The same with all fields. */
const KNOWN_CLONE_ARGS_BYTES = 88;
const MAX_PID_NAMESPACES = 32;
/** /proc/sys/kernel/pid_max */
const PID_MAX = 4_194_304;
const ROBUST_HEAD_BYTES = 24;
/** clone(2): the signal that the child ends with. */
const CSIGNAL = 0xff;
const NSIG = 64;

interface CloneRequest {
  readonly flags: number;
  /** Bits 32 to 63 of clone3's. */
  readonly flagsHigh?: number;
  readonly exitSignal: number;
  /** The id that the child is to have; nobody has it. */
  readonly wantedId?: number;
  /** Initial stack pointer. */
  readonly stackAddr: number;
  readonly stackSizeBytes: number;
  readonly parentTidAddr: number;
  readonly childTidAddr: number;
  readonly pidfdAddr: number;
  readonly tls: bigint;
}

function clone(thread: Thread, request: CloneRequest, call: Call): Result {
  const parent = asGuest(thread);
  const { flags } = request;
  checkCombination(flags);
  refuseNamespaces(thread, flags);
  if ((flags & CLONE_THREAD) === 0) return fork(parent, request, call);
  if ((flags & THREAD_FLAGS) !== THREAD_FLAGS) throw EINVAL;
  requireRoom(parent);
  const tidAddrs = tidAddrsOf(parent, request);
  if ((flags & CLONE_PIDFD) !== 0) requirePidfdRoom(parent, request.pidfdAddr);
  const cpuState = newState(parent.namespace);
  const { id, program } = identityOf(parent, cpuState, request.wantedId);
  for (const addr of Object.values(tidAddrs)) if (addr !== 0) parent.memory.storeU32(addr, id);
  cpuState.copyFrom(parent.cpuState);
  cpuState.setNumber(REG.RAX, 0);
  if (request.stackAddr !== 0) cpuState.setNumber(REG.RSP, request.stackAddr);
  if ((flags & CLONE_SETTLS) !== 0) cpuState.fsBase = request.tls;
  const child = new GuestTask(parent.machine, program, {
    id,
    name: parent.name,
    namespace: parent.namespace,
    cpuState,
    dispatcher: parent.dispatcher,
    stackSizeBytes: request.stackSizeBytes,
  });
  child.inheritScheduling(parent);
  child.shareWith(parent);
  child.signalMask = parent.signalMask;
  child.inheritConfinement(parent);
  if ((flags & CLONE_CHILD_CLEARTID) !== 0) child.clearTidAddr = request.childTidAddr;
  if ((flags & CLONE_PIDFD) !== 0) storePidfd(parent, new ProcessFile(program, false, child), request.pidfdAddr);
  child.start();
  if ((flags & CLONE_FILES) === 0) child.unshareFiles();
  if ((flags & CLONE_FS) === 0) child.unshareFs();
  return id;
}

/** Linux kernel/fork.c: copy_process. @throws EINVAL */
function checkCombination(flags: number): void {
  const hasAll = (...wanted: readonly number[]): boolean => wanted.every((flag) => (flags & flag) !== 0);
  if (hasAll(CLONE_FS, CLONE_NEWNS | CLONE_NEWUSER)) throw EINVAL;
  if (hasAll(CLONE_SYSVSEM, CLONE_NEWIPC) || hasAll(CLONE_THREAD, CLONE_NEWUSER | CLONE_NEWPID)) throw EINVAL;
  if (hasAll(CLONE_PIDFD, CLONE_DETACHED)) throw EINVAL;
}

/** Who may not make namespaces hears that first; then it is as on a Linux without them. @throws EPERM, EINVAL */
function refuseNamespaces({ credentials }: Thread, flags: number): void {
  if ((flags & CLONE_NEW_ANY) === 0) return;
  if ((flags & CLONE_NEWUSER) === 0) requireCapability(credentials, CAP_SYS_ADMIN);
  throw EINVAL;
}

/** Where the new id is stored, 0: nowhere, also where it cannot be, as in Linux. @throws NotResident */
function tidAddrsOf({ memory }: GuestTask, request: CloneRequest): { readonly parent: number; readonly child: number } {
  const where = (flag: number, addr: number): number =>
    (request.flags & flag) !== 0 && bringIn(memory, addr, 4) ? addr : 0;
  return {
    parent: where(CLONE_PARENT_SETTID, request.parentTidAddr),
    child: where(CLONE_CHILD_SETTID, request.childTidAddr),
  };
}

/**
 * A new process: a copy, or with CLONE_VM one that runs in the same memory until it executes or ends (vfork,
 * posix_spawn). progress: the child, while vfork waits for that.
 */
function fork(parent: GuestTask, request: CloneRequest, call: Call): Result {
  const { flags } = request;
  const isVfork = (flags & CLONE_VFORK) !== 0;
  const before = call.progress as RunningProgram | undefined;
  if (before !== undefined) {
    return before.hasExecuted || !before.isRunning ? before.pid : awaitRelease(before);
  }
  if ((flags & CLONE_SIGHAND) !== 0 && (flags & CLONE_VM) === 0) throw EINVAL;
  if (request.exitSignal > NSIG) throw EINVAL;
  requireRoom(parent);
  // Whatever can fail does so before there is a child.
  if ((flags & CLONE_FILES) === 0) parent.files.requireRoomForCopy();
  const tidAddrs = tidAddrsOf(parent, request);
  if ((flags & CLONE_PIDFD) !== 0) requirePidfdRoom(parent, request.pidfdAddr);
  const child = forkProgram(parent, {
    stackAddr: request.stackAddr,
    tls: (flags & CLONE_SETTLS) === 0 ? undefined : request.tls,
    childTidAddr: tidAddrs.child,
    clearTidAddr: (flags & CLONE_CHILD_CLEARTID) === 0 ? 0 : request.childTidAddr,
    sharesMemory: (flags & CLONE_VM) !== 0,
    sharesFiles: (flags & CLONE_FILES) !== 0,
    sharesFs: (flags & CLONE_FS) !== 0,
    sharesActions: (flags & CLONE_SIGHAND) !== 0,
    clearsActions: (request.flagsHigh ?? 0) !== 0,
    // Linux copy_process: a sibling ends as its maker does.
    exitSignal: (flags & CLONE_PARENT) === 0 ? request.exitSignal : parent.program.exitSignal,
    isSibling: (flags & CLONE_PARENT) !== 0,
    ...(request.wantedId === undefined ? {} : { wantedId: request.wantedId }),
  });
  if ((flags & CLONE_PIDFD) !== 0) storePidfd(parent, new ProcessFile(child.program, false), request.pidfdAddr);
  if (tidAddrs.parent !== 0) parent.memory.storeU32(tidAddrs.parent, child.id);
  child.start();
  parent.yieldTurn(); // it took longer than other calls
  return isVfork ? awaitRelease(child.program) : child.id;
}

/** @throws EFAULT, EMFILE, NotResident */
function requirePidfdRoom({ memory, files }: GuestTask, addr: number): void {
  if (!bringIn(memory, addr, 4)) throw EFAULT;
  files.lowestFree();
}

function storePidfd(parent: GuestTask, file: ProcessFile, addr: number): void {
  parent.memory.storeU32(addr, parent.files.add(file, { isCloseOnExec: true }));
}

function awaitRelease(child: RunningProgram): Result {
  return blocked(child.released, { progress: child, isUninterruptible: true });
}

const FORK: CloneRequest = {
  flags: 0,
  exitSignal: SIGCHLD,
  stackAddr: 0,
  stackSizeBytes: 0,
  parentTidAddr: 0,
  childTidAddr: 0,
  pidfdAddr: 0,
  tls: 0n,
};

/** Id and program of the next thread: a run's, if the launcher starts one (guest/apps/README.md). @throws EAGAIN */
function identityOf(
  parent: GuestTask,
  state: CpuState,
  wantedId: number | undefined,
): { readonly id: number; readonly program: RunningProgram } {
  const { launcher } = parent.namespace;
  const isLauncher = launcher !== undefined && parent.program === launcher.program && parent.id === parent.program.pid;
  const run = isLauncher ? launcher.takeHandedOut() : undefined;
  if (run === undefined) return { id: wantedId ?? parent.machine.allocateId(), program: parent.program };
  if (!run.program.isRunning) {
    state.dispose();
    throw EAGAIN;
  }
  return { id: run.program.pid, program: run.program };
}

/** Threads and processes that a machine may have (/proc/sys/kernel/threads-max). */
const MAX_TASKS = 16_384;

/** @throws EAGAIN where the machine, or a user who is not root (RLIMIT_NPROC), has enough threads */
function requireRoom(parent: GuestTask): void {
  const { machine, program, credentials } = parent;
  // Linux sched_fork: a share of the processor is not inherited.
  if (parent.deadline !== undefined && !parent.resetsOnFork) throw EAGAIN;
  if (machine.taskCount >= MAX_TASKS) throw EAGAIN;
  const isExempt = [CAP_SYS_RESOURCE, CAP_SYS_ADMIN].some((capability) => isCapable(credentials, capability));
  if (credentials.uid === 0 || isExempt) return;
  if (machine.tasksOf(credentials.uid) >= program.limits.soft(RLIMIT_NPROC)) throw EAGAIN;
}

/** clone3's set_tid: the id that the child is to have. @throws EINVAL, EFAULT, EPERM, EEXIST */
function loadWantedId(thread: Thread, argsAddr: number): number | undefined {
  const { memory, credentials } = thread;
  const ids = memory.loadNumber(argsAddr + 64);
  const count = memory.loadNumber(argsAddr + 72);
  if (count < 0 || count > MAX_PID_NAMESPACES || (ids === 0) !== (count === 0)) throw EINVAL;
  if (count === 0) return undefined;
  const id = memory.loadU32(ids) | 0;
  if (count > 1 || id < 1 || id >= PID_MAX) throw EINVAL; // there is one namespace
  if (!isCapable(credentials, CAP_SYS_ADMIN)) requireCapability(credentials, CAP_CHECKPOINT_RESTORE);
  asGuest(thread).machine.claimId(id);
  return id;
}

// struct clone_args: flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, its count, cgroup;
// 64 bits each.
function clone3(thread: Thread, { argsAddr, size }: { argsAddr: number; size: number }, call: Call): Result {
  if (size > PAGE_SIZE) throw E2BIG;
  if (size < CLONE_ARGS_BYTES) throw EINVAL;
  const { memory } = thread;
  const more = memory.readable(argsAddr, size).subarray(KNOWN_CLONE_ARGS_BYTES);
  if (more.some((byte) => byte !== 0)) throw E2BIG;
  const exitSignal = memory.loadNumber(argsAddr + 32);
  const wantedId = size < KNOWN_CLONE_ARGS_BYTES - 8 ? undefined : loadWantedId(thread, argsAddr);
  if (exitSignal < 0 || exitSignal > NSIG) throw EINVAL;
  const stackAddr = memory.loadNumber(argsAddr + 40);
  const stackSizeBytes = memory.loadNumber(argsAddr + 48);
  if ((stackAddr === 0) !== (stackSizeBytes === 0)) throw EINVAL;
  const flagsHigh = memory.loadU32(argsAddr + 4);
  const flags = memory.loadU32(argsAddr);
  if ((flagsHigh & ~CLONE_CLEAR_SIGHAND_HIGH) !== 0 || (flags & (CSIGNAL | CLONE_DETACHED)) !== 0) throw EINVAL;
  if ((flags & (CLONE_THREAD | CLONE_PARENT)) !== 0 && exitSignal !== 0) throw EINVAL;
  if (flagsHigh !== 0 && (flags & CLONE_SIGHAND) !== 0) throw EINVAL;
  const request = {
    flags,
    flagsHigh,
    exitSignal,
    ...(wantedId === undefined ? {} : { wantedId }),
    stackAddr: stackAddr + stackSizeBytes,
    stackSizeBytes,
    parentTidAddr: memory.loadNumber(argsAddr + 24),
    childTidAddr: memory.loadNumber(argsAddr + 16),
    pidfdAddr: memory.loadNumber(argsAddr + 8),
    tls: memory.loadI64(argsAddr + 56),
  };
  return clone(thread, request, call);
}

/** unshare(2): what the calling thread shares with others of its program, or with other programs. */
function unshare(thread: Thread, { flags }: { flags: number }): Result {
  const task = asGuest(thread);
  const known = CLONE_FILES | CLONE_FS | CLONE_SYSVSEM | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_NEW_ANY;
  if ((flags & ~known) !== 0) throw EINVAL;
  const isAlone = task.program.threads.size === 1;
  if ((flags & (CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)) !== 0 && !isAlone) throw EINVAL;
  refuseNamespaces(thread, flags);
  if ((flags & CLONE_FILES) !== 0) task.unshareFiles();
  if ((flags & CLONE_FS) !== 0) task.unshareFs();
  return 0;
}

function archPrctl(thread: Thread, { code, addr }: { code: number; addr: bigint }): Result {
  const state = thread.cpuState;
  switch (code) {
    case ARCH_SET_FS:
    case ARCH_SET_GS:
      if (addr < 0n || addr >= 1n << 47n) throw EPERM;
      if (code === ARCH_SET_FS) state.fsBase = addr;
      else state.gsBase = addr;
      return 0;
    case ARCH_GET_FS:
    case ARCH_GET_GS:
      if (addr >= BigInt(GUEST_LIMIT)) throw EPERM;
      thread.memory.storeI64(Number(addr), code === ARCH_GET_FS ? state.fsBase : state.gsBase);
      return 0;
    case ARCH_GET_CPUID:
      return 1;
    case ARCH_SET_CPUID:
      throw ENODEV; // a processor whose CPUID cannot be made to fault
    default:
      throw EINVAL; // also the CET probes of glibc (0x3001)
  }
}

function setRobustList(thread: Thread, { head, size }: { head: number; size: number }): Result {
  if (size !== ROBUST_HEAD_BYTES) throw EINVAL;
  asGuest(thread).robustListAddr = head;
  return 0;
}

function getRobustList(thread: Thread, args: { tid: number; head: number; size: number }): Result {
  const owner = args.tid === 0 ? asGuest(thread) : asGuest(thread).machine.task(args.tid);
  if (!(owner instanceof GuestTask)) throw ESRCH;
  if (!mayAttach(thread, owner)) throw EPERM;
  thread.memory.storeNumber(args.head, owner.robustListAddr);
  thread.memory.storeNumber(args.size, ROBUST_HEAD_BYTES);
  return 0;
}

// oxfmt-ignore
export const threads: readonly Syscall[] = [
  syscall({ nr: 56, name: 'clone', support: partial('no namespaces of Linux'),
    args: { flags: 'flags', stack: 'ptr', parentTid: 'ptr', childTid: 'ptr', tls: 'u64' },
    run: (thread, { flags, stack, parentTid, childTid, tls }, call) => {
      // The descriptor goes where the id would.
      if ((flags & CLONE_PIDFD) !== 0 && (flags & CLONE_PARENT_SETTID) !== 0) throw EINVAL;
      return clone(thread, { flags, exitSignal: flags & CSIGNAL, stackAddr: stack, stackSizeBytes: 0, parentTidAddr: parentTid, childTidAddr: childTid, pidfdAddr: parentTid, tls }, call);
    } }),
  syscall({ nr: 57, name: 'fork', args: {}, support: 'full', run: (thread, _args, call) => fork(asGuest(thread), FORK, call) }),
  syscall({ nr: 58, name: 'vfork', args: {}, support: 'full',
    run: (thread, _args, call) => fork(asGuest(thread), { ...FORK, flags: CLONE_VM | CLONE_VFORK }, call) }),
  syscall({ nr: 435, name: 'clone3', args: { argsAddr: 'ptr', size: 'size' }, support: partial('as clone, no cgroups'), run: clone3 }),
  syscall({ nr: 272, name: 'unshare', args: { flags: 'flags' }, support: partial('no namespaces of Linux'), run: unshare }),
  syscall({ nr: 186, name: 'gettid', args: {}, support: 'full', run: (thread) => thread.id }),
  syscall({ nr: 218, name: 'set_tid_address', args: { addr: 'ptr' }, support: 'full',
    run: (thread, { addr }) => {
      asGuest(thread).clearTidAddr = addr;
      return thread.id;
    } }),
  syscall({ nr: 158, name: 'arch_prctl', args: { code: 'int', addr: 'u64' }, support: 'full', run: archPrctl }),
  syscall({ nr: 273, name: 'set_robust_list', args: { head: 'ptr', size: 'size' }, support: 'full', run: setRobustList }),
  syscall({ nr: 274, name: 'get_robust_list', args: { tid: 'int', head: 'ptr', size: 'ptr' }, support: 'full', run: getRobustList }),
];
