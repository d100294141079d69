/**
 * The machine's console as a terminal: /dev/console, and fd 0, 1 and 2 of every program that was started at it.
 *
 * Where no group is in the foreground, or none of its programs lives, anyone may read. Programs of other sessions (the
 * CLI's background ones) wait until it is their turn. Output of a program is also kept with the program
 * (GET /app/{tid}/output).
 */
import { ENXIO } from '../abi/errno.ts';
import { cookedTermios, rawTermios } from '../abi/termios.ts';
import type { ConsolePort, TerminalKind } from '../ports.ts';
import type { FileAttributes, Inode } from '../vfs/inode.ts';
import type { Call, OpenFile } from '../vfs/open-file.ts';
import { characterDeviceAttributes } from './character-device.ts';
import { type DeviceType, makeDevice } from './device.ts';
import { Terminal, TerminalFile } from './terminal.ts';

const NEW_LINE = Uint8Array.of(13, 10);
const ATTRIBUTES = characterDeviceAttributes(makeDevice(5, 1), 0o620);

/** A line that a program edits on the screen: what others write goes above it. */
export interface EditedLine {
  /** Takes it off the screen; the cursor is where it began. */
  hide(): Uint8Array;
  /** Draws it from the cursor on, which is at the left. */
  draw(): Uint8Array;
}

export class ConsoleTty extends Terminal {
  readonly isConsole = true;
  readonly rdev = ATTRIBUTES.rdev;
  readonly #port: ConsolePort;
  #edited: { readonly owner: number; readonly line: EditedLine; isHidden: boolean } | undefined;
  /** /dev/console, which ttyname(3) finds by what fstat says of a descriptor. */
  node: Inode | undefined;
  /** Whether the last output ended a line, so that a prompt may begin one. */
  isAtLineStart = true;

  constructor(port: ConsolePort) {
    super(port.size());
    this.#port = port;
    port.onInput((bytes) => this.type(bytes));
    port.onResize((size) => this.resize(size));
  }

  /** What shows it. */
  get kind(): TerminalKind | undefined {
    return this.#port.terminal;
  }

  override get foreground(): number | undefined {
    return super.foreground;
  }

  /** The group's session is the terminal's from then on: it was started at it. */
  override set foreground(processGroup: number | undefined) {
    super.foreground = processGroup;
    if (processGroup !== undefined) this.session = this.owners?.sessionOfGroup(processGroup) ?? this.session;
  }

  setRawMode(isRaw: boolean): void {
    const cooked = cookedTermios();
    // As readline does: programs in the background write meanwhile, and their lines must begin at the left.
    this.discipline.termios = isRaw ? { ...rawTermios(), outputFlags: cooked.outputFlags } : cooked;
    this.readiness.wake();
  }

  /** Frees the foreground for the others once no program of its group lives. */
  programEnded(): void {
    if (this.#edited !== undefined && this.owners?.isGroupAlive(this.#edited.owner) !== true) this.#edited = undefined;
    if (this.foreground === undefined || this.owners?.isGroupAlive(this.foreground) === true) return;
    this.foreground = undefined;
  }

  /** `owner` edits a line from now on, or has done with it. */
  editLine(owner: number, line: EditedLine | undefined): void {
    this.#edited = line === undefined ? undefined : { owner, line, isHidden: false };
  }

  /** The edited line is on the screen: what somebody left unfinished there is given a line of its own. */
  showEditedLine(): void {
    const edited = this.#edited;
    if (edited?.isHidden !== true) return;
    edited.isHidden = false;
    if (!this.isAtLineStart) this.show(NEW_LINE);
    this.show(edited.line.draw());
  }

  /** Bytes of the kernel itself. */
  say(bytes: Uint8Array): void {
    this.#aboveEditedLine(() => this.show(bytes));
  }

  override write(call: Call, bytes: Uint8Array): boolean {
    if (this.#edited === undefined || this.userOf(call)?.pid === this.#edited.owner) return super.write(call, bytes);
    return this.#aboveEditedLine(() => super.write(call, bytes));
  }

  #aboveEditedLine(write: () => boolean): boolean {
    const edited = this.#edited;
    if (edited === undefined) return write();
    if (!edited.isHidden) this.show(edited.line.hide());
    edited.isHidden = true;
    const isWritten = write();
    // An unfinished line is waited for, or for a key.
    if (this.isAtLineStart) this.showEditedLine();
    return isWritten;
  }

  open(flags: number, path: string, inode = this.node): OpenFile {
    const attributes = (): FileAttributes => inode?.attributes() ?? ATTRIBUTES;
    return new TerminalFile(this, flags, { path, attributes, ...(inode && { inode }) });
  }

  protected show(bytes: Uint8Array): boolean {
    if (bytes.length === 0) return true;
    this.isAtLineStart = bytes.at(-1) === 10 || bytes.at(-1) === 13;
    this.#port.write(bytes);
    return true;
  }
}

/** /dev/console, and /dev/tty: the controlling terminal of whoever opens it. */
export function terminalDevices(
  tty: ConsoleTty,
  openControlling: (flags: number) => OpenFile | undefined,
): readonly DeviceType[] {
  const openOwn = (flags: number): OpenFile => {
    const file = openControlling(flags);
    if (file === undefined) throw ENXIO;
    return file;
  };
  return [
    { name: 'console', major: 5, minor: 1, mode: 0o620, open: (flags, path, node) => tty.open(flags, path, node) },
    { name: 'tty', major: 5, minor: 0, mode: 0o666, open: openOwn },
  ];
}
