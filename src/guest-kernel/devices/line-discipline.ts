/**
 * What stands between keys and programs (termios(3), Linux drivers/tty/n_tty.c): editing of a line, echo, signals of
 * control characters, translation of carriage return and newline. Pure: bytes in, bytes and signals out.
 *
 * Canonical mode: `#line` is what is being edited; an ended line moves to `#ready` whole, with its delimiter. An end
 * of file (^D) is an entry too, of no bytes if the line was empty.
 */
import { SIGINT, SIGQUIT, SIGTSTP } from '../abi/signal.ts';
import {
  ECHO,
  ECHOCTL,
  ECHOE,
  ECHOK,
  ECHOKE,
  ECHONL,
  ICANON,
  ICRNL,
  IEXTEN,
  IGNCR,
  INLCR,
  ISIG,
  ISTRIP,
  IXON,
  NOFLSH,
  OCRNL,
  ONLCR,
  OPOST,
  type Termios,
  VEOF,
  VEOL,
  VEOL2,
  VERASE,
  VINTR,
  VKILL,
  VLNEXT,
  VMIN,
  VQUIT,
  VREPRINT,
  VSTART,
  VSTOP,
  VSUSP,
  VWERASE,
  cookedTermios,
} from '../abi/termios.ts';

const CR = 13;
const LF = 10;
const TAB = 9;
const RUBOUT = [8, 32, 8];
/** Linux' N_TTY_BUF_SIZE: what does not fit into a line is dropped. */
const LINE_BYTES = 4096;
/** Linux has the keyboard wait when 4 KiB are unread; here what was pasted waits, up to this. */
const UNREAD_BYTES = 1 << 20;

export interface Reaction {
  /** For the screen, already through output processing. */
  readonly echo: Uint8Array;
  /** For the foreground group, in order. */
  readonly signals: readonly number[];
}

export class LineDiscipline {
  termios: Termios = cookedTermios();
  /** Output is held by ^S. */
  isStopped = false;
  readonly #ready: number[][] = [];
  /** Bytes of the first one that were read. */
  #taken = 0;
  #unread = 0;
  #line: number[] = [];
  #isLiteralNext = false;
  #echo: number[] = [];
  #signals: number[] = [];

  /** Bytes that a read could take now, 0 also for a waiting end of file. */
  get readyBytes(): number {
    return (
      this.#ready.reduce((sum, chunk) => sum + chunk.length, -this.#taken) + (this.#isCanonical ? 0 : this.#line.length)
    );
  }

  /** What was typed and waits to be read, until a read has the last of it; an end of file counts one. */
  get unreadBytes(): number {
    return this.#unread + (this.#isCanonical ? 0 : this.#line.length);
  }

