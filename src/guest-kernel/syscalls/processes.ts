/** exit(2), execve(2), wait4(2), getpid(2), process groups and sessions. */
import type { ByteString } from '../../emulator/util/bytes.ts';
import { E2BIG, EACCES, EAGAIN, ECHILD, EINVAL, ELOOP, ENAMETOOLONG, EPERM, ESRCH } from '../abi/errno.ts';
import { AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW, O_NONBLOCK } from '../abi/fcntl.ts';
import { RLIMIT_NPROC } from '../abi/resource.ts';
import { S_IFLNK } from '../abi/stat.ts';
import { CLD_CONTINUED, CLD_DUMPED, CLD_EXITED, CLD_KILLED, CLD_STOPPED, SIGCHLD, SIGCONT } from '../abi/signal.ts';
import { type Blocked, blocked, isBlocked } from '../program/blocked.ts';
import { checkExecutable, execute } from '../program/execute.ts';
import { GuestTask, asGuest } from '../program/guest-task.ts';
import type { RunningProgram } from '../program/running-program.ts';
import { prepareRelease } from '../program/thread-end.ts';
import type { Thread } from '../program/thread.ts';
import { addUsage } from '../program/usage.ts';
import type { Location } from '../vfs/location.ts';
import { encodeSignalInfo } from '../program/signal-frame.ts';
import { emptyPathTarget, walkAt } from './directory-fd.ts';
import { programOfFile, threadOfFile } from './pidfd.ts';
import { NO_RETURN, type Result, type Syscall, partial, syscall } from './syscall.ts';
import { RUSAGE_BYTES, storeUsage } from './usage.ts';
import { bringIn } from './user-buffers.ts';

// wait4(2), waitid(2): sys/wait.h
const WNOHANG = 1;
const WUNTRACED = 2;
const WEXITED = 4;
const WCONTINUED = 8;
const WNOWAIT = 0x100_0000;
const P_ALL = 0;
const P_PID = 1;
const P_PGID = 2;
const P_PIDFD = 3;
/** Without the underscores of their names. WNOTHREAD is as if all had it: a thread waits for its program's children. */
const WNOTHREAD = 0x2000_0000;
const WALL = 0x4000_0000;
const WCLONE = 0x8000_0000;
const WCLONE_FLAGS = WNOTHREAD + WALL + WCLONE;
const INT_MIN = -0x8000_0000;
const SIGINFO_BYTES = 128;
/** Linux MAX_ARG_STRLEN, and a quarter of the stack for all. */
const MAX_STRING_BYTES = 131_072;
const MAX_STRINGS_BYTES = 2 << 20;

function exit(thread: Thread, { code }: { code: number }): Result {
  const task = asGuest(thread);
  const { program } = task;
  prepareRelease(task);
  if (program.threads.size === 1 && program.namespace?.launcher?.program !== program) {
    // pthread_exit everywhere: a run of the launcher ended cleanly; an executable ends with the last thread's code.
    program.end({ kind: 'exited', code: isRun(program) ? 0 : code & 0xff });
  } else task.end();
  return NO_RETURN;
}

function exitGroup(thread: Thread, { code }: { code: number }): Result {
  const { program, namespace } = asGuest(thread);
  for (const each of program.threads.values()) if (each instanceof GuestTask) prepareRelease(each);
  if (isRun(program)) namespace.launcher?.retire(`${program.path} ended libc's process from inside`);
  program.end({ kind: 'exited', code: code & 0xff });
  return NO_RETURN;
}

/** A plain program, run by the launcher in a namespace it shares. */
function isRun(program: RunningProgram): boolean {
  return program.namespace?.launcher?.isRun(program) === true;
}

function programOf(thread: Thread, pid: number): RunningProgram {
  const task = asGuest(thread);
  const program = pid === 0 ? task.program : task.machine.present().find((each) => each.pid === pid);
  if (program === undefined) throw ESRCH;
  return program;
}

