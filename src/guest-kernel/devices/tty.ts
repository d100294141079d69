/**
 * The machine's console as a terminal: /dev/console and /dev/tty, and fd 0, 1 and 2 of every program.
 *
 * Only the foreground group reads; others wait until it is their turn. Where no group is in the foreground, or none of
 * its programs lives, anyone may read. Output of a program is also kept with the program (GET /app/{tid}/output).
 */
import { EAGAIN, EINVAL, ENOTTY } from '../abi/errno.ts';
import { SIGWINCH } from '../abi/signal.ts';
import {
  FIONREAD,
  ICANON,
  TCFLSH,
  TCGETS,
  TCSBRK,
  TCSETS,
  TCSETSF,
  TCSETSW,
  TCXONC,
  TERMIOS_BYTES,
  TIOCGPGRP,
  TIOCGSID,
  TIOCGWINSZ,
  TIOCNOTTY,
  TIOCOUTQ,
  TIOCSCTTY,
  TIOCSPGRP,
  TIOCSWINSZ,
  VMIN,
  VTIME,
  cookedTermios,
  decodeTermios,
  encodeTermios,
  rawTermios,
} from '../abi/termios.ts';
import type { ConsolePort, TerminalSize } from '../ports.ts';
import { type Blocked, blocked } from '../program/blocked.ts';
import { WaitQueue } from '../program/wait-queue.ts';
import type { FileAttributes } from '../vfs/inode.ts';
import type { Call, OpenFile, UserMemory } from '../vfs/open-file.ts';
import { characterDeviceAttributes } from './character-device.ts';
import { type DeviceType, makeDevice } from './device.ts';
import { LineDiscipline } from './line-discipline.ts';

const O_NONBLOCK = 0x800;
const POLLIN = 1;
const POLLOUT = 4;

/** What the terminal asks of the programs of the machine. */
export interface TtyOwners {
  /** The program of a thread. */
  programOf(threadId: number): { readonly processGroup: number; recordOutput(bytes: Uint8Array): void } | undefined;
  isGroupAlive(processGroup: number): boolean;
  signalGroup(processGroup: number, signal: number): void;
}

export class ConsoleTty {
  readonly readiness = new WaitQueue();
  readonly discipline = new LineDiscipline();
  readonly #port: ConsolePort;
  #owners: TtyOwners | undefined;
  #foreground: number | undefined;
  #size: TerminalSize;
  /** Whether the last output ended a line, so that a prompt may begin one. */
  isAtLineStart = true;

  constructor(port: ConsolePort) {
    this.#port = port;
    this.#size = port.size();
    port.onInput((bytes) => this.#onInput(bytes));
    port.onResize((size) => this.resize(size));
  }

  attach(owners: TtyOwners): void {
    this.#owners = owners;
  }

  get size(): TerminalSize {
    return this.#size;
  }

  resize(size: TerminalSize): void {
    this.#size = size;
    if (this.#foreground !== undefined) this.#owners?.signalGroup(this.#foreground, SIGWINCH);
  }

  get foreground(): number | undefined {
    return this.#foreground;
  }

  set foreground(processGroup: number | undefined) {
    this.#foreground = processGroup;
    this.readiness.wake();
  }

  setRawMode(isRaw: boolean): void {
    const cooked = cookedTermios();
    // As readline does: programs in the background write meanwhile, and their lines must begin at the left.
    this.discipline.termios = isRaw ? { ...rawTermios(), outputFlags: cooked.outputFlags } : cooked;
    this.readiness.wake();
  }

  /** Frees the foreground for the others once no program of its group lives. */
  programEnded(): void {
    if (this.#foreground === undefined || this.#owners?.isGroupAlive(this.#foreground) === true) return;
    this.foreground = undefined;
  }

  /** Process group of the thread's program; 0 where it is unknown. */
  groupOf(threadId: number): number {
    return this.#owners?.programOf(threadId)?.processGroup ?? 0;
  }

  mayRead(threadId: number): boolean {
    const foreground = this.#foreground;
    return foreground === undefined || this.#owners?.programOf(threadId)?.processGroup === foreground;
  }

  write(threadId: number, bytes: Uint8Array): void {
    this.#owners?.programOf(threadId)?.recordOutput(bytes);
    this.#show(this.discipline.output(bytes));
  }

  open(flags: number, path: string): OpenFile {
    return new TtyFile(this, flags, path);
  }

  #show(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.isAtLineStart = bytes.at(-1) === 10 || bytes.at(-1) === 13;
    this.#port.write(bytes);
  }

  #onInput(bytes: Uint8Array): void {
    const { echo, signals } = this.discipline.input(bytes);
    this.#show(echo);
    if (this.#foreground !== undefined) {
      for (const signal of signals) this.#owners?.signalGroup(this.#foreground, signal);
    }
    this.readiness.wake();
  }
}

const ATTRIBUTES = characterDeviceAttributes(makeDevice(5, 1), 0o620);

class TtyFile implements OpenFile {
  readonly kind = 'tty';
  readonly path: string;
  flags: number;
  offset = 0;
  readonly isSeekable = false;
  readonly #tty: ConsoleTty;

