/**
 * The machine's console towards the page: gathers the output of a slice into one message and keeps to the window of
 * protocol/console-stream.ts.
 */
import type { ConsolePort, TerminalKind, TerminalSize } from '../../guest-kernel/index.ts';
import { CONSOLE_WINDOW_BYTES, type ConsoleToPage, type ConsoleToWorker } from '../protocol/console-stream.ts';

/** xterm draws a message in one go if it is small: 16 KiB take it about a millisecond. */
const MESSAGE_BYTES = 16 * 1024;

/** What xterm.js is, and says of itself. It shows UTF-8. */
const XTERM: TerminalKind = {
  names: ['xterm-256color'],
  variables: { COLORTERM: 'truecolor', LANG: 'C.UTF-8' },
};

export class ConsoleBridge implements ConsolePort {
  readonly terminal = XTERM;
  readonly #page: MessagePort;
  readonly #onRoom: () => void;
  readonly #inputListeners = new Set<(bytes: Uint8Array) => void>();
  readonly #resizeListeners = new Set<(size: TerminalSize) => void>();
  #size: TerminalSize;
  /** Written by the kernel, not yet sent. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** Sent, not yet drawn. */
  #undrawnBytes = 0;
  #totalBytes = 0;

  /** @param onRoom called when the console takes output again after `isFull`, and after input */
  constructor(page: MessagePort, size: TerminalSize, onRoom: () => void) {
    this.#page = page;
    this.#size = size;
    this.#onRoom = onRoom;
    page.addEventListener('message', (event: MessageEvent<ConsoleToWorker>) => this.#receive(event.data));
    page.start();
  }

  /** More waits than the page may have undrawn: the machine rests. */
  get isFull(): boolean {
    return this.#waitingBytes > 0 && this.#undrawnBytes >= CONSOLE_WINDOW_BYTES;
  }

  /** All that was written stands on the screen. */
  get isDrawn(): boolean {
    return this.#waitingBytes === 0 && this.#undrawnBytes === 0;
  }

  get totalBytes(): number {
    return this.#totalBytes;
  }

  write(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#waiting.push(bytes.slice());
    this.#waitingBytes += bytes.length;
    this.#totalBytes += bytes.length;
  }

  onInput(listener: (bytes: Uint8Array) => void): { close(): void } {
    this.#inputListeners.add(listener);
    return { close: () => this.#inputListeners.delete(listener) };
  }

  onResize(listener: (size: TerminalSize) => void): { close(): void } {
    this.#resizeListeners.add(listener);
    return { close: () => this.#resizeListeners.delete(listener) };
  }

  size(): TerminalSize {
    return this.#size;
  }

  /** Sends what waits, as far as the window allows. */
  flush(): void {
    while (this.#waitingBytes > 0 && this.#undrawnBytes < CONSOLE_WINDOW_BYTES) {
      const bytes = this.#takeWaiting(Math.min(MESSAGE_BYTES, CONSOLE_WINDOW_BYTES - this.#undrawnBytes));
      this.#undrawnBytes += bytes.length;
      this.#page.postMessage({ kind: 'output', bytes } satisfies ConsoleToPage, [bytes.buffer]);
    }
  }

  /** @returns the oldest waiting bytes, 1 to `most` */
  #takeWaiting(most: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(Math.min(most, this.#waitingBytes));
    let filled = 0;
    let used = 0;
    for (const piece of this.#waiting) {
      const part = piece.subarray(0, bytes.length - filled);
      bytes.set(part, filled);
      filled += part.length;
      if (part.length < piece.length) {
        this.#waiting[used] = piece.subarray(part.length);
        break;
      }
      used++;
    }
    this.#waiting.splice(0, used);
    this.#waitingBytes -= filled;
    return bytes;
  }

  #receive(message: ConsoleToWorker): void {
    switch (message.kind) {
      case 'input':
        for (const listener of this.#inputListeners) listener(message.bytes);
        break;
      case 'resize':
        this.#size = { rows: message.rows, columns: message.columns };
        for (const listener of this.#resizeListeners) listener(this.#size);
        break;
      case 'drawn':
        this.#undrawnBytes -= message.bytes;
        this.flush();
        break;
    }
    this.#onRoom();
  }
}
