/**
 * How arguments of system calls read in a trace: `flags: O_RDONLY|O_CLOEXEC`, `statbuf: {S_IFREG|0644, 120 bytes}`.
 *
 * A row of WORDS is for one argument of one call ('openat.flags') or for every argument of that name ('dirfd'). It sees
 * guest memory as the call left it, so what the kernel wrote shows; where a row answers undefined, or memory cannot be
 * read, the argument reads as its kind says.
 */
import { EFAULT, Errno } from '../abi/errno.ts';
import * as fcntl from '../abi/fcntl.ts';
import * as inotify from '../abi/inotify.ts';
import * as ioctls from '../abi/ioctls.ts';
import * as mman from '../abi/mman.ts';
import * as poll from '../abi/poll.ts';
import * as resource from '../abi/resource.ts';
import * as sched from '../abi/sched.ts';
import * as signal from '../abi/signal.ts';
import * as socket from '../abi/socket.ts';
import * as stat from '../abi/stat.ts';
import * as termios from '../abi/termios.ts';
import type { ArgumentKind } from '../syscalls/syscall.ts';
import { NotResident } from '../vfs/inode.ts';
import type { UserMemory } from '../vfs/open-file.ts';
import {
  type SeenCall,
  type Words,
  FAMILIES,
  MOST_PATH,
  SOCKET_FLAGS,
  bits,
  bufferOf,
  choice,
  cloneFlags,
  descriptorPair,
  epollEvent,
  filledBuffer,
  filledSocketAddress,
  filledStat,
  filledSignalSet,
  filledTimespec,
  futexOperation,
  itimerspec,
  mapFlags,
  octal,
  openFlags,
  pollList,
  quote,
  segments,
  signalSet,
  socketAddress,
  socketOption,
  socketType,
  statusFlags,
  timespec,
  timeval,
  waitStatus,
  wordCount,
  wordList,
} from './argument-formats.ts';
import { type Symbols, countedSymbols, formatHex, symbolsOf } from './symbols.ts';

/** One argument. */
export function formatArgument(callName: string, name: string, kind: ArgumentKind, call: SeenCall): string {
  const value = call.args[name] ?? 0;
  if (typeof value === 'string') return quote(value, MOST_PATH);
  if (typeof value === 'number') {
    const words = wordsOf(callName, name, value, call);
    if (words !== undefined) return words;
  }
  const isHexadecimal = kind === 'ptr' || kind === 'place' || kind === 'path' || kind === 'flags' || kind === 'u64';
  return isHexadecimal && Number(value) !== 0 ? `0x${value.toString(16)}` : value.toString();
}

function wordsOf(callName: string, name: string, value: number, call: SeenCall): string | undefined {
  const row = WORDS[`${callName}.${name}`] ?? WORDS[name];
  if (row === undefined) return undefined;
  try {
    return row(value, { ...call, memory: call.memory ?? NO_MEMORY });
  } catch (error) {
    if (error instanceof Errno || error instanceof NotResident) return undefined;
    throw error;
  }
}

const refuse = (): never => {
  throw EFAULT;
};
/** Where there is no memory any more rows find nothing. */
const NO_MEMORY: UserMemory = {
  readable: refuse,
  writable: refuse,
  prefix: refuse,
  cString: refuse,
  fold: (addr) => addr,
  loadU32: refuse,
  loadI64: refuse,
  loadNumber: refuse,
  storeU32: refuse,
  storeI64: refuse,
  storeNumber: refuse,
};

// Tables from the headers.