  constructor(tty: ConsoleTty, flags: number, path: string) {
    this.#tty = tty;
    this.flags = flags;
    this.path = path;
  }

  get readiness(): WaitQueue {
    return this.#tty.readiness;
  }

  attributes(): FileAttributes {
    return ATTRIBUTES;
  }

  read(call: Call, dst: Uint8Array): number | Blocked {
    const { discipline } = this.#tty;
    if (dst.length === 0) return 0;
    if (this.#tty.mayRead(call.threadId)) {
      if (discipline.isReadable) return discipline.read(dst);
      const untimed = this.#readRaw(call, dst);
      if (untimed !== undefined) return untimed;
    }
    if ((this.flags & O_NONBLOCK) !== 0) throw EAGAIN;
    return blocked(this.readiness);
  }

  write(call: Call, src: Uint8Array): number | Blocked {
    if (this.#tty.discipline.isStopped) return blocked(this.readiness);
    this.#tty.write(call.threadId, src);
    return src.length;
  }

  poll(): number {
    return (this.#tty.discipline.isReadable ? POLLIN : 0) | (this.#tty.discipline.isStopped ? 0 : POLLOUT);
  }

  ioctl(call: Call, request: number, argument: number, memory: UserMemory): number {
    const tty = this.#tty;
    switch (request) {
      case TCGETS:
        encodeTermios(tty.discipline.termios, memory.writable(argument, TERMIOS_BYTES));
        return 0;
      case TCSETS:
      case TCSETSW:
      case TCSETSF:
        if (request === TCSETSF) tty.discipline.flush();
        tty.discipline.termios = decodeTermios(memory.readable(argument, TERMIOS_BYTES));
        tty.readiness.wake();
        return 0;
      case TCFLSH:
        if (argument !== 1) tty.discipline.flush();
        return 0;
      case TCSBRK:
      case TCXONC:
      case TIOCSCTTY:
      case TIOCNOTTY:
        return 0;
      case TIOCGPGRP:
        memory.storeU32(argument, tty.foreground ?? this.#groupOf(call));
        return 0;
      case TIOCGSID:
        memory.storeU32(argument, this.#groupOf(call));
        return 0;
      case TIOCSPGRP:
        tty.foreground = memory.loadU32(argument);
        return 0;
      case TIOCOUTQ:
        memory.storeU32(argument, 0);
        return 0;
      case FIONREAD:
        memory.storeU32(argument, tty.discipline.readyBytes);
        return 0;
      case TIOCGWINSZ:
        storeWindowSize(memory, argument, tty.size);
        return 0;
      case TIOCSWINSZ:
        tty.resize(loadWindowSize(memory, argument));
        return 0;
      default:
        throw ENOTTY;
    }
  }

  retain(): void {}

  release(): void {}

  /** Non-canonical reads that do not wait for VMIN bytes: VMIN 0, with VTIME tenths of a second (termios(3)). */
  #readRaw(call: Call, dst: Uint8Array): number | Blocked | undefined {
    const { discipline } = this.#tty;
    const { localFlags, controlCharacters } = discipline.termios;
    if ((localFlags & ICANON) !== 0 || controlCharacters[VMIN] !== 0) return undefined;
    if (discipline.readyBytes > 0) return discipline.read(dst);
    const waitNs = (controlCharacters[VTIME] ?? 0) * 1e8;
    const deadlineNs = typeof call.progress === 'number' ? call.progress : call.nowNs + waitNs;
    if (call.nowNs >= deadlineNs) return 0;
    return blocked(this.readiness, { deadlineNs, progress: deadlineNs });
  }

  #groupOf(call: Call): number {
    return this.#tty.groupOf(call.threadId);
  }
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
  if (r0 + r1 === 0 || c0 + c1 === 0) throw EINVAL;
  return { rows: r0 | (r1 << 8), columns: c0 | (c1 << 8) };
}

/** /dev/console and /dev/tty: both the one terminal. */
export function terminalDevices(tty: ConsoleTty): readonly DeviceType[] {
  const open = (flags: number, path: string): OpenFile => tty.open(flags, path);
  return [
    { name: 'console', major: 5, minor: 1, mode: 0o620, open },
    { name: 'tty', major: 5, minor: 0, mode: 0o666, open },
  ];
}
