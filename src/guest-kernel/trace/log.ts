/** dmesg: a ring of the last 50 KiB that the kernel said (OSv's debug buffer). */
import { type ByteString, bytesFromUtf8, bytesOf, utf8FromBytes } from '../../emulator/util/bytes.ts';
import type { ClockPort } from '../ports.ts';
import type { KernelLog } from '../program/thread.ts';

const RING_BYTES = 50 * 1024;

export class DmesgLog implements KernelLog {
  readonly #clock: ClockPort;
  readonly #console: (bytes: Uint8Array) => void;
  readonly #lineEnd: string;
  #ring: ByteString = '';

  /** `console` gets whole lines, ended as a terminal wants them or as `lineEnd` says. */
  constructor(clock: ClockPort, console: (bytes: Uint8Array) => void, lineEnd = '\r\n') {
    this.#clock = clock;
    this.#console = console;
    this.#lineEnd = lineEnd;
  }

  info(line: string): void {
    const stamp = (this.#clock.monotonicNs() / 1e9).toFixed(6).padStart(12);
    const text = bytesFromUtf8(`[${stamp}] ${line}\n`);
    this.#ring = (this.#ring + text).slice(-RING_BYTES);
  }

  notice(line: string): void {
    this.info(line);
    this.#console(bytesOf(bytesFromUtf8(line.replaceAll('\n', this.#lineEnd) + this.#lineEnd)));
  }

  text(): string {
    return utf8FromBytes(this.#ring);
  }
}
