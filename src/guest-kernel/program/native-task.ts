/** A thread whose code is a generator, and the NativeCalls it is given. */
import type { EditedLine } from '../devices/tty.ts';
import { type ByteString } from '../../emulator/util/bytes.ts';
import { EBADF, EINTR, Errno } from '../abi/errno.ts';
import { SIGTERM, signalName } from '../abi/signal.ts';
import type { TerminalSize } from '../ports.ts';
import { NotResident } from '../vfs/inode.ts';
import type { Call, OpenFile, PollMask } from '../vfs/open-file.ts';
import { type Blocked, blocked, isBlocked } from './blocked.ts';
import { KernelTask } from './kernel-task.ts';
import type { NativeCalls, NativeSockets, PollRequest, Wait } from './native-program.ts';
import type { RunningMachine } from './running-machine.ts';
import type { RunningProgram } from './running-program.ts';
import type { SliceOutcome } from './scheduler.ts';
import { ALL_SIGNALS } from './signals.ts';

/** POLLERR, POLLHUP, POLLNVAL are told without being asked for (poll(2)). */
const ALWAYS_POLLED = 0x38;
const POLLNVAL = 0x20;

/** Waits for nothing but its turn. */
const NEXT_TURN: Blocked = blocked([]);

export interface NativeTaskParts {
  readonly id: number;
  readonly name: ByteString;
  readonly sockets: NativeSockets;
  /** The result ends the program with that exit code; undefined ends only the thread. */
  readonly body: (sys: NativeCalls) => Wait<number | void>;
}

export class NativeTask extends KernelTask {
  readonly stackSizeBytes = 0;
  readonly #generator: Wait<number | void>;
  /** A signal came since the last EINTR. */
  #isInterrupted = false;
  #ignoredTerm = false;
  #sliceEndNs = 0;

  constructor(machine: RunningMachine, program: RunningProgram, parts: NativeTaskParts) {
    super(machine, program, parts.id, parts.name);
    this.#generator = parts.body(new TaskCalls(this, parts.sockets));
  }

  protected override execute(sliceNs: number): SliceOutcome {
    this.#sliceEndNs = this.machine.clock.monotonicNs() + sliceNs;
    try {
      const step = this.#generator.next();
      if (this.isTerminated) return 'over';
      if (step.done !== true) return this.#wait(step.value);
      if (typeof step.value === 'number') this.program.end({ kind: 'exited', code: step.value });
      else this.end();
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      this.machine.log.notice(`${this.program.path}: ${error.name}: ${error.message}`);
      this.program.end({ kind: 'exited', code: 1 });
    }
    return 'over';
  }

  override interrupt(): void {
    this.#isInterrupted = true;
    super.interrupt();
  }

  /** Whether it has run for so long that it is another's turn. */
  get isSliceOver(): boolean {
    return this.machine.clock.monotonicNs() >= this.#sliceEndNs;
  }

  /** Whether the next wait is to be cut short; asking resets it, so that each signal interrupts once. */
  takeInterrupt(): boolean {
    const was = this.#isInterrupted;
    this.#isInterrupted = false;
    if (was && (this.pendingSignals.set | this.program.pendingSignals.set) !== 0n) this.#ignoredTerm = true;
    return was;
  }

  get isInterrupted(): boolean {
    return this.#isInterrupted;
  }

  takeSignals(): readonly number[] {
    const signals: number[] = [];
    for (const pending of [this.pendingSignals, this.program.pendingSignals]) {
      for (let info = pending.take(ALL_SIGNALS); info !== undefined; info = pending.take(ALL_SIGNALS)) {
        signals.push(info.signal);
      }
    }
    return signals;
  }

  protected override onEnd(): void {}

  // Going to sleep again with a SIGTERM that was announced and not taken: the program does not care for it, so it dies.
  #wait(wait: Blocked): SliceOutcome {
    if (wait === NEXT_TURN) return 'ready';
    const pending = this.pendingSignals.set | this.program.pendingSignals.set;
    if (this.#ignoredTerm && (pending & (1n << BigInt(SIGTERM - 1))) !== 0n) {
      this.machine.log.info(`${this.program.path}: ended by ${signalName(SIGTERM)}`);
      this.program.kill(SIGTERM);
      return 'over';
    }
    this.#ignoredTerm = false;
    this.sleep(wait);
    if (this.#isInterrupted) this.wakeUp();
    return 'waiting';
  }
}

class TaskCalls implements NativeCalls {
  readonly #task: NativeTask;
  readonly #sockets: NativeSockets;

  constructor(task: NativeTask, sockets: NativeSockets) {
    this.#task = task;
    this.#sockets = sockets;
  }

  get threadId(): number {
    return this.#task.id;
  }

  nowNs(): number {
    return this.#task.machine.clock.monotonicNs();
  }

