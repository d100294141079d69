/**
 * A terminal as programs see it: line discipline, window size, and job control (POSIX 11.1; Linux drivers/tty/tty_jobctrl.c).
 *
 * Its session's foreground group reads; a background group of the session that reads gets SIGTTIN, one that changes the
 * terminal SIGTTOU. Programs of other sessions are no business of its job control.
 */
import { EAGAIN, EINVAL, EIO, ENOTTY, EPERM, ESRCH } from '../abi/errno.ts';
import { O_NONBLOCK } from '../abi/fcntl.ts';
import { POLLERR, POLLHUP, POLLIN, POLLOUT } from '../abi/poll.ts';
import { SIGTTIN, SIGTTOU, SIGWINCH } from '../abi/signal.ts';
import {
  FIONREAD,
  ICANON,
  NOFLSH,
  TCFLSH,
  TCGETS,
  TCSBRK,
  TCSBRKP,
  TCSETS,
  TCSETSF,
  TCSETSW,
  TCIFLUSH,
  TCIOFLUSH,
  TCOFLUSH,
  TCXONC,
  TERMIOS_BYTES,
  type Termios,
  TIOCEXCL,
  TIOCGPGRP,
  TIOCGSID,
  TIOCGWINSZ,
  TIOCNOTTY,
  TIOCNXCL,
  TIOCOUTQ,
  TIOCSCTTY,
  TIOCSPGRP,
  TIOCSWINSZ,
  TOSTOP,
  VMIN,
  VTIME,
  decodeTermios,
  encodeTermios,
} from '../abi/termios.ts';
import type { TerminalSize } from '../ports.ts';
import { type Blocked, blocked } from '../program/blocked.ts';
import { WaitQueue } from '../program/wait-queue.ts';
import { BaseFile } from '../vfs/base-file.ts';
import type { FileAttributes, Inode } from '../vfs/inode.ts';
import type { Call, PollMask, UserMemory } from '../vfs/open-file.ts';
import { LineDiscipline } from './line-discipline.ts';

/** A program as a terminal knows it. */
export interface TerminalUser {
  readonly pid: number;
  readonly processGroup: number;
  readonly session: number;
  /** It called setsid(2), or a parent did: its session is not one that the machine started at its console. */
  readonly isDetached: boolean;
  /** No shell could continue its group if it stopped. */
  readonly isOrphaned: boolean;
  recordOutput(bytes: Uint8Array): void;
}

/** What the terminal asks of the programs of the machine. */
export interface TtyOwners {
  /** The program of a thread. */
  programOf(threadId: number): TerminalUser | undefined;
  /** Whether the thread blocks or ignores the signal: then it may do what others are stopped for. */
  shuns(threadId: number, signal: number): boolean;
  isGroupAlive(processGroup: number): boolean;
  sessionOfGroup(processGroup: number): number | undefined;
  signalGroup(processGroup: number, signal: number): void;
  signalProgram(pid: number, signal: number): void;
}

export abstract class Terminal {
  readonly readiness = new WaitQueue();
  readonly discipline = new LineDiscipline();
  /** The session it controls (credentials(7)). */
  session: number | undefined;
  /** The other side is gone. */
  isHungUp = false;
  #owners: TtyOwners | undefined;
  #foreground: number | undefined;
  #size: TerminalSize;

  constructor(size: TerminalSize) {
    this.#size = size;
  }

  attach(owners: TtyOwners): void {
    this.#owners = owners;
  }

  protected get owners(): TtyOwners | undefined {
    return this.#owners;
  }

  /** Bytes for whoever looks at it, already through output processing. @returns false where there is no room now */
  protected abstract show(bytes: Uint8Array): boolean;

  /**
   * The console belongs to the machine: programs of any session read it when it is free and ask for its groups, and
   * its sessions end without a hang-up. Others are strict.
   */
  abstract readonly isConsole: boolean;
  /** st_rdev of its node. */
  abstract readonly rdev: number;

  get size(): TerminalSize {
    return this.#size;
  }