const MESSAGE_FLAGS = symbolsOf(socket, 'MSG_');
const AT_FLAGS = symbolsOf(fcntl, 'AT_', /FDCWD|REMOVEDIR|STATX/);
const PROTECTIONS = symbolsOf(mman, 'PROT_');
const IOCTLS: Symbols = new Map([
  ...symbolsOf(termios, 'T'),
  ...symbolsOf(ioctls, 'FIO'),
  ...symbolsOf(socket, 'SIOC'),
]);
const RESOURCES: Symbols = new Map([
  ...countedSymbols(
    'RLIMIT_CPU RLIMIT_FSIZE RLIMIT_DATA RLIMIT_STACK RLIMIT_CORE RLIMIT_RSS RLIMIT_NPROC RLIMIT_NOFILE RLIMIT_MEMLOCK RLIMIT_AS RLIMIT_LOCKS RLIMIT_SIGPENDING RLIMIT_MSGQUEUE RLIMIT_NICE RLIMIT_RTPRIO RLIMIT_RTTIME',
  ),
  ...symbolsOf(resource, 'RLIMIT_', /COUNT/),
]);
const CLOCKS = countedSymbols(
  'CLOCK_REALTIME CLOCK_MONOTONIC CLOCK_PROCESS_CPUTIME_ID CLOCK_THREAD_CPUTIME_ID CLOCK_MONOTONIC_RAW CLOCK_REALTIME_COARSE CLOCK_MONOTONIC_COARSE CLOCK_BOOTTIME',
);
const ADVICE: Symbols = new Map([
  ...countedSymbols('MADV_NORMAL MADV_RANDOM MADV_SEQUENTIAL MADV_WILLNEED'),
  ...symbolsOf(mman, 'MADV_'),
]);
const ACCESS = symbolsOf(stat, '', /^(?!._OK)/);
const SIGNALS: Words = (value) =>
  value > 0 && value <= signal.SIGNAL_COUNT ? signal.signalName(value) : String(value);
const AT_DIRECTORY = choice(new Map([[fcntl.AT_FDCWD, 'AT_FDCWD']]));
const CLOSE_ON_EXEC = bits(
  new Map([
    [fcntl.O_CLOEXEC, 'O_CLOEXEC'],
    [fcntl.O_NONBLOCK, 'O_NONBLOCK'],
  ]),
);

