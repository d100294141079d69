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
/** Without lines Linux has the keyboard wait when 4 KiB are unread; here what was pasted waits, up to this. */
const RAW_BYTES = 1 << 20;

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
  #line: number[] = [];
  #isLiteralNext = false;
  #echo: number[] = [];
  #signals: number[] = [];

  /** Bytes that a read could take now, 0 also for a waiting end of file. */
  get readyBytes(): number {
    return this.#ready.reduce((sum, chunk) => sum + chunk.length, 0) + (this.#isCanonical ? 0 : this.#line.length);
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
    let chunk = this.#ready.shift();
    if (chunk === undefined) {
      chunk = this.#line;
      this.#line = [];
    }
    const count = Math.min(chunk.length, dst.length);
    dst.set(chunk.slice(0, count));
    if (count < chunk.length) this.#ready.unshift(chunk.slice(count));
    return count;
  }

  /** Drops what was typed and not read. */
  flush(): void {
    this.#ready.length = 0;
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
    if (this.#line.length >= (this.#isCanonical ? LINE_BYTES - 1 : RAW_BYTES)) return;
    this.#line.push(byte);
    if (this.#has(ECHO)) this.#echoByte(byte);
  }

  #endLine(): void {
    this.#ready.push(this.#line);
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