function setpgid(thread: Thread, { pid, group }: { pid: number; group: number }): Result {
  const { program: own, machine } = asGuest(thread);
  if (pid < 0 || group < 0) throw EINVAL;
  const program = programOf(thread, pid);
  if (program !== own && program.parent !== own) throw ESRCH;
  if (program !== own && program.session !== own.session) throw EPERM;
  if (program !== own && program.hasExecuted) throw EACCES;
  if (program.session === program.pid) throw EPERM;
  const target = group === 0 ? program.pid : group;
  const isJoining = target !== program.pid;
  if (isJoining && !machine.members(target).some((each) => each.session === own.session)) throw EPERM;
  program.processGroup = target;
  return 0;
}

function setsid(thread: Thread): Result {
  const { program, machine } = asGuest(thread);
  // A group leader stays where its group is; one that the machine started alone leads nobody else.
  const hasFollowers = machine.programs().some((each) => each !== program && each.processGroup === program.pid);
  if (program.processGroup === program.pid && (program.parent !== undefined || hasFollowers)) throw EPERM;
  program.processGroup = program.pid;
  program.session = program.pid;
  program.isDetached = true;
  return program.pid;
}

/** Whether `child` is one that a wait for `pid` means (wait4(2)). */
function isMeant(child: RunningProgram, pid: number, ownGroup: number): boolean {
  if (pid === -1) return true;
  return pid > 0 ? child.pid === pid : child.processGroup === (pid === 0 ? ownGroup : -pid);
}

interface News {
  readonly child: RunningProgram;
  /** CLD_* */
  readonly code: number;
  /** Exit code or signal. */
  readonly status: number;
}

/** What there is to tell of a child: its end, or, if asked for, that it stopped or went on. */
function newsOf(child: RunningProgram, options: number): News | undefined {
  const { state, stopNews } = child;
  if (state.kind !== 'running' && (options & WEXITED) === 0) return undefined;
  if (state.kind === 'exited') return { child, code: CLD_EXITED, status: state.code };
  if (state.kind === 'killed') return { child, code: child.hasDumped ? CLD_DUMPED : CLD_KILLED, status: state.signal };
  if (stopNews === undefined) return undefined;
  const isContinued = stopNews === SIGCONT;
  if ((options & (isContinued ? WCONTINUED : WUNTRACED)) === 0) return undefined;
  return { child, code: isContinued ? CLD_CONTINUED : CLD_STOPPED, status: stopNews };
}

/** Linux eligible_child: children that end with another signal than SIGCHLD are of another kind. */
function isOfKind({ exitSignal }: RunningProgram, options: number): boolean {
  return (options & WALL) !== 0 || (exitSignal !== SIGCHLD) === ((options & WCLONE) !== 0);
}

/** @returns news of a child, nothing (WNOHANG), or that the caller waits. @throws ECHILD */
function awaitChild(
  program: RunningProgram,
  isWanted: (child: RunningProgram) => boolean,
  options: number,
): News | undefined | Blocked {
  // Linux wait_consider_task: who does not ask for ends has no child in a zombie.
  const isLooked = (child: RunningProgram): boolean => child.isRunning || (options & WEXITED) !== 0;
  const wanted = [...program.children].filter(
    (child) => isLooked(child) && isWanted(child) && isOfKind(child, options),
  );
  if (wanted.length === 0) throw ECHILD;
  for (const child of wanted) {
    const news = newsOf(child, options);
    if (news === undefined) continue;
    if ((options & WNOWAIT) === 0) {
      child.stopNews = undefined;
      if (!child.isRunning) program.reap(child);
    }
    return news;
  }
  return (options & WNOHANG) === 0 ? blocked(program.childEvents) : undefined;
}

/** The status word of wait4(2), as its macros take it apart. */
function statusWord({ code, status }: News): number {
  if (code === CLD_EXITED) return status << 8;
  if (code === CLD_STOPPED) return (status << 8) | 0x7f;
  if (code === CLD_CONTINUED) return 0xffff;
  return code === CLD_DUMPED ? status | 0x80 : status;
}

interface Wait4 {
  readonly pid: number;
  readonly status: number;
  readonly options: number;
  readonly usage: number;
}

