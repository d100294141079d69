/** Ports of a machine in a test: a clock that moves when told, a console that keeps its text, no disk. */
import { byteStringFrom, bytesOf } from '../../emulator/util/bytes.ts';
import type { BlockPort, KernelPorts, TerminalKind, TerminalSize } from '../ports.ts';

export class FakeClock {
  nowNs = 0;
  /** What a glance at the clock costs, so that loops end. */
  stepNs = 1_000;
  monotonicNs(): number {
    return (this.nowNs += this.stepNs);
  }
  realtimeNs(): bigint {
    return 1_700_000_000_000_000_000n + BigInt(this.nowNs);
  }
}

export class FakeConsole {
  text = '';
  terminalSize: TerminalSize = { rows: 24, columns: 80 };
  terminal?: TerminalKind;
  readonly #inputs = new Set<(bytes: Uint8Array) => void>();
  readonly #resizes = new Set<(size: TerminalSize) => void>();
  write(bytes: Uint8Array): void {
    this.text += byteStringFrom(bytes);
  }
  onInput(listener: (bytes: Uint8Array) => void): { close(): void } {
    this.#inputs.add(listener);
    return { close: () => this.#inputs.delete(listener) };
  }
  onResize(listener: (size: TerminalSize) => void): { close(): void } {
    this.#resizes.add(listener);
    return { close: () => this.#resizes.delete(listener) };
  }
  size(): TerminalSize {
    return this.terminalSize;
  }
  type(text: string): void {
    for (const listener of this.#inputs) listener(bytesOf(text));
  }
  resize(size: TerminalSize): void {
    this.terminalSize = size;
    for (const listener of this.#resizes) listener(size);
  }
}

const EMPTY_DISK: BlockPort = {
  blockCount: 0,
  isReadOnly: true,
  readNow: () => undefined,
  fetch: (_blocks, done) => done(),
  commit: (_blocks, done) => done(),
};

export interface FakePorts extends KernelPorts {
  readonly clock: FakeClock;
  readonly console: FakeConsole;
  readonly halts: string[];
}

export function fakePorts(): FakePorts {
  let seed = 1;
  const halts: string[] = [];
  return {
    clock: new FakeClock(),
    console: new FakeConsole(),
    disk: EMPTY_DISK,
    // A linear congruential generator (Knuth's MMIX would need 64 bits; Numerical Recipes' 32-bit one does).
    entropy: {
      fill(dst) {
        for (let i = 0; i < dst.length; i++) {
          seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
          dst[i] = seed >>> 24;
        }
      },
    },
    power: { onHalt: (reason, report) => halts.push(`${reason} ${report}`) },
    halts,
  };
}
