/** Signals: signal(7), asm/signal.h, asm-generic/siginfo.h. */
export const SIGHUP = 1;
export const SIGINT = 2;
export const SIGQUIT = 3;
export const SIGILL = 4;
export const SIGTRAP = 5;
const SIGABRT = 6;
export const SIGBUS = 7;
export const SIGFPE = 8;
export const SIGKILL = 9;
const SIGUSR1 = 10;
export const SIGSEGV = 11;
const SIGUSR2 = 12;
export const SIGPIPE = 13;
export const SIGALRM = 14;
export const SIGTERM = 15;
export const SIGCHLD = 17;
export const SIGCONT = 18;
export const SIGSTOP = 19;
export const SIGTSTP = 20;
export const SIGTTIN = 21;
export const SIGTTOU = 22;
export const SIGURG = 23;
export const SIGXCPU = 24;
export const SIGXFSZ = 25;
export const SIGVTALRM = 26;
export const SIGPROF = 27;
export const SIGWINCH = 28;
export const SIGIO = 29;
export const SIGSYS = 31;
/** Highest signal number (_NSIG). */
export const SIGNAL_COUNT = 64;

export const SIG_DFL = 0;
export const SIG_IGN = 1;

export const SA_NOCLDSTOP = 0x1;
export const SA_NOCLDWAIT = 0x2;
export const SA_RESTORER = 0x0400_0000;
export const SA_ONSTACK = 0x0800_0000;
export const SA_RESTART = 0x1000_0000;
export const SA_NODEFER = 0x4000_0000;
export const SA_RESETHAND = 0x8000_0000;

// si_code
export const SI_USER = 0;
export const SI_KERNEL = 0x80;
export const SI_TKILL = -6;
export const SI_TIMER = -2;
/** si_code of signals that a file sends, and the si_band of each (Linux fs/fcntl.c: band_table). */
export const POLL_IN = 1;
export const POLL_OUT = 2;
export const POLL_MSG = 3;
export const POLL_ERR = 4;
export const POLL_PRI = 5;
export const POLL_HUP = 6;
export const IO_BANDS = {
  [POLL_IN]: 0x41,
  [POLL_OUT]: 0x304,
  [POLL_MSG]: 0x441,
  [POLL_ERR]: 0x08,
  [POLL_PRI]: 0x82,
  [POLL_HUP]: 0x18,
} as const;
export const ILL_ILLOPN = 2;
export const FPE_INTDIV = 1;
export const FPE_FLTDIV = 3;
export const FPE_FLTOVF = 4;
export const FPE_FLTUND = 5;
export const FPE_FLTRES = 6;
export const FPE_FLTINV = 7;
export const SEGV_MAPERR = 1;
export const SEGV_ACCERR = 2;
export const BUS_ADRALN = 1;
export const BUS_ADRERR = 2;
export const TRAP_BRKPT = 1;
export const TRAP_TRACE = 2;

export const CLD_EXITED = 1;
export const CLD_KILLED = 2;
export const CLD_DUMPED = 3;
export const CLD_STOPPED = 5;
export const CLD_CONTINUED = 6;

export const SIG_BLOCK = 0;
export const SIG_UNBLOCK = 1;
export const SIG_SETMASK = 2;

/** struct signalfd_siginfo. */
export const SIGNALFD_SIGINFO = {
  size: 128,
  ssi_signo: 0,
  ssi_code: 8,
  ssi_pid: 12,
  ssi_uid: 16,
  ssi_fd: 20,
  ssi_tid: 24,
  ssi_band: 28,
  ssi_overrun: 32,
  ssi_status: 40,
  ssi_int: 44,
  ssi_ptr: 48,
  ssi_addr: 72,
} as const;

// sigaltstack(2)
export const SS_ONSTACK = 1;
export const SS_DISABLE = 2;
export const SS_AUTODISARM = 0x8000_0000;
export const MINSIGSTKSZ = 2048;

/** What a signal does where no handler is set: signal(7), "Standard signals". */
export type DefaultAction = 'terminate' | 'core' | 'ignore' | 'stop' | 'continue';

const CORE = new Set([SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGXCPU, SIGXFSZ, SIGSYS]);
const IGNORE = new Set([SIGCHLD, SIGURG, SIGWINCH]);
const STOP = new Set([SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU]);

export function defaultAction(signal: number): DefaultAction {
  if (CORE.has(signal)) return 'core';
  if (IGNORE.has(signal)) return 'ignore';
  if (STOP.has(signal)) return 'stop';
  return signal === SIGCONT ? 'continue' : 'terminate';
}

/** Names without SIG, by number. */
const NAMES =
  '0 HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'.split(
    ' ',
  );

/** The first real-time signal; glibc keeps the first two for itself. */
export const SIGRTMIN = 32;

/** 'SIGTERM'; 'SIGRTMIN+3' and the like for real-time signals. */
export function signalName(signal: number): string {
  const name = NAMES[signal];
  if (name !== undefined && signal > 0) return `SIG${name}`;
  return signal === SIGRTMIN ? 'SIGRTMIN' : `SIGRTMIN+${signal - SIGRTMIN}`;
}

/** Number of 'TERM', 'SIGTERM' or '15'; undefined where there is none. */
export function signalNumber(text: string): number | undefined {
  const plain = text.toUpperCase().replace(/^SIG/, '');
  const byName = NAMES.indexOf(plain);
  if (byName > 0) return byName;
  const number = /^\d+$/.test(plain) ? Number(plain) : 0;
  return number >= 1 && number <= SIGNAL_COUNT ? number : undefined;
}

/** strsignal(3), as a shell reports a death. */
export function signalDescription(signal: number): string {
  return DESCRIPTIONS[signal] ?? signalName(signal);
}

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  [SIGHUP]: 'Hangup',
  [SIGINT]: 'Interrupt',
  [SIGQUIT]: 'Quit',
  [SIGILL]: 'Illegal instruction',
  [SIGTRAP]: 'Trace/breakpoint trap',
  [SIGABRT]: 'Aborted',
  [SIGBUS]: 'Bus error',
  [SIGFPE]: 'Floating point exception',
  [SIGKILL]: 'Killed',
  [SIGUSR1]: 'User defined signal 1',
  [SIGSEGV]: 'Segmentation fault',
  [SIGUSR2]: 'User defined signal 2',
  [SIGPIPE]: 'Broken pipe',
  [SIGALRM]: 'Alarm clock',
  [SIGTERM]: 'Terminated',
};