function wait4(thread: Thread, args: Wait4): Result {
  const { program } = asGuest(thread);
  if ((args.options & ~(WNOHANG | WUNTRACED | WCONTINUED | WCLONE_FLAGS)) !== 0) throw EINVAL;
  if (args.pid === INT_MIN) throw ESRCH;
  bringIn(thread.memory, args.status, 4); // where it cannot be stored, the child is gone nevertheless
  bringIn(thread.memory, args.usage, RUSAGE_BYTES);
  const isWanted = (child: RunningProgram): boolean => isMeant(child, args.pid, program.processGroup);
  const news = awaitChild(program, isWanted, args.options | WEXITED);
  if (news === undefined || isBlocked(news)) return news ?? 0;
  if (args.status !== 0) thread.memory.storeU32(args.status, statusWord(news));
  tellUsage(thread, args.usage, news.child);
  return news.child.pid;
}

/** Its own and that of children it waited for (Linux: RUSAGE_BOTH). */
function tellUsage(thread: Thread, addr: number, child: RunningProgram): void {
  if (addr !== 0) storeUsage(thread.memory, addr, addUsage(child.usage, child.reapedUsage));
}

interface WaitId {
  readonly type: number;
  readonly id: number;
  readonly info: number;
  readonly options: number;
  readonly usage: number;
}

/** Which children a waitid means. @throws EINVAL, EBADF */
function wantedBy(thread: Thread, { type, id }: WaitId): (child: RunningProgram) => boolean {
  const { processGroup } = asGuest(thread).program;
  switch (type) {
    case P_ALL:
      return () => true;
    case P_PID:
      if (id <= 0) throw EINVAL;
      return (child) => child.pid === id;
    case P_PGID:
      if (id < 0) throw EINVAL;
      return (child) => child.processGroup === (id === 0 ? processGroup : id);
    case P_PIDFD: {
      const target = programOfFile(thread, id);
      const meant = threadOfFile(thread, id);
      // A thread of a program is nobody's child.
      return (child) => child === target && (meant === undefined || meant.id === child.pid);
    }
    default:
      throw EINVAL;
  }
}

function waitid(thread: Thread, args: WaitId): Result {
  const { program } = asGuest(thread);
  const known = WNOHANG | WNOWAIT | WEXITED | WUNTRACED | WCONTINUED | WCLONE_FLAGS;
  if ((args.options & ~known) !== 0) throw EINVAL;
  if ((args.options & (WEXITED | WUNTRACED | WCONTINUED)) === 0) throw EINVAL;
  if (args.type === P_PIDFD && args.id < 0) throw EINVAL;
  const isNonBlocking = args.type === P_PIDFD && (thread.files.get(args.id).flags & O_NONBLOCK) !== 0;
  const options = isNonBlocking ? args.options | WNOHANG : args.options;
  bringIn(thread.memory, args.info, SIGINFO_BYTES);
  bringIn(thread.memory, args.usage, RUSAGE_BYTES);
  const news = awaitChild(program, wantedBy(thread, args), options);
  if (isBlocked(news)) return news;
  if (news === undefined && isNonBlocking && (args.options & WNOHANG) === 0) throw EAGAIN;
  if (news !== undefined) tellUsage(thread, args.usage, news.child);
  if (args.info === 0) return 0;
  const dst = thread.memory.writable(args.info, SIGINFO_BYTES);
  if (news === undefined) dst.fill(0);
  else {
    const { child, code, status } = news;
    encodeSignalInfo(dst, { signal: SIGCHLD, code, pid: child.pid, uid: child.credentials.uid, status });
  }
  return 0;
}

/** @throws E2BIG for a long one */
function loadString({ memory }: Thread, addr: number): ByteString {
  try {
    return memory.cString(addr, MAX_STRING_BYTES);
  } catch (error) {
    throw error === ENAMETOOLONG ? E2BIG : error;
  }
}

/** argv or envp: pointers up to a null one. @throws E2BIG */
function loadStrings(thread: Thread, addr: number): ByteString[] {
  const strings: ByteString[] = [];
  let total = 0;
  if (addr === 0) return strings;
  for (let at = addr; ; at += 8) {
    const pointer = thread.memory.loadNumber(at);
    if (pointer === 0) return strings;
    const text = loadString(thread, pointer);
    strings.push(text);
    total += text.length + 9;
    if (total > MAX_STRINGS_BYTES) throw E2BIG;
  }
}

interface Execve {
  readonly path: string;
  readonly argv: number;
  readonly environment: number;
  /** Where it is, if the path alone does not say (execveat). */
  readonly place?: Location;
  readonly isPathClosing?: boolean;
}

