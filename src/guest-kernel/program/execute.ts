/** execve(2): a program replaces its memory by another file, and goes on as the same program. */
import { REG } from '../../emulator/index.ts';
import { type ByteString, byteStringFrom } from '../../emulator/util/bytes.ts';
import { EHDR_BYTES } from '../abi/elf.ts';
import { E2BIG, EACCES, EIO, ELIBBAD, ELOOP, ENOENT, ENOEXEC, ENOSYS, ETXTBSY, Errno } from '../abi/errno.ts';
import { RLIMIT_STACK } from '../abi/resource.ts';
import { SIGCHLD, SIGKILL } from '../abi/signal.ts';
import { S_IFMT, S_IFREG, S_ISGID, S_ISUID, X_OK } from '../abi/stat.ts';
import { ElfError, parseElf } from '../loader/elf.ts';
import { type LoadedFile, argumentBytes, stackSize } from '../loader/load-program.ts';
import { afterExecute } from '../vfs/capabilities.ts';
import type { Location } from '../vfs/location.ts';
import { isOpenForWriting } from '../vfs/regular-file.ts';
import { commitCredentials } from './commit-credentials.ts';
import { type ExecutableImage, baseName, loadInto, sourceOf } from './executable.ts';
import type { GuestNamespace } from './guest-namespace.ts';
import { GuestTask } from './guest-task.ts';
import type { RunningMachine } from './running-machine.ts';
import { NO_ALTERNATE_STACK } from './signal-frame.ts';
import { prepareRelease, releaseThread } from './thread-end.ts';

const EXECUTABLE_BITS = 0o111;
/** Linux BINPRM_BUF_SIZE: a longer first line of a script is cut. */
const SCRIPT_LINE_BYTES = 256;
const MAX_SCRIPT_DEPTH = 4;

interface ExecuteRequest {
  readonly path: ByteString;
  /** Where it is; checkExecutable liked it. */
  readonly place: Location;
  /** The path goes through a descriptor that closes meanwhile: nobody who is handed it could open it. */
  readonly isPathClosing?: boolean;
  readonly argv: readonly ByteString[];
  readonly environment: readonly ByteString[];
}

/**
 * All checks come first; after them there is no way back, and a failure kills the program.
 * @throws ENOENT, EACCES, ENOEXEC, …, NotResident
 */
export function execute(task: GuestTask, request: ExecuteRequest): void {
  const { program, machine } = task;
  const { image, argv } = resolve(task, request, 0);
  const stackLimitBytes = program.limits.soft(RLIMIT_STACK);
  if (argumentBytes([...argv, ...request.environment]) > stackSize(stackLimitBytes) / 4) throw E2BIG;
  for (const thread of program.threads.values()) if (thread instanceof GuestTask) prepareRelease(thread);
  // Memory that others use too is left to them (vfork, plain runs); what one has alone is emptied and used again.
  const fresh = task.namespace.isShared ? namespaceFor(machine) : undefined;
  for (const thread of program.threads.values()) if (thread !== task) thread.end();
  releaseThread(task); // Linux exec_mm_release: what it holds in this memory it never lets go otherwise
  if (fresh === undefined) {
    task.namespace.map.clear();
    resetRegisters(task);
  } else leaveMemory(task, fresh);
  task.keepOwn();
  program.files.closeOnExec();
  program.actions.resetCaught();
  program.posixTimers.deleteAll();
  task.clearTidAddr = 0;
  task.robustListAddr = 0;
  task.restartable = undefined;
  task.alternateStack = NO_ALTERNATE_STACK;
  program.path = image.program.path;
  program.argv = argv;
  task.name = baseName(request.path); // as it was asked for: a link's or a script's name (Linux fs/exec.c: begin_new_exec)
  program.hasExecuted = true;
  program.exitSignal = SIGCHLD;
  becomeExecuted(task);
  program.hasMemoryBarriers = false;
  program.hasCoreBarriers = false;
  program.released.wake();
  try {
    const { environment } = request;
    const { credentials } = task;
    const start = loadInto(machine, task.namespace.map, { image, argv, environment, stackLimitBytes, credentials });
    task.cpuState.rip = BigInt(start.entryAddr);
    task.cpuState.setNumber(REG.RSP, start.stackAddr);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    machine.log.notice(`${program.path}: ${error.message} while it was loaded`);
    program.kill(SIGKILL);
  }
}