  resize(size: TerminalSize): void {
    const isSame = size.rows === this.#size.rows && size.columns === this.#size.columns;
    this.#size = size;
    if (!isSame) this.signalForeground(SIGWINCH);
  }

  get foreground(): number | undefined {
    return this.#foreground;
  }

  set foreground(processGroup: number | undefined) {
    this.#foreground = processGroup;
    this.readiness.wake();
  }

  signalForeground(signal: number): void {
    if (this.#foreground !== undefined) this.#owners?.signalGroup(this.#foreground, signal);
  }

  setTermios(termios: Termios): void {
    this.discipline.termios = termios;
    this.readiness.wake();
  }

  /** tcflush(3): drops what was typed and not read, what was written and not shown, or both. */
  flush(queue: number): void {
    if (queue !== TCOFLUSH) this.discipline.flush();
  }

  /** A key made a signal: what waits to be read or shown is dropped (Linux n_tty.c:isig). The discipline's part is done. */
  protected interrupted(): void {}

  /** A program took what was typed: there is room for more. */
  wasRead(): void {}

  /** Holds output, or lets it go on. */
  stop(isStopped: boolean): void {
    this.discipline.isStopped = isStopped;
    this.readiness.wake();
  }

  /** What was typed. */
  type(bytes: Uint8Array): void {
    const wasStopped = this.discipline.isStopped;
    const { echo, signals } = this.discipline.input(bytes);
    if (this.discipline.isStopped !== wasStopped) this.stop(!wasStopped);
    if (signals.length > 0 && (this.discipline.termios.localFlags & NOFLSH) === 0) this.interrupted();
    this.show(echo);
    for (const signal of signals) this.signalForeground(signal);
    this.readiness.wake();
  }

  userOf(call: Call): TerminalUser | undefined {
    return this.#owners?.programOf(call.threadId);
  }

  write(call: Call, bytes: Uint8Array): boolean {
    if (!this.show(this.discipline.output(bytes))) return false;
    this.userOf(call)?.recordOutput(bytes);
    return true;
  }

  /** Whether the caller may read now; 'stop': it was sent SIGTTIN. @throws EIO */
  mayRead(call: Call): boolean | 'stop' {
    const user = this.userOf(call);
    if (this.#foreground === undefined || user?.processGroup === this.#foreground) return true;
    // A terminal that is not one's own is read like any file (Linux __tty_check_change).
    if (user === undefined || this.session !== user.session) return !this.isConsole || user?.isDetached === true;
    if (user.isOrphaned || this.#owners?.shuns(call.threadId, SIGTTIN) === true) throw EIO;
    this.#owners?.signalGroup(user.processGroup, SIGTTIN);
    return 'stop';
  }

  /** Whether the caller may change the terminal; false: it was sent SIGTTOU. @throws EIO */
  mayChange(call: Call): boolean {
    const user = this.userOf(call);
    if (user === undefined || this.session !== user.session || this.#foreground === undefined) return true;
    if (user.processGroup === this.#foreground || this.#owners?.shuns(call.threadId, SIGTTOU) === true) return true;
    if (user.isOrphaned) throw EIO;
    this.#owners?.signalGroup(user.processGroup, SIGTTOU);
    return false;
  }

  /** Whether it is the user's controlling terminal. */
  controls(user: TerminalUser | undefined): boolean {
    return this.session === undefined ? this.isConsole : user?.session === this.session;
  }

  /** The session leader takes it as its controlling terminal. @throws EPERM */
  become(call: Call, isForced: boolean): void {
    const user = this.userOf(call);
    if (user === undefined || this.session === user.session) return;
    if (user.pid !== user.session || (this.session !== undefined && !isForced)) throw EPERM;
    this.session = user.session;
    this.foreground = user.processGroup;
  }

  /** tcsetpgrp(3). @throws EPERM, ENOTTY, EINVAL */
  setForeground(call: Call, group: number): void {
    const user = this.userOf(call);
    if (group < 0) throw EINVAL;
    if (!this.controls(user)) throw ENOTTY;
    const session = this.#owners?.sessionOfGroup(group);
    if (session === undefined) throw ESRCH;
    if (session !== user?.session) throw EPERM;
    this.foreground = group;
  }
}

/** Calls that change the terminal, and so are for its foreground group. */
const CHANGING: readonly number[] = [TCSETS, TCSETSW, TCSETSF, TCSBRK, TCSBRKP, TCFLSH, TCXONC, TIOCSPGRP];

/** Written at a time, whatever a program gives: it becomes twice that where newlines do. */
const PIECE_BYTES = 16_384;

export class TerminalFile extends BaseFile {
  readonly kind = 'tty';
  override readonly readiness: WaitQueue;
  readonly inode?: Inode;
  readonly terminal: Terminal;
  readonly #attributes: () => FileAttributes;
  readonly #onClosed: () => void;

  constructor(
    terminal: Terminal,
    flags: number,
    parts: { path: string; attributes: () => FileAttributes; inode?: Inode; onClosed?: () => void },
  ) {
    super(parts.path, flags);
    this.terminal = terminal;
    this.readiness = terminal.readiness;
    this.#attributes = parts.attributes;
    this.#onClosed = parts.onClosed ?? (() => {});
    if (parts.inode !== undefined) this.inode = parts.inode;
  }

  attributes(): FileAttributes {
    return this.#attributes();
  }

  override read(call: Call, dst: Uint8Array): number | Blocked {
    const { discipline, isHungUp } = this.terminal;
    if (dst.length === 0 || isHungUp) return 0;
    const may = this.terminal.mayRead(call);
    if (may === 'stop') return blocked(this.readiness);
    if (may) {
      if (discipline.isReadable) return this.#take(dst);
      const untimed = this.#readRaw(call, dst);
      if (untimed !== undefined) return untimed;
    }
    if ((this.flags & O_NONBLOCK) !== 0) throw EAGAIN;
    return blocked(this.readiness);
  }

  #take(dst: Uint8Array): number {
    const count = this.terminal.discipline.read(dst);
    this.terminal.wasRead();
    return count;
  }

  /** progress: bytes written before there was no more room. */
  override write(call: Call, src: Uint8Array): number | Blocked {
    const { terminal } = this;
    if (terminal.isHungUp) throw EIO;
    if ((terminal.discipline.termios.localFlags & TOSTOP) !== 0 && !terminal.mayChange(call)) {
      return blocked(this.readiness);
    }
    let done = (call.progress as number | undefined) ?? 0;
    while (done < src.length && !terminal.discipline.isStopped) {
      const piece = src.subarray(done, done + PIECE_BYTES);
      if (!terminal.write(call, piece)) break;
      done += piece.length;
    }
    const isNonBlocking = (this.flags & O_NONBLOCK) !== 0;
    if (done === src.length || (done > 0 && (isNonBlocking || call.isInterrupted))) return done;
    if (isNonBlocking) throw EAGAIN;
    return blocked(this.readiness, { progress: done });
  }

  poll(): PollMask {
    const { discipline, isHungUp } = this.terminal;
    if (isHungUp) return POLLIN | POLLOUT | POLLERR | POLLHUP;
    return (discipline.isReadable ? POLLIN : 0) | (discipline.isStopped ? 0 : POLLOUT);
  }

  override ioctl(call: Call, request: number, argument: number, memory: UserMemory): number | Blocked {
    if (CHANGING.includes(request) && !this.terminal.mayChange(call)) return blocked(this.readiness);
    return terminalControl(this.terminal, call, { request, argument, memory });
  }

  protected override closed(): void {
    this.#onClosed();
  }

  /** Non-canonical reads that do not wait for VMIN bytes: VMIN 0, with VTIME tenths of a second (termios(3)). */
  #readRaw(call: Call, dst: Uint8Array): number | Blocked | undefined {
    const { discipline } = this.terminal;
    const { localFlags, controlCharacters } = discipline.termios;
    if ((localFlags & ICANON) !== 0 || controlCharacters[VMIN] !== 0) return undefined;
    if (discipline.readyBytes > 0) return this.#take(dst);
    const waitNs = (controlCharacters[VTIME] ?? 0) * 1e8;
    const deadlineNs = typeof call.progress === 'number' ? call.progress : call.nowNs + waitNs;
    if (call.nowNs >= deadlineNs) return 0;
    return blocked(this.readiness, { deadlineNs, progress: deadlineNs });
  }
}

interface Control {
  readonly request: number;
  readonly argument: number;
  readonly memory: UserMemory;
}

/** ioctl_tty(2), of a terminal or of the master side of a pseudo-terminal. @throws ENOTTY for what it does not know */
export function terminalControl(terminal: Terminal, call: Call, { request, argument, memory }: Control): number {
  switch (request) {
    case TCGETS:
      encodeTermios(terminal.discipline.termios, memory.writable(argument, TERMIOS_BYTES));
      return 0;
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
      if (request === TCSETSF) terminal.flush(TCIFLUSH);
      terminal.setTermios(decodeTermios(memory.readable(argument, TERMIOS_BYTES)));
      return 0;
    case TCFLSH:
      if (argument > TCIOFLUSH) throw EINVAL;
      terminal.flush(argument);
      return 0;
    case TCXONC:
      flowControl(terminal, argument);
      return 0;
    case TCSBRK:
    case TCSBRKP:
    case TIOCEXCL:
    case TIOCNXCL:
      return 0;
    case TIOCOUTQ:
      memory.storeU32(argument, 0);
      return 0;
    case FIONREAD:
      memory.storeU32(argument, terminal.discipline.readyBytes);
      return 0;
    case TIOCGWINSZ:
      storeWindowSize(memory, argument, terminal.size);
      return 0;
    case TIOCSWINSZ:
      terminal.resize(loadWindowSize(memory, argument));
      return 0;
    default:
      return jobControl(terminal, call, { request, argument, memory });
  }
}

function jobControl(terminal: Terminal, call: Call, { request, argument, memory }: Control): number {
  const user = terminal.userOf(call);
  switch (request) {
    case TIOCSCTTY:
      terminal.become(call, argument === 1);
      return 0;
    case TIOCNOTTY:
      if (!terminal.controls(user)) throw ENOTTY;
      if (user?.pid === user?.session) terminal.session = undefined;
      return 0;
    case TIOCGPGRP:
      if (!terminal.controls(user)) throw ENOTTY;
      memory.storeU32(argument, terminal.foreground ?? user?.processGroup ?? 0);
      return 0;
    case TIOCGSID:
      if (!terminal.controls(user)) throw ENOTTY;
      memory.storeU32(argument, terminal.session ?? user?.session ?? 0);
      return 0;
    case TIOCSPGRP:
      terminal.setForeground(call, memory.loadU32(argument) | 0);
      return 0;
    default:
      throw ENOTTY;
  }
}

/** tcflow(3): TCOOFF 0, TCOON 1; TCIOFF and TCION have nobody to send to. */
function flowControl(terminal: Terminal, action: number): void {
  if (action > 3) throw EINVAL;
  const isStopping = action === 0;
  if (action <= 1 && terminal.discipline.isStopped !== isStopping) terminal.stop(isStopping);
}

// struct winsize: rows, columns and two pixel sizes, 16 bits each.
function storeWindowSize(memory: UserMemory, addr: number, size: TerminalSize): void {
  const view = memory.writable(addr, 8);
  view.fill(0);
  view[0] = size.rows & 0xff;
  view[1] = size.rows >> 8;
  view[2] = size.columns & 0xff;
  view[3] = size.columns >> 8;
}

function loadWindowSize(memory: UserMemory, addr: number): TerminalSize {
  const [r0 = 0, r1 = 0, c0 = 0, c1 = 0] = memory.readable(addr, 8);
  return { rows: r0 | (r1 << 8), columns: c0 | (c1 << 8) };
}