  /** Whether a read returns at once. */
  get isReadable(): boolean {
    if (this.#ready.length > 0) return true;
    return !this.#isCanonical && this.#line.length >= Math.max(1, this.#character(VMIN));
  }

  /** Takes what was typed. */
  input(bytes: Uint8Array): Reaction {
    this.#echo = [];
    this.#signals = [];
    for (const byte of bytes) this.#receive(byte);
    return { echo: Uint8Array.from(this.#echo), signals: this.#signals };
  }

  /** Moves ready bytes to dst: at most one line in canonical mode. @returns the count; 0 is end of file. */
  read(dst: Uint8Array): number {
    if (this.#ready.length === 0) this.#endLine();
    const chunk = this.#ready[0] ?? [];
    const count = Math.min(chunk.length - this.#taken, dst.length);
    for (let i = 0; i < count; i++) dst[i] = chunk[this.#taken + i] ?? 0;
    this.#taken += count;
    if (this.#taken === chunk.length) {
      this.#ready.shift();
      this.#unread -= weightOf(chunk);
      this.#taken = 0;
    }
    return count;
  }

  /** Drops what was typed and not read. */
  flush(): void {
    this.#ready.length = this.#unread = this.#taken = 0;
    this.#line = [];
  }

  /** Output processing: newline becomes carriage return and newline. */
  output(bytes: Uint8Array): Uint8Array {
    const { outputFlags } = this.termios;
    if ((outputFlags & OPOST) === 0 || (outputFlags & (ONLCR | OCRNL)) === 0) return bytes;
    const cooked: number[] = [];
    for (const byte of bytes) {
      if (byte === LF && (outputFlags & ONLCR) !== 0) cooked.push(CR, LF);
      else if (byte === CR && (outputFlags & OCRNL) !== 0) cooked.push(LF);
      else cooked.push(byte);
    }
    return Uint8Array.from(cooked);
  }

  get #isCanonical(): boolean {
    return (this.termios.localFlags & ICANON) !== 0;
  }

  #has(localFlag: number): boolean {
    return (this.termios.localFlags & localFlag) !== 0;
  }

  #character(index: number): number {
    return this.termios.controlCharacters[index] ?? 0;
  }

  /** 0 (_POSIX_VDISABLE) means that the function is off. */
  #is(byte: number, index: number): boolean {
    return byte !== 0 && byte === this.#character(index);
  }

  #receive(raw: number): void {
    const byte = this.#translate(raw);
    if (byte === undefined) return;
    if (this.#isLiteralNext) {
      this.#isLiteralNext = false;
      this.#store(byte);
      return;
    }
    if (this.#flowControl(byte) || this.#raiseSignal(byte)) return;
    if (this.#isCanonical) this.#edit(byte);
    else this.#store(byte);
  }

  #translate(raw: number): number | undefined {
    const { inputFlags } = this.termios;
    const byte = (inputFlags & ISTRIP) !== 0 ? raw & 0x7f : raw;
    if (byte === CR) {
      if ((inputFlags & IGNCR) !== 0) return undefined;
      return (inputFlags & ICRNL) !== 0 ? LF : CR;
    }
    return byte === LF && (inputFlags & INLCR) !== 0 ? CR : byte;
  }

  #flowControl(byte: number): boolean {
    if ((this.termios.inputFlags & IXON) === 0) return false;
    if (this.#is(byte, VSTOP)) this.isStopped = true;
    else if (this.#is(byte, VSTART)) this.isStopped = false;
    else return false;
    return true;
  }

  #raiseSignal(byte: number): boolean {
    if (!this.#has(ISIG)) return false;
    const signal = this.#is(byte, VINTR)
      ? SIGINT
      : this.#is(byte, VQUIT)
        ? SIGQUIT
        : this.#is(byte, VSUSP)
          ? SIGTSTP
          : undefined;
    if (signal === undefined) return false;
    if (!this.#has(NOFLSH)) this.flush();
    if (this.#has(ECHO)) this.#echoByte(byte);
    this.#signals.push(signal);
    return true;
  }

  #edit(byte: number): void {
    if (this.#is(byte, VERASE)) this.#eraseCharacter();
    else if (this.#is(byte, VKILL)) this.#killLine();
    else if (this.#has(IEXTEN) && this.#is(byte, VWERASE)) this.#eraseWord();
    else if (this.#has(IEXTEN) && this.#is(byte, VLNEXT)) this.#isLiteralNext = true;
    else if (this.#has(IEXTEN) && this.#is(byte, VREPRINT)) this.#reprint(byte);
    else if (this.#is(byte, VEOF)) this.#endLine();
    else if (byte === LF) {
      if (this.#has(ECHO) || this.#has(ECHONL)) this.#echoRaw(LF);
      this.#line.push(LF);
      this.#endLine();
    } else {
      this.#store(byte);
      if (this.#is(byte, VEOL) || this.#is(byte, VEOL2)) this.#endLine();
    }
  }

  #store(byte: number): void {
    if (this.#line.length >= (this.#isCanonical ? LINE_BYTES - 1 : UNREAD_BYTES)) return;
    this.#line.push(byte);
    if (this.#has(ECHO)) this.#echoByte(byte);
  }

  #endLine(): void {
    if (this.#unread < UNREAD_BYTES) {
      this.#ready.push(this.#line);
      this.#unread += weightOf(this.#line);
    }
    this.#line = [];
  }

  #eraseCharacter(): void {
    // IUTF8: a character is its first byte and all continuation bytes.
    let byte = this.#line.pop();
    if (byte === undefined) return;
    const columns = byte < 32 && this.#has(ECHOCTL) && byte !== TAB ? 2 : 1;
    while (byte !== undefined && (byte & 0xc0) === 0x80) byte = this.#line.pop();
    if (!this.#has(ECHO)) return;
    if (!this.#has(ECHOE)) this.#echoByte(this.#character(VERASE));
    else for (let i = 0; i < columns; i++) this.#echo.push(...RUBOUT);
  }

  #eraseWord(): void {
    const isSpace = (): boolean => [32, TAB].includes(this.#line.at(-1) ?? -1);
    while (this.#line.length > 0 && isSpace()) this.#eraseCharacter();
    while (this.#line.length > 0 && !isSpace()) this.#eraseCharacter();
  }

  #killLine(): void {
    if (this.#has(ECHOKE) && this.#has(ECHOE)) {
      while (this.#line.length > 0) this.#eraseCharacter();
      return;
    }
    this.#line = [];
    if (!this.#has(ECHO)) return;
    this.#echoByte(this.#character(VKILL));
    if (this.#has(ECHOK)) this.#echoRaw(LF);
  }

  #reprint(byte: number): void {
    this.#echoByte(byte);
    this.#echoRaw(LF);
    for (const each of this.#line) this.#echoByte(each);
  }

  #echoByte(byte: number): void {
    const isControl = (byte < 32 && byte !== TAB && byte !== LF) || byte === 127;
    if (isControl && this.#has(ECHOCTL)) this.#echo.push(0x5e, byte ^ 0x40);
    else this.#echoRaw(byte);
  }

  #echoRaw(byte: number): void {
    this.#echo.push(...this.output(Uint8Array.of(byte)));
  }
}

function weightOf(chunk: readonly number[]): number {
  return Math.max(1, chunk.length);
}
