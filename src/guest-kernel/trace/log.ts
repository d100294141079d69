/** dmesg: a ring of the last 50 KiB that the kernel said (OSv's debug buffer). */
import { type ByteString, bytesFromUtf8, bytesOf, utf8FromBytes } from '../../emulator/util/bytes.ts';
import type { ClockPort } from '../ports.ts';
import type { KernelLog } from '../program/thread.ts';
import { WaitQueue } from '../program/wait-queue.ts';

const RING_BYTES = 50 * 1024;
/** Of syslog(2): KERN_INFO. */
const LEVEL = '<6>';

export class DmesgLog implements KernelLog {
  readonly sizeBytes = RING_BYTES;
  /** Woken with every line. */
  readonly written = new WaitQueue();
  readonly #clock: ClockPort;
  readonly #console: (bytes: Uint8Array) => void;
  readonly #lineEnd: string;
  #ring: ByteString = '';
  /** As syslog(2) gives them: what nobody has read yet, and how much of the ring was there at the last clearing. */
  #unread: ByteString = '';
  #cleared = 0;

  /** `console` gets whole lines, ended as a terminal wants them or as `lineEnd` says. */
  constructor(clock: ClockPort, console: (bytes: Uint8Array) => void, lineEnd = '\r\n') {
    this.#clock = clock;
    this.#console = console;
    this.#lineEnd = lineEnd;
  }

  info(line: string): void {
    const stamp = (this.#clock.monotonicNs() / 1e9).toFixed(6).padStart(12);
    const text = bytesFromUtf8(`[${stamp}] ${line}\n`);
    const whole = this.#ring + text;
    this.#ring = whole.slice(-RING_BYTES);
    this.#cleared = Math.max(0, this.#cleared - (whole.length - this.#ring.length));
    this.#unread = (this.#unread + withLevels(text)).slice(-RING_BYTES);
    this.written.wake();
  }

  notice(line: string): void {
    this.info(line);
    this.#console(bytesOf(bytesFromUtf8(line.replaceAll('\n', this.#lineEnd) + this.#lineEnd)));
  }

  text(): string {
    return utf8FromBytes(this.#ring);
  }

  /** What came since it was cleared, each line with its level. */
  records(): ByteString {
    return withLevels(this.#ring.slice(this.#cleared));
  }

  clear(): void {
    this.#cleared = this.#ring.length;
  }

  unread(): ByteString {
    return this.#unread;
  }

  markRead(count: number): void {
    this.#unread = this.#unread.slice(count);
  }
}

function withLevels(lines: ByteString): ByteString {
  return lines.replaceAll(/^(?=.)/gm, LEVEL);
}