const WORDS: Readonly<Record<string, Words | undefined>> = {
  dirfd: AT_DIRECTORY,
  olddirfd: AT_DIRECTORY,
  newdirfd: AT_DIRECTORY,
  mode: octal,
  signal: SIGNALS,
  clock: choice(CLOCKS),
  resource: choice(RESOURCES),
  protection: bits(PROTECTIONS),
  sigmask: signalSet,
  set: signalSet,
  statbuf: filledStat,

  'read.buf': filledBuffer,
  'write.buf': bufferOf('count'),
  'pread64.buf': filledBuffer,
  'pwrite64.buf': bufferOf('count'),
  'readv.iov': segments(({ result }) => Math.max(0, result)),
  'writev.iov': segments(() => Number.POSITIVE_INFINITY),
  'open.flags': openFlags,
  'openat.flags': openFlags,
  'newfstatat.flags': bits(AT_FLAGS),
  'statx.flags': bits(AT_FLAGS),
  'faccessat2.flags': bits(AT_FLAGS),
  'fchownat.flags': bits(AT_FLAGS),
  'linkat.flags': bits(AT_FLAGS),
  'utimensat.flags': bits(AT_FLAGS),
  'execveat.flags': bits(AT_FLAGS),
  'unlinkat.flags': bits(new Map([[fcntl.AT_REMOVEDIR, 'AT_REMOVEDIR']])),
  'renameat2.flags': bits(symbolsOf(fcntl, 'RENAME_')),
  'access.mode': bits(ACCESS, 'F_OK'),
  'faccessat.mode': bits(ACCESS, 'F_OK'),
  'faccessat2.mode': bits(ACCESS, 'F_OK'),
  'fallocate.mode': bits(symbolsOf(fcntl, 'FALLOC_')),
  'lseek.whence': choice(symbolsOf(fcntl, 'SEEK_')),
  'fcntl.cmd': choice(symbolsOf(fcntl, 'F_', /LCK/)),
  'fcntl.arg': statusFlags,
  'flock.operation': bits(symbolsOf(fcntl, 'LOCK_')),
  'ioctl.request': (value) => IOCTLS.get(value) ?? formatHex(value),
  'getcwd.buf': filledBuffer,
  'readlink.buf': filledBuffer,
  'readlinkat.buf': filledBuffer,
  'pipe.fds': descriptorPair,
  'pipe2.fds': descriptorPair,
  'pipe2.flags': CLOSE_ON_EXEC,
  'dup3.flags': CLOSE_ON_EXEC,
  'eventfd2.flags': CLOSE_ON_EXEC,
  'epoll_create1.flags': CLOSE_ON_EXEC,
  'timerfd_create.flags': CLOSE_ON_EXEC,
  'signalfd4.flags': CLOSE_ON_EXEC,
  'signalfd4.mask': signalSet,
  'inotify_init1.flags': CLOSE_ON_EXEC,
  'inotify_add_watch.mask': bits(symbolsOf(inotify, 'IN_', /ALL/)),

  'mmap.flags': mapFlags,
  'mremap.flags': bits(symbolsOf(mman, 'MREMAP_')),
  'madvise.advice': choice(ADVICE),
  'msync.flags': bits(
    new Map([
      [1, 'MS_ASYNC'],
      [2, 'MS_INVALIDATE'],
      [4, 'MS_SYNC'],
    ]),
  ),

  'poll.fds': pollList,
  'ppoll.fds': pollList,
  'ppoll.timeout': timespec,
  'select.timeout': timeval,
  'pselect6.timeout': timespec,
  'epoll_ctl.op': choice(symbolsOf(poll, 'EPOLL_CTL_')),
  'epoll_ctl.event': epollEvent,
  'epoll_pwait2.timeout': timespec,

  'clone.flags': cloneFlags,
  'execve.argv': wordList,
  'execve.environment': wordCount,
  'execveat.argv': wordList,
  'execveat.environment': wordCount,
  'wait4.status': waitStatus,
  'wait4.options': bits(
    new Map([
      [1, 'WNOHANG'],
      [2, 'WUNTRACED'],
      [8, 'WCONTINUED'],
    ]),
  ),
  'waitid.type': choice(countedSymbols('P_ALL P_PID P_PGID P_PIDFD')),
  'waitid.options': bits(
    new Map([
      [1, 'WNOHANG'],
      [2, 'WSTOPPED'],
      [4, 'WEXITED'],
      [8, 'WCONTINUED'],
      [0x100_0000, 'WNOWAIT'],
    ]),
  ),
  'futex.operation': futexOperation,
  'rt_sigprocmask.how': choice(countedSymbols('SIG_BLOCK SIG_UNBLOCK SIG_SETMASK')),
  'rt_sigprocmask.old': filledSignalSet,
  'rt_sigtimedwait.timeout': timespec,
  'sched_setscheduler.policy': choice(symbolsOf(sched, 'SCHED_')),

  'nanosleep.request': timespec,
  'clock_nanosleep.request': timespec,
  'clock_nanosleep.flags': bits(new Map([[1, 'TIMER_ABSTIME']])),
  'clock_gettime.time': filledTimespec,
  'clock_getres.time': filledTimespec,
  'timerfd_settime.value': itimerspec,
  'timer_settime.value': itimerspec,

  'socket.family': choice(FAMILIES),
  'socket.type': socketType,
  'socketpair.family': choice(FAMILIES),
  'socketpair.type': socketType,
  'socketpair.sv': descriptorPair,
  'connect.addr': socketAddress,
  'bind.addr': socketAddress,
  'sendto.addr': socketAddress,
  'sendto.buffer': bufferOf('size'),
  'sendto.flags': bits(MESSAGE_FLAGS),
  'recvfrom.addr': filledSocketAddress,
  'recvfrom.buffer': filledBuffer,
  'recvfrom.flags': bits(MESSAGE_FLAGS),
  'sendmsg.flags': bits(MESSAGE_FLAGS),
  'recvmsg.flags': bits(MESSAGE_FLAGS),
  'accept.addr': filledSocketAddress,
  'accept4.addr': filledSocketAddress,
  'accept4.flags': bits(SOCKET_FLAGS),
  'getsockname.addr': filledSocketAddress,
  'getpeername.addr': filledSocketAddress,
  'shutdown.how': choice(symbolsOf(socket, 'SHUT_')),
  'setsockopt.level': choice(
    new Map([
      [socket.SOL_SOCKET, 'SOL_SOCKET'],
      [socket.IPPROTO_IP, 'IPPROTO_IP'],
      [socket.IPPROTO_IPV6, 'IPPROTO_IPV6'],
      [socket.IPPROTO_TCP, 'IPPROTO_TCP'],
    ]),
  ),
  'setsockopt.name': socketOption,
  'getsockopt.level': choice(
    new Map([
      [socket.SOL_SOCKET, 'SOL_SOCKET'],
      [socket.IPPROTO_IP, 'IPPROTO_IP'],
      [socket.IPPROTO_IPV6, 'IPPROTO_IPV6'],
      [socket.IPPROTO_TCP, 'IPPROTO_TCP'],
    ]),
  ),
  'getsockopt.name': socketOption,
};
