/** Terminals: asm-generic/termbits.h and ioctls.h; struct termios as the kernel has it (36 bytes, 19 control characters). */
export const ISTRIP = 0x20;
export const INLCR = 0x40;
export const IGNCR = 0x80;
export const ICRNL = 0x100;
export const IXON = 0x400;
const IUTF8 = 0x4000;

export const OPOST = 0x1;
export const ONLCR = 0x4;
export const OCRNL = 0x8;

export const ISIG = 0x1;
export const ICANON = 0x2;
export const ECHO = 0x8;
export const ECHOE = 0x10;
export const ECHOK = 0x20;
export const ECHONL = 0x40;
export const NOFLSH = 0x80;
export const TOSTOP = 0x100;
export const ECHOCTL = 0x200;
export const ECHOKE = 0x800;
export const IEXTEN = 0x8000;

/** Indices into c_cc. */
export const VINTR = 0;
export const VQUIT = 1;
export const VERASE = 2;
export const VKILL = 3;
export const VEOF = 4;
export const VTIME = 5;
export const VMIN = 6;
export const VSTART = 8;
export const VSTOP = 9;
export const VSUSP = 10;
export const VEOL = 11;
export const VREPRINT = 12;
export const VWERASE = 14;
export const VLNEXT = 15;
export const VEOL2 = 16;

export const TCGETS = 0x5401;
export const TCSETS = 0x5402;
export const TCSETSW = 0x5403;
export const TCSETSF = 0x5404;
export const TCSBRK = 0x5409;
export const TCXONC = 0x540a;
export const TCFLSH = 0x540b;
export const TCIFLUSH = 0;
export const TCOFLUSH = 1;
export const TCIOFLUSH = 2;
export const TIOCEXCL = 0x540c;
export const TIOCNXCL = 0x540d;
export const TIOCSCTTY = 0x540e;
export const TIOCGPGRP = 0x540f;
export const TIOCSPGRP = 0x5410;
export const TIOCOUTQ = 0x5411;
export const TIOCGWINSZ = 0x5413;
export const TIOCSWINSZ = 0x5414;
export const FIONREAD = 0x541b;
export const TIOCNOTTY = 0x5422;
export const TCSBRKP = 0x5425;
export const TIOCGSID = 0x5429;
// Pseudo-terminals
export const TIOCPKT = 0x5420;
export const TIOCGPKT = 0x8004_5438;
export const TIOCGPTN = 0x8004_5430;
export const TIOCSPTLCK = 0x4004_5431;
export const TIOCSIG = 0x4004_5436;
export const TIOCGPTLCK = 0x8004_5439;
export const TIOCGPTPEER = 0x5441;

export const TERMIOS_BYTES = 36;
const CC_COUNT = 19;

export interface Termios {
  inputFlags: number;
  outputFlags: number;
  controlFlags: number;
  localFlags: number;
  line: number;
  readonly controlCharacters: Uint8Array;
}

/** A fresh terminal: drivers/tty/tty_io.c:tty_std_termios. */
export function cookedTermios(): Termios {
  // ^C ^\ DEL ^U ^D, time 0, min 1, swtc 0, ^Q ^S ^Z, eol 0, ^R ^O ^W ^V, eol2 0
  const characters = [3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0];
  return {
    inputFlags: ICRNL | IXON | IUTF8,
    outputFlags: OPOST | ONLCR,
    controlFlags: 0xbf, // B38400 | CS8 | CREAD
    localFlags: ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
    line: 0,
    controlCharacters: Uint8Array.from(characters),
  };
}

/** cfmakeraw(3). */
export function rawTermios(): Termios {
  return { ...cookedTermios(), inputFlags: IUTF8, outputFlags: 0, localFlags: 0 };
}

export function encodeTermios(termios: Termios, dst: Uint8Array): void {
  const view = new DataView(dst.buffer, dst.byteOffset, TERMIOS_BYTES);
  view.setUint32(0, termios.inputFlags, true);
  view.setUint32(4, termios.outputFlags, true);
  view.setUint32(8, termios.controlFlags, true);
  view.setUint32(12, termios.localFlags, true);
  dst[16] = termios.line;
  dst.set(termios.controlCharacters, 17);
}

export function decodeTermios(src: Uint8Array): Termios {
  const view = new DataView(src.buffer, src.byteOffset, TERMIOS_BYTES);
  return {
    inputFlags: view.getUint32(0, true),
    outputFlags: view.getUint32(4, true),
    controlFlags: view.getUint32(8, true),
    localFlags: view.getUint32(12, true),
    line: src[16] ?? 0,
    controlCharacters: src.slice(17, 17 + CC_COUNT),
  };
}
