/**
 * The one place where a system call of the guest enters and leaves: finds the row, decodes the argument registers,
 * runs the handler and turns its result, a thrown Errno or a wait into what the thread does next.
 */
import { type CpuState, REG } from '../../emulator/index.ts';
import { assert, unreachable } from '../../emulator/util/assert.ts';
import { EINTR, ENOSYS, ERESTARTNOINTR, ERESTART_RESTARTBLOCK, Errno } from '../abi/errno.ts';
import { syscallName } from '../abi/syscall-names.ts';
import { type Blocked, blocked, isBlocked } from '../program/blocked.ts';
import type { Thread } from '../program/thread.ts';
import { NotResident } from '../vfs/inode.ts';
import type { Call, UserMemory } from '../vfs/open-file.ts';
import type { CallRestarts } from './call-restarts.ts';
import { type ArgumentKind, NO_RETURN, type Syscall } from './syscall.ts';

const PATH_MAX = 4096;
const HIGH = 0x1_0000_0000;
/** The argument registers in order (System V ABI, AMD64 supplement, A.2.1). */
const ARGUMENT_REGISTERS = [REG.RDI, REG.RSI, REG.RDX, REG.R10, REG.R8, REG.R9] as const;

/** A call that entered: it runs, perhaps several times, until it has a result. */
export interface RunningCall {
  readonly row: Syscall;
  readonly args: Readonly<Record<string, number | bigint | string>>;
  /** What the observer noted when the call entered. */
  readonly note?: unknown;
}

/** Whether a call starts anew behind a signal handler: if it has SA_RESTART, whatever it has, or not (signal(7)). */
export type Restart = 'by-flag' | 'always' | 'never';

export interface Interrupted {
  readonly kind: 'interrupted';
  readonly nr: number;
  readonly restarts: Restart;
  /**
   * What happens when nobody handled the signal (the thread was stopped and continued): the call starts anew, stays
   * interrupted, or goes on with its progress, so that a sleep ends when it would have.
   */
  readonly unhandled: 'anew' | 'stays' | RunningCall;
  readonly progress: unknown;
}

/** What became of a run of a call. */
export type CallOutcome =
  | { readonly kind: 'done' }
  /** -EINTR is in RAX; a signal handler with SA_RESTART may undo it. */
  | Interrupted
  | { readonly kind: 'wait'; readonly wait: Blocked; readonly call: RunningCall | undefined };

/** A Call whose progress the dispatcher keeps between runs. */
export interface MutableCall extends Call {
  progress: unknown;
}

const DONE: CallOutcome = { kind: 'done' };
/** Done, and RAX holds no result: exit, execve, sigreturn. */
const DONE_WITHOUT_RESULT: CallOutcome = { kind: 'done' };

/** Watches every call (trace/call-trace.ts). */
export interface CallObserver {
  /** @returns a note for `leave` */
  enter(thread: Thread, call: RunningCall): unknown;
  /** The call is over. `hasResult`: it stands in RAX. */
  leave(thread: Thread, call: RunningCall, note: unknown, hasResult: boolean): void;
}

export class SyscallDispatcher {
  readonly #rows: (Syscall | undefined)[] = [];
  observer: CallObserver | undefined;
  /** For tests: every call is made to run again and again. */
  restarts: CallRestarts | undefined;

  /** @throws InvariantError when two rows claim a number */
  constructor(rows: readonly Syscall[]) {
    for (const row of rows) {
      assert(
        this.#rows[row.nr] === undefined,
        `syscalls: ${row.nr} is both ${this.#rows[row.nr]?.name} and ${row.name}`,
      );
      this.#rows[row.nr] = row;
    }
  }

  /** The thread has executed SYSCALL. `onUnknown` hears of numbers without a row. */
  enter(thread: Thread, call: MutableCall, onUnknown: (nr: number) => void): CallOutcome {
    const state = thread.cpuState;
    const nr = state.low(REG.RAX); // the high half means nothing (Linux entry_64.S: movslq %eax, %rsi)
    const row = this.#rows[nr];
    call.progress = undefined;
    const verdict = thread.judgeCall(nr);
    if (verdict !== 'passes') {
      if (verdict === 'answered') this.#observeRefused(thread, row ?? { ...UNKNOWN, nr, name: syscallName(nr) });
      return DONE;
    }
    if (row === undefined) {
      onUnknown(nr);
      state.setNumber(REG.RAX, -ENOSYS.code);
      this.#observeRefused(thread, { ...UNKNOWN, nr, name: syscallName(nr) });
      return DONE;
    }
    let running: RunningCall;
    try {
      running = { row, args: decodeArguments(row, state, thread.memory) };
    } catch (error) {
      // Reading a path may need a page that is not here: decode again when it is.
      if (error instanceof NotResident) return waitFor(error, undefined);
      if (!(error instanceof Errno)) throw error;
      state.setNumber(REG.RAX, -error.code);
      this.#observeRefused(thread, row);
      return DONE;
    }
    if (this.observer === undefined) return this.#run(thread, call, running);
    return this.resume(thread, call, { ...running, note: this.observer.enter(thread, running) });
  }

  /** Runs a call that waited once more. */
  resume(thread: Thread, call: MutableCall, running: RunningCall): CallOutcome {
    const outcome = this.#run(thread, call, running);
    if (running.note !== undefined && outcome.kind !== 'wait') {
      this.observer?.leave(thread, running, running.note, outcome !== DONE_WITHOUT_RESULT);
    }
    return outcome;
  }

