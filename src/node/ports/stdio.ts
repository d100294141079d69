/** The host's standard streams as those of a program in the guest. */
import type { HostStdio } from '../../guest-kernel/index.ts';
import { writeFully } from './output.ts';

export class ProcessStdio implements HostStdio {
  #isAtEnd = false;

  // process.stdin is touched only here, so a program that reads nothing takes nothing from the host's pipe.
  readInput(_maxBytes: number, done: (bytes: Uint8Array<ArrayBuffer>) => void): void {
    const { stdin } = process;
    let isDone = false;
    const take = (): void => {
      const chunk = isDone ? null : (stdin.read() as Buffer | null);
      if (chunk !== null) finish(new Uint8Array(chunk));
      else if (this.#isAtEnd || stdin.readableEnded) end();
    };
    const end = (): void => {
      this.#isAtEnd = true;
      finish(new Uint8Array(0));
    };
    const finish = (bytes: Uint8Array<ArrayBuffer>): void => {
      if (isDone) return;
      isDone = true;
      for (const [event, listener] of listeners) stdin.off(event, listener);
      done(bytes);
    };
    const listeners = [
      ['readable', take],
      ['end', end],
      ['error', end],
    ] as const;
    for (const [event, listener] of listeners) stdin.on(event, listener);
    setImmediate(take);
  }

  writeOutput(stream: 'stdout' | 'stderr', bytes: Uint8Array): boolean {
    return writeFully(stream === 'stdout' ? 1 : 2, bytes);
  }
}
