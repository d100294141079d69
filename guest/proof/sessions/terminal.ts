/**
 * A person at a terminal, for tests: a command on a pseudo-terminal of the host (util-linux's `script`), a terminal
 * emulator that shows what it draws and answers what it asks, keys that are typed.
 */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import headless from '@xterm/headless';

export const ROWS = 24;
export const COLUMNS = 80;

const POLL_MS = 20;

export class TerminalSession {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #folder = mkdtempSync(join(tmpdir(), 'osv-terminal-'));
  readonly #ttyFile = join(this.#folder, 'tty');
  readonly #terminal = new headless.Terminal({ rows: ROWS, cols: COLUMNS, allowProposedApi: true });
  #lastOutputMs = performance.now();
  #isEnded = false;

  constructor(command: readonly string[]) {
    const quoted = command.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
    const sized = `tty >'${this.#ttyFile}'; stty rows ${ROWS} cols ${COLUMNS}; exec ${quoted}`;
    const env = { ...process.env, TERM: 'xterm-256color' };
    this.#child = spawn('script', ['-q', '-e', '-c', sized, '/dev/null'], { env });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream.on('data', (bytes: Buffer) => this.#take(bytes));
    this.#child.stdin.on('error', () => {}); // it has ended
    this.#child.on('close', () => (this.#isEnded = true));
    this.#terminal.onData((answer) => this.type(answer));
  }

  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  /** The window changes, and the programs hear of it. */
  resize(rows: number, columns: number): void {
    this.#terminal.resize(columns, rows);
    const tty = readFileSync(this.#ttyFile, 'utf8').trim();
    spawnSync('stty', ['-F', tty, 'rows', String(rows), 'cols', String(columns)]);
    this.#lastOutputMs = performance.now();
  }

  /** What is seen: lines without blanks at their ends, and where the cursor stands. */
  screen(): string {
    const { active } = this.#terminal.buffer;
    const lines = Array.from(
      { length: this.#terminal.rows },
      (_, i) => active.getLine(active.viewportY + i)?.translateToString(true) ?? '',
    );
    return `${lines.join('\n').trimEnd()}\n(cursor ${active.cursorY}, ${active.cursorX}${this.#isEnded ? ', ended' : ''})`;
  }

  /** Waits until `isGood` of the screen, which then stands still for `quietMs`. @returns the last screen, good or not */
  async waitFor(isGood: (screen: string) => boolean, quietMs: number, timeoutMs: number): Promise<string> {
    const endMs = performance.now() + timeoutMs;
    while (performance.now() < endMs) {
      const isQuiet = performance.now() - this.#lastOutputMs >= quietMs;
      if (isQuiet && isGood(this.screen())) return this.screen();
      if (this.#isEnded && isQuiet) return this.screen();
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return this.screen();
  }

  close(): void {
    this.#child.stdin.destroy();
    this.#child.kill('SIGKILL');
    this.#terminal.dispose();
    rmSync(this.#folder, { recursive: true });
  }

  #take(bytes: Buffer): void {
    this.#lastOutputMs = performance.now();
    this.#terminal.write(bytes);
  }
}