/** The checks come in the order of Linux fs/exec.c: do_execveat_common. */
function execve(thread: Thread, args: Execve): Result {
  const task = asGuest(thread);
  const { program, machine, credentials } = task;
  const hasTooMany = program.exceedsProcesses && machine.tasksOf(credentials.uid) > program.limits.soft(RLIMIT_NPROC);
  if (hasTooMany) throw EAGAIN;
  program.exceedsProcesses = false;
  const place = args.place ?? machine.vfs.walk(thread, args.path);
  checkExecutable(task, place);
  const argv = loadStrings(thread, args.argv);
  const environment = loadStrings(thread, args.environment);
  execute(task, {
    path: args.path,
    isPathClosing: args.isPathClosing === true,
    argv: argv.length === 0 ? [''] : argv,
    environment,
    place,
  });
  return NO_RETURN;
}

/** A file behind a descriptor has the name /dev/fd/N (Linux fs/exec.c: alloc_bprm), which scripts get. */
function execveat(thread: Thread, args: Execve & { dirfd: number; flags: number }): Result {
  if ((args.flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) !== 0) throw EINVAL;
  const { dirfd, path } = args;
  const file = emptyPathTarget(thread, dirfd, path, args.flags);
  const isPathClosing = dirfd !== AT_FDCWD && !path.startsWith('/') && thread.files.isCloseOnExec(dirfd);
  if (file !== undefined) {
    const place = 'dentry' in file ? file : file.location;
    if (place === undefined) throw EACCES;
    return execve(thread, { ...args, path: `/dev/fd/${dirfd}`, place, isPathClosing });
  }
  const place = walkAt(thread, dirfd, path, (args.flags & AT_SYMLINK_NOFOLLOW) === 0);
  if (place.dentry.inode.fileType === S_IFLNK) throw ELOOP;
  const isPlain = dirfd === AT_FDCWD || path.startsWith('/');
  return execve(thread, { ...args, path: isPlain ? path : `/dev/fd/${dirfd}/${path}`, place, isPathClosing });
}

const NO_SET_ID = partial('set-id bits and capabilities of files mean nothing, as on a nosuid mount');

// oxfmt-ignore
export const processes: readonly Syscall[] = [
  syscall({ nr: 39, name: 'getpid', args: {}, support: 'full', run: (thread) => thread.program.pid }),
  syscall({ nr: 60, name: 'exit', args: { code: 'int' }, support: 'full', run: exit }),
  syscall({ nr: 59, name: 'execve', args: { path: 'path', argv: 'ptr', environment: 'ptr' }, support: NO_SET_ID, run: (thread, args) => execve(thread, args) }),
  syscall({ nr: 61, name: 'wait4', args: { pid: 'int', status: 'ptr', options: 'flags', usage: 'ptr' }, support: 'full', run: wait4 }),
  syscall({ nr: 109, name: 'setpgid', args: { pid: 'int', group: 'int' }, support: 'full', run: setpgid }),
  syscall({ nr: 110, name: 'getppid', args: {}, support: 'full', run: (thread) => thread.program.parentPid }),
  syscall({ nr: 111, name: 'getpgrp', args: {}, support: 'full', run: (thread) => thread.program.processGroup }),
  syscall({ nr: 112, name: 'setsid', args: {}, support: 'full', run: setsid }),
  syscall({ nr: 121, name: 'getpgid', args: { pid: 'int' }, support: 'full', run: (thread, { pid }) => programOf(thread, pid).processGroup }),
  syscall({ nr: 124, name: 'getsid', args: { pid: 'int' }, support: 'full', run: (thread, { pid }) => programOf(thread, pid).session }),
  syscall({ nr: 231, name: 'exit_group', args: { code: 'int' }, support: 'full', run: exitGroup }),
  syscall({ nr: 322, name: 'execveat', args: { dirfd: 'fd', path: 'path', argv: 'ptr', environment: 'ptr', flags: 'flags' }, support: NO_SET_ID, run: execveat }),
  syscall({ nr: 247, name: 'waitid', args: { type: 'int', id: 'int', info: 'ptr', options: 'flags', usage: 'ptr' }, support: 'full', run: waitid }),
];