  /** A call that never ran: no row, or a path that cannot be read. */
  #observeRefused(thread: Thread, row: Syscall): void {
    const { observer } = this;
    if (observer === undefined) return;
    const args = Object.entries(row.args).map(([name, kind], i) => {
      const register = ARGUMENT_REGISTERS[i] ?? REG.RDI;
      return [name, decodeArgument(kind === 'path' ? 'ptr' : kind, thread.cpuState, register, thread.memory)] as const;
    });
    const call = { row, args: Object.fromEntries(args) };
    observer.leave(thread, call, observer.enter(thread, call), true);
  }

  #run(thread: Thread, call: MutableCall, running: RunningCall): CallOutcome {
    const { row } = running;
    const state = thread.cpuState;
    try {
      const { restarts } = this;
      const result =
        restarts === undefined
          ? row.run(thread, running.args as never, call)
          : restarts.run(call, () => row.run(thread, running.args as never, call));
      if (result === NO_RETURN) return DONE_WITHOUT_RESULT;
      if (isBlocked(result)) {
        call.progress = result.progress;
        if (call.isInterrupted && result.isUninterruptible !== true) throw result.interruption ?? EINTR;
        return { kind: 'wait', wait: result, call: running };
      }
      if (row.moves !== undefined) countMoved(thread, row.moves, Number(result));
      if (typeof result === 'bigint') state.set64(REG.RAX, result);
      else state.setNumber(REG.RAX, result ?? 0);
      return DONE;
    } catch (thrown) {
      const isEnded = thrown instanceof NotResident && thrown.isInterruptible && call.isInterrupted;
      if (thrown instanceof NotResident && !isEnded) return waitFor(thrown, running);
      const error = isEnded ? EINTR : thrown;
      if (!(error instanceof Errno)) throw error;
      const restarts = restartOf(row, error);
      state.setNumber(REG.RAX, -(restarts === undefined ? error : EINTR).code);
      if (restarts === undefined) return DONE;
      const goesOn = error === ERESTART_RESTARTBLOCK || GOES_ON.has(row.name);
      const unhandled = goesOn ? running : STAYS_INTERRUPTED.has(row.name) ? 'stays' : 'anew';
      return { kind: 'interrupted', nr: row.nr, restarts, unhandled, progress: call.progress };
    }
  }
}

/** Stands for a number without a row. */
const UNKNOWN: Syscall = { nr: -1, name: '', args: {}, support: 'full', run: () => 0 };

function countMoved({ program }: Thread, direction: 'read' | 'write', bytes: number): void {
  const { io } = program;
  if (direction === 'read') {
    io.readCalls++;
    io.readBytes += bytes;
  } else {
    io.writeCalls++;
    io.writtenBytes += bytes;
  }
}

/** signal(7): these fail with EINTR after a handler ran, whatever SA_RESTART says. */
const NEVER_RESTARTED = new Set([
  'clock_nanosleep',
  'epoll_pwait',
  'epoll_pwait2',
  'epoll_wait',
  'msgrcv',
  'msgsnd',
  'nanosleep',
  'pause',
  'poll',
  'ppoll',
  'pselect6',
  'rt_sigsuspend',
  'rt_sigtimedwait',
  'select',
  'semop',
  'semtimedop',
]);

/** Linux restart_block: these know when they are to end. */
const GOES_ON = new Set(['clock_nanosleep', 'nanosleep', 'poll']);
/** signal(7), "Interruption of system calls and library functions by stop signals". */
const STAYS_INTERRUPTED = new Set([
  'epoll_pwait',
  'epoll_pwait2',
  'epoll_wait',
  'rt_sigtimedwait',
  'semop',
  'semtimedop',
]);

/** Undefined: no signal interrupted it. */
function restartOf({ name }: Syscall, error: Errno): Restart | undefined {
  if (error === ERESTARTNOINTR) return 'always';
  if (error === ERESTART_RESTARTBLOCK) return 'never';
  if (error !== EINTR) return undefined;
  return NEVER_RESTARTED.has(name) ? 'never' : 'by-flag';
}

function waitFor(missing: NotResident, call: RunningCall | undefined): CallOutcome {
  return { kind: 'wait', wait: blocked(missing.ready, { isUninterruptible: !missing.isInterruptible }), call };
}

function decodeArguments(row: Syscall, state: CpuState, memory: UserMemory): Record<string, number | bigint | string> {
  const args: Record<string, number | bigint | string> = {};
  let index = 0;
  for (const name in row.args) {
    const kind = row.args[name];
    const register = ARGUMENT_REGISTERS[index++];
    if (kind !== undefined && register !== undefined) args[name] = decodeArgument(kind, state, register, memory);
  }
  return args;
}

function decodeArgument(
  kind: ArgumentKind,
  state: CpuState,
  register: number,
  memory: UserMemory,
): number | bigint | string {
  switch (kind) {
    case 'fd':
    case 'int':
      return state.low(register);
    case 'uint':
    case 'flags':
      return state.low(register) >>> 0;
    case 'ptr':
      return memory.fold((state.high(register) >>> 0) * HIGH + (state.low(register) >>> 0));
    case 'size':
    case 'place':
      return (state.high(register) >>> 0) * HIGH + (state.low(register) >>> 0);
    case 'off':
      return state.high(register) * HIGH + (state.low(register) >>> 0);
    case 'path':
      return memory.cString((state.high(register) >>> 0) * HIGH + (state.low(register) >>> 0), PATH_MAX);
    case 'u64':
      return state.get64(register);
    default:
      return unreachable(kind);
  }
}
