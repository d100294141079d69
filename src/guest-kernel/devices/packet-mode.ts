/**
 * Packet mode of the master of a pseudo-terminal (ioctl_tty(2) TIOCPKT; Linux drivers/tty/pty.c): each read begins with
 * a byte, TIOCPKT_DATA before what the slave wrote, or alone what happened at the slave.
 */
import { IXON, type Termios, VSTART, VSTOP } from '../abi/termios.ts';

export const TIOCPKT_DATA = 0;
export const TIOCPKT_FLUSHREAD = 1;
export const TIOCPKT_FLUSHWRITE = 2;
const TIOCPKT_STOP = 4;
const TIOCPKT_START = 8;
const TIOCPKT_NOSTOP = 16;
const TIOCPKT_DOSTOP = 32;

export class PacketMode {
  #isOn = false;
  #status = 0;

  get isOn(): boolean {
    return this.#isOn;
  }

  set isOn(isOn: boolean) {
    if (isOn && !this.#isOn) this.#status = 0;
    this.#isOn = isOn;
  }

  /** Something happened that the master has not read. */
  get isTold(): boolean {
    return this.#isOn && this.#status !== 0;
  }

  /** The status byte, which is then read. */
  take(): number {
    const status = this.#status;
    this.#status = 0;
    return status;
  }

  /** `bits` happened; each undoes its opposite. */
  tell(bits: number, opposite = 0): void {
    if (this.#isOn) this.#status = (this.#status & ~opposite) | bits;
  }

  tellStopped(isStopped: boolean): void {
    if (isStopped) this.tell(TIOCPKT_STOP, TIOCPKT_START);
    else this.tell(TIOCPKT_START, TIOCPKT_STOP);
  }

  /** Whether ^S and ^Q are to be handled at the far end. */
  tellSettings(before: Termios, after: Termios): void {
    if (hasFlow(before) === hasFlow(after)) return;
    if (hasFlow(after)) this.tell(TIOCPKT_DOSTOP, TIOCPKT_NOSTOP);
    else this.tell(TIOCPKT_NOSTOP, TIOCPKT_DOSTOP);
  }
}

function hasFlow({ inputFlags, controlCharacters }: Termios): boolean {
  return (inputFlags & IXON) !== 0 && controlCharacters[VSTOP] === 19 && controlCharacters[VSTART] === 17;
}
