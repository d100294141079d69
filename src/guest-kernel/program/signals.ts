/**
 * Signals that wait and what to do with them, without any frame layout (that is signal-frame.ts).
 * A set of signals is a bigint in which bit n-1 stands for signal n, as in sigset_t.
 */
import { SA_RESTART, SIG_DFL, SIG_IGN, SIGKILL, SIGNAL_COUNT, SIGSTOP, defaultAction } from '../abi/signal.ts';

export type SignalSet = bigint;

export function signalBit(signal: number): SignalSet {
  return 1n << BigInt(signal - 1);
}

/** Never blocked, caught or ignored. */
export const UNBLOCKABLE: SignalSet = signalBit(SIGKILL) | signalBit(SIGSTOP);
export const ALL_SIGNALS: SignalSet = (1n << BigInt(SIGNAL_COUNT)) - 1n;

/** What siginfo_t tells (sigaction(2)); fields by kind of signal. */
export interface SignalInfo {
  readonly signal: number;
  readonly code: number;
  /** Sender, for kill and its like. */
  readonly pid?: number;
  readonly uid?: number;
  /** si_addr of a fault. */
  readonly address?: bigint;
  /** si_value of sigqueue and timers. */
  readonly value?: bigint;
  /** SIGCHLD: exit code or signal. */
  readonly status?: number;
  /** Timers of timer_create: which, and its overruns. */
  readonly timer?: { readonly id: number; readonly overrun: number };
  /** A file's: which descriptor, and what may be done with it. */
  readonly io?: { readonly fd: number; readonly band: number };
  /** SIGSYS: the call that seccomp(2) refused, where it was, and the filter's 16 bits. */
  readonly refusedCall?: { readonly addr: bigint; readonly nr: number; readonly reason: number };
  /** Called when the signal is delivered; what it returns is told instead. */
  readonly onTaken?: (info: SignalInfo) => SignalInfo;
  /** Fault: vector, error code and CR2 for the sigcontext. */
  readonly trap?: { readonly vector: number; readonly errorCode: number; readonly cr2: bigint };
}

/** struct kernel_sigaction. */
export interface SignalAction {
  /** Guest address, SIG_DFL or SIG_IGN. */
  readonly handler: number;
  readonly flags: number;
  readonly restorer: number;
  readonly mask: SignalSet;
}

const DEFAULT: SignalAction = { handler: SIG_DFL, flags: 0, restorer: 0, mask: 0n };

/** sighand_struct: the actions of a program, shared by the plain programs of a namespace. */
export class SignalActions {
  readonly #actions = new Map<number, SignalAction>();

  get(signal: number): SignalAction {
    return this.#actions.get(signal) ?? DEFAULT;
  }

  set(signal: number, action: SignalAction): void {
    this.#actions.set(signal, action);
  }

  /** Whether the signal vanishes when sent: ignored, or by default of no effect. */
  isIgnored(signal: number): boolean {
    const { handler } = this.get(signal);
    if (handler === SIG_IGN) return true;
    return handler === SIG_DFL && defaultAction(signal) === 'ignore';
  }

  restarts(signal: number): boolean {
    return (this.get(signal).flags & SA_RESTART) !== 0;
  }

  clone(): SignalActions {
    const copy = new SignalActions();
    for (const [signal, action] of this.#actions) copy.#actions.set(signal, action);
    return copy;
  }

  /** execve: caught signals fall back to their default, ignored ones stay ignored. */
  resetCaught(): void {
    for (const [signal, action] of this.#actions) if (action.handler !== SIG_IGN) this.#actions.delete(signal);
  }
}

/** Signals sent and not yet taken. Standard signals are kept once, real-time ones queue in order (signal(7)). */
export class PendingSignals {
  readonly #queue: SignalInfo[] = [];
  #set: SignalSet = 0n;

  get set(): SignalSet {
    return this.#set;
  }

  get length(): number {
    return this.#queue.length;
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /** `isFull`: real-time signals are kept once too (RLIMIT_SIGPENDING). */
  add(info: SignalInfo, isFull = false): void {
    const bit = signalBit(info.signal);
    if ((info.signal < 32 || isFull) && (this.#set & bit) !== 0n) return;
    this.#queue.push(info);
    this.#set |= bit;
  }

  /** Removes the lowest-numbered signal in `wanted`, the oldest of that number. */
  take(wanted: SignalSet): SignalInfo | undefined {
    if ((this.#set & wanted) === 0n) return undefined;
    let best = -1;
    this.#queue.forEach((info, i) => {
      if ((signalBit(info.signal) & wanted) === 0n) return;
      if (best < 0 || info.signal < (this.#queue[best]?.signal ?? 0)) best = i;
    });
    const [taken] = this.#queue.splice(best, 1);
    this.#set = this.#queue.reduce((set, info) => set | signalBit(info.signal), 0n);
    return taken?.onTaken === undefined ? taken : taken.onTaken(taken);
  }

  discard(unwanted: SignalSet): void {
    while (this.take(unwanted) !== undefined);
  }
}
