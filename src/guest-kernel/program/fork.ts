/** fork(2): the calling thread goes on as a program of its own, in a copy of its memory or (vfork) in the same. */
import { type CpuState, REG } from '../../emulator/index.ts';
import { EAGAIN, ENOSYS } from '../abi/errno.ts';
import type { GuestNamespace } from './guest-namespace.ts';
import { GuestTask } from './guest-task.ts';
import type { FileTable } from '../vfs/file-table.ts';
import { RunningProgram } from './running-program.ts';

export interface ForkRequest {
  /** 0: where the parent's is. */
  readonly stackAddr: number;
  /** Absent: the parent's. */
  readonly tls: bigint | undefined;
  /** Gets the child's tid, in the child's memory; the parent may store there; 0: nothing does. */
  readonly childTidAddr: number;
  readonly clearTidAddr: number;
  /** CLONE_VM: parent and child have one memory until the child executes. */
  readonly sharesMemory: boolean;
  /** CLONE_FILES, CLONE_FS, CLONE_SIGHAND: what one changes of these the other sees. */
  readonly sharesFiles: boolean;
  readonly sharesFs: boolean;
  readonly sharesActions: boolean;
  /** Signal to the parent at its end; 0: none. */
  readonly exitSignal: number;
  /** The child's id, which nobody has. */
  readonly wantedId?: number;
  /** CLONE_CLEAR_SIGHAND: handlers are not inherited. */
  readonly clearsActions: boolean;
  /** Its parent is that of the program that makes it (CLONE_PARENT). */
  readonly isSibling: boolean;
}

/** @returns the child's main thread, which is not started yet. @throws EAGAIN, ENOMEM */
export function forkProgram(parent: GuestTask, request: ForkRequest): GuestTask {
  const { machine, program } = parent;
  const namespace = request.sharesMemory ? parent.namespace : copyNamespace(parent);
  const { cpuState, pid } = firstThread(parent, namespace, request);
  const child = new RunningProgram(machine, {
    pid,
    parentPid: request.isSibling ? program.parentPid : program.pid,
    path: program.path,
    argv: program.argv,
    namespace,
    files: request.sharesFiles ? shared(parent.files) : parent.files.clone(),
    fs: request.sharesFs ? parent.fs : { ...parent.fs },
    credentials: { ...parent.credentials },
    actions: request.sharesActions ? program.actions : program.actions.clone(),
    limits: program.limits,
    isForked: true,
  });
  child.exitSignal = request.exitSignal;
  child.isDumpable = program.isDumpable;
  child.hasMemoryBarriers = program.hasMemoryBarriers;
  child.hasCoreBarriers = program.hasCoreBarriers;
  child.hasNoHugePages = program.hasNoHugePages;
  child.oomScoreAdjustment = program.oomScoreAdjustment;
  child.oomScoreMinimum = program.oomScoreMinimum;
  child.loginUid = program.loginUid;
  if (request.clearsActions) child.actions.resetCaught();
  child.processGroup = program.processGroup;
  child.session = program.session;
  child.isDetached = program.isDetached;
  namespace.retain();
  child.onEnded = () => namespace.release();
  machine.registerProgram(child);
  if (!request.isSibling) program.adopt(child);
  else program.parent?.adopt(child);
  const task = new GuestTask(machine, child, {
    id: pid,
    name: parent.name,
    namespace,
    cpuState,
    dispatcher: parent.dispatcher,
    stackSizeBytes: parent.stackSizeBytes,
  });
  task.inheritScheduling(parent);
  task.signalMask = parent.signalMask;
  task.inheritConfinement(parent);
  task.alternateStack = parent.alternateStack;
  task.clearTidAddr = request.clearTidAddr;
  if (request.sharesMemory) task.robustListAddr = 0;
  else task.restartable = parent.restartable;
  return task;
}

function shared(files: FileTable): FileTable {
  files.retain();
  return files;
}

/** @throws EAGAIN, ENOMEM: then a memory of the child's own is gone too */
function firstThread(
  { cpuState: parentState, machine }: GuestTask,
  namespace: GuestNamespace,
  request: ForkRequest,
): { readonly cpuState: CpuState; readonly pid: number } {
  try {
    const cpuState = childState(parentState, namespace, request);
    const pid = request.wantedId ?? machine.allocateId();
    if (request.childTidAddr !== 0) namespace.memory.storeU32(request.childTidAddr, pid);
    return { cpuState, pid };
  } catch (error) {
    if (!request.sharesMemory) namespace.dispose();
    throw error;
  }
}

function copyNamespace(parent: GuestTask): GuestNamespace {
  const pool = parent.machine.namespaces;
  if (pool === undefined) throw ENOSYS;
  const namespace = pool.create(true);
  try {
    namespace.map.copyFrom(parent.namespace.map);
  } catch (error) {
    namespace.dispose();
    throw error;
  }
  return namespace;
}

function childState(parent: CpuState, namespace: GuestNamespace, request: ForkRequest): CpuState {
  const state = newState(namespace);
  state.copyFrom(parent);
  state.setNumber(REG.RAX, 0);
  if (request.stackAddr !== 0) state.setNumber(REG.RSP, request.stackAddr);
  if (request.tls !== undefined) state.fsBase = request.tls;
  return state;
}

/** @throws EAGAIN where a memory has no room for another thread */
export function newState(namespace: GuestNamespace): CpuState {
  try {
    return namespace.cpu.createState();
  } catch (error) {
    if (error instanceof RangeError) throw EAGAIN;
    throw error;
  }
}
