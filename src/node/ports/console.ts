/** The machine's console under Node. */
import { spawnSync } from 'node:child_process';
import type { Closable, ConsolePort, TerminalKind, TerminalSize } from '../../guest-kernel/index.ts';
import { writeFully } from './output.ts';

/** Nobody types; what the kernel says goes to stderr, so that stdout is the program's alone. */
export const quietConsole: ConsolePort = {
  write: (bytes) => void writeFully(2, bytes),
  onInput: () => ({ close: () => {} }),
  onResize: () => ({ close: () => {} }),
  size: () => ({ rows: 25, columns: 80 }),
};

/** The user's own terminal, raw: the guest's line discipline does the editing and makes signals of ^C and ^Z. */
export class TerminalConsole implements ConsolePort {
  readonly terminal = hostTerminal(process.env);

  constructor() {
    process.stdin.setRawMode(true);
    // Node's raw mode still makes a newline two characters, but the guest's programs count on one: that of "down".
    spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] });
    process.on('exit', () => this.close());
  }

  /** The terminal is as it was. */
  close(): void {
    process.stdin.setRawMode(false);
  }

  write(bytes: Uint8Array): void {
    writeFully(1, bytes);
  }

  onInput(listener: (bytes: Uint8Array) => void): Closable {
    const take = (chunk: Buffer): void => listener(new Uint8Array(chunk));
    process.stdin.on('data', take);
    return { close: () => void process.stdin.off('data', take) };
  }

  onResize(listener: (size: TerminalSize) => void): Closable {
    const tell = (): void => listener(this.size());
    process.stdout.on('resize', tell);
    return { close: () => void process.stdout.off('resize', tell) };
  }

  size(): TerminalSize {
    return { rows: process.stdout.rows || 25, columns: process.stdout.columns || 80 };
  }
}

/** What the host's programs are told; where the image has no description of it, what nearly every terminal is like. */
function hostTerminal({ TERM, COLORTERM }: NodeJS.ProcessEnv): TerminalKind {
  return {
    names: TERM === undefined || TERM === '' ? ['dumb'] : [TERM, 'xterm-256color'],
    variables: COLORTERM === undefined ? {} : { COLORTERM: Buffer.from(COLORTERM).toString('latin1') },
  };
}