  *open(path: ByteString, flags: number, mode: number): Wait<number> {
    const { machine, files } = this.#task;
    const file = yield* this.retry(() => machine.vfs.open(this.#task, path, flags, mode));
    return files.add(file);
  }

  close(fd: number): void {
    this.#task.files.close(fd);
  }

  *read(fd: number, maxBytes: number): Wait<Uint8Array> {
    const file = this.#task.files.get(fd);
    const buffer = new Uint8Array(maxBytes);
    const count = yield* this.#finish((call) => file.read(call, buffer));
    return buffer.subarray(0, count);
  }

  *write(fd: number, bytes: Uint8Array): Wait<void> {
    const file = this.#task.files.get(fd);
    for (let done = 0; done < bytes.length;) {
      done += yield* this.#finish((call) => file.write(call, bytes.subarray(done)));
    }
  }

  *sleepUntil(deadlineNs: number): Wait<void> {
    yield* this.#finish((call) => (call.nowNs >= deadlineNs ? 0 : blocked([], { deadlineNs })));
  }

  *poll(requests: readonly PollRequest[], deadlineNs?: number): Wait<readonly PollMask[]> {
    const files = requests.map(({ fd }) => this.#fileOrNone(fd));
    const masks = (): PollMask[] =>
      files.map((file, i) => (file?.poll() ?? POLLNVAL) & ((requests[i]?.events ?? 0) | ALWAYS_POLLED));
    const queues = files.flatMap((file) => (file === undefined ? [] : [file.readiness]));
    yield* this.#finish((call) => {
      if (masks().some((mask) => mask !== 0)) return 0;
      if (deadlineNs === undefined) return blocked(queues);
      return call.nowNs >= deadlineNs ? 0 : blocked(queues, { deadlineNs });
    });
    return masks();
  }

  *connectTcp(address: string, port: number): Wait<number> {
    const file = yield* this.#finish((call) => this.#sockets.connectTcp(call, address, port));
    return this.#task.files.add(file);
  }

  listenTcp(address: string, port: number, backlog: number): number {
    return this.#task.files.add(this.#sockets.listenTcp(address, port, backlog));
  }

  *acceptTcp(fd: number): Wait<number> {
    const listener = this.#task.files.get(fd);
    const file = yield* this.#finish((call) => this.#sockets.acceptTcp(call, listener));
    return this.#task.files.add(file);
  }

  setRawMode(isRaw: boolean): void {
    this.#task.machine.tty.setRawMode(isRaw);
  }

  editLine(line: EditedLine | undefined): void {
    this.#task.machine.tty.editLine(this.#task.program.pid, line);
  }

  showEditedLine(): void {
    this.#task.machine.tty.showEditedLine();
  }

  isAtLineStart(): boolean {
    return this.#task.machine.tty.isAtLineStart;
  }

  terminalSize(): TerminalSize {
    return this.#task.machine.tty.size;
  }

  setForeground(tid: number | undefined): void {
    const { machine, program } = this.#task;
    const owner = tid === undefined ? program : machine.program(tid);
    machine.tty.foreground = owner?.isRunning === true ? owner.processGroup : program.processGroup;
  }

  *waitProgram(tid: number, deadlineNs?: number): Wait<void> {
    const program = this.#task.machine.program(tid);
    if (program === undefined) return;
    yield* this.#finish((call) => {
      if (!program.isRunning) return 0;
      if (deadlineNs === undefined) return blocked(program.ended);
      return call.nowNs >= deadlineNs ? 0 : blocked(program.ended, { deadlineNs });
    });
  }

  takeSignals(): readonly number[] {
    return this.#task.takeSignals();
  }

  spawn(name: string, body: (sys: NativeCalls) => Wait<void>): number {
    const { machine, program } = this.#task;
    const thread = new NativeTask(machine, program, { id: machine.allocateId(), name, sockets: this.#sockets, body });
    thread.start();
    return thread.id;
  }

  *retry<T>(work: () => T): Wait<T> {
    for (;;) {
      try {
        return work();
      } catch (error) {
        if (!(error instanceof NotResident)) throw error;
        yield blocked(error.ready, { isUninterruptible: true });
      }
    }
  }

  /** Runs a call to its end: waits where it blocks, EINTR where a signal cuts the wait short. */
  *#finish<T>(attempt: (call: Call) => T | Blocked): Wait<T> {
    const call = new NativeCall(this.#task);
    // A program whose calls never block (a long copy) would keep the machine to itself.
    if (this.#task.isSliceOver) yield NEXT_TURN;
    for (;;) {
      const result = yield* this.retry(() => attempt(call));
      if (!isBlocked(result)) return result;
      if (result.isUninterruptible !== true && this.#task.takeInterrupt()) throw EINTR;
      call.progress = result.progress;
      yield result;
    }
  }

  #fileOrNone(fd: number): OpenFile | undefined {
    try {
      return this.#task.files.get(fd);
    } catch (error) {
      if (error === EBADF) return undefined;
      throw error;
    }
  }
}

class NativeCall implements Call {
  progress: unknown;
  readonly threadId: number;
  readonly #task: NativeTask;

  constructor(task: NativeTask) {
    this.#task = task;
    this.threadId = task.id;
  }

  get isInterrupted(): boolean {
    return this.#task.isInterrupted;
  }

  get nowNs(): number {
    return this.#task.machine.clock.monotonicNs();
  }

  // Native programs are told of a broken pipe by EPIPE alone.
  raise(): void {}
}