/** Who one is after execve(2), where set-id bits and capabilities of files mean nothing, as on a nosuid mount. */
function becomeExecuted(task: GuestTask): void {
  const { credentials, program, hasNoNewPrivileges } = task;
  const { uid, euid, gid, egid, savedUid = 0 } = credentials;
  const isForeign = euid !== uid || egid !== gid;
  const users = { real: uid, effective: euid, saved: savedUid };
  const capabilities = afterExecute(credentials.capabilities, users, isForeign, !hasNoNewPrivileges);
  program.isDumpable = !isForeign;
  if (isForeign) program.parentDeathSignal = 0;
  commitCredentials(task, { savedUid: euid, savedGid: egid, fsUid: undefined, fsGid: undefined, capabilities });
}

/** @throws NotResident once, EAGAIN */
function namespaceFor(machine: RunningMachine): GuestNamespace {
  if (machine.namespaces === undefined) throw ENOSYS;
  return machine.namespaces.create();
}

function resetRegisters({ namespace, cpuState }: GuestTask): void {
  const fresh = namespace.cpu.createState();
  cpuState.copyFrom(fresh);
  fresh.dispose();
}

/** The program goes on in a memory, with descriptors and signal actions, of its own. */
function leaveMemory(task: GuestTask, namespace: GuestNamespace): void {
  const { program } = task;
  const leave = program.onEnded;
  Object.assign(namespace.map.limits, task.namespace.map.limits);
  namespace.retain();
  task.moveInto(namespace);
  program.becomeOwn(namespace);
  program.onEnded = () => namespace.release();
  leave();
}

type Candidate = Pick<ExecuteRequest, 'path' | 'place' | 'argv' | 'isPathClosing'>;

/** What can be said of a file before its bytes are looked at (Linux fs/exec.c: do_open_execat). @throws EACCES, ETXTBSY */
export function checkExecutable(task: GuestTask, place: Location): void {
  const { inode } = place.dentry;
  const { mode } = inode.attributes();
  if ((mode & S_IFMT) !== S_IFREG || (mode & EXECUTABLE_BITS) === 0 || place.mount.forbidsExecution) throw EACCES;
  task.machine.vfs.checkAccess(task, place, X_OK);
  if (isOpenForWriting(inode)) throw ETXTBSY;
}

/** The files to load, after following '#!' lines, and the argv that these make. */
function resolve(
  task: GuestTask,
  { path, place, argv, isPathClosing }: Candidate,
  depth: number,
): { readonly image: ExecutableImage; readonly argv: readonly ByteString[] } {
  if (depth > MAX_SCRIPT_DEPTH) throw ELOOP;
  const { inode } = place.dentry;
  const { mode, sizeBytes } = inode.attributes();
  if (depth > 0) checkExecutable(task, place);
  const head = byteStringFrom(sourceOf(inode, sizeBytes).read(0, SCRIPT_LINE_BYTES));
  const script = /^#![ \t]*([^ \t\n]+)[ \t]*([^\n]*)/.exec(head);
  if (script !== null) {
    if (isPathClosing === true) throw ENOENT;
    const interpreter = script[1] ?? '';
    const argument = (script[2] ?? '').trimEnd();
    const words = [interpreter, ...(argument === '' ? [] : [argument]), path, ...argv.slice(1)];
    return resolve(
      task,
      { path: interpreter, place: task.machine.vfs.walk(task, interpreter), argv: words },
      depth + 1,
    );
  }
  const program = load(task, place);
  if (program.elf.type !== 'executable') throw ENOEXEC;
  const interpreter = interpreterOf(task, program);
  if ((mode & (S_ISUID | S_ISGID)) !== 0) {
    task.machine.log.info(`${path}: set-id bits are ignored; it runs as user ${task.credentials.euid}`);
  }
  return { image: { program, interpreter }, argv };
}

function interpreterOf(task: GuestTask, { elf }: LoadedFile): LoadedFile | undefined {
  if (elf.interpreter === undefined) return undefined;
  const place = task.machine.vfs.walk(task, elf.interpreter);
  checkExecutable(task, place);
  if (place.dentry.inode.attributes().sizeBytes < EHDR_BYTES) throw EIO; // Linux elf_read comes back short
  const file = load(task, place, ELIBBAD);
  if (file.elf.isFixed) throw ELIBBAD;
  return file;
}

function load(task: GuestTask, location: Location, bad = ENOEXEC): LoadedFile {
  const { inode } = location.dentry;
  try {
    const elf = parseElf(sourceOf(inode, inode.attributes().sizeBytes));
    return { elf, inode, location, path: task.machine.vfs.pathOf(location) };
  } catch (error) {
    if (error instanceof ElfError) throw bad;
    throw error;
  }
}
