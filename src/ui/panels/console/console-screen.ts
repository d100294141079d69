/**
 * The terminal of the machine: one xterm for the life of the page, moved into whatever element the layout gives it,
 * so that nothing written is lost when panels come and go.
 */
import { FitAddon } from '@xterm/addon-fit';
import { Terminal, type ITheme } from '@xterm/xterm';
import type { MachineScreen } from '../../machine-store.ts';
import type { ConsoleAddons } from './console-addons.ts';

/** Lines kept above the screen. */
const SCROLLBACK_LINES = 10_000;

export interface ConsoleHandlers {
  onInput(bytes: Uint8Array): void;
  onResize(rows: number, columns: number): void;
}

export class ConsoleScreen implements MachineScreen {
  readonly terminal: Terminal;
  readonly #fit = new FitAddon();
  readonly #observer = new ResizeObserver(() => this.#refit());
  #isOpen = false;
  #addons: Promise<ConsoleAddons> | undefined;

  constructor() {
    this.terminal = new Terminal({
      scrollback: SCROLLBACK_LINES,
      allowProposedApi: true, // the unicode addon needs it
      fontFamily: getComputedStyle(document.documentElement).getPropertyValue('--font-mono').trim() || 'monospace',
      fontSize: 14,
      lineHeight: 1.25,
      cursorBlink: true,
      macOptionIsMeta: true,
      minimumContrastRatio: 4.5, // WCAG AA whatever colours a program picks
      theme: terminalTheme(),
    });
    this.terminal.loadAddon(this.#fit);
    this.terminal.attachCustomKeyEventHandler((event) => !belongsToPage(event));
  }

  get rows(): number {
    return this.terminal.rows;
  }

  get columns(): number {
    return this.terminal.cols;
  }

  connect(handlers: ConsoleHandlers): void {
    const encoder = new TextEncoder();
    this.terminal.onData((text) => handlers.onInput(encoder.encode(text)));
    this.terminal.onBinary((text) => handlers.onInput(Uint8Array.from(text, (char) => char.charCodeAt(0))));
    this.terminal.onResize(({ rows, cols }) => handlers.onResize(rows, cols));
    this.terminal.onBell(() => this.#flash());
  }

  write(bytes: Uint8Array, drawn: () => void): void {
    this.terminal.write(bytes, drawn);
  }

  /** Shows the terminal inside `parent`. @returns what takes it away again */
  attach(parent: HTMLElement): () => void {
    if (this.terminal.element === undefined) {
      this.terminal.open(parent);
      whenIdle(() => void this.#loadAddons());
    } else parent.append(this.terminal.element);
    this.#isOpen = true;
    this.#observer.observe(parent);
    this.#refit();
    return () => {
      this.#observer.disconnect();
      this.terminal.element?.remove();
    };
  }

  applyTheme(): void {
    this.terminal.options.theme = terminalTheme();
  }

  focus(): void {
    this.terminal.focus();
  }

  /** Everything above and on the screen as text: wrapped lines joined, blanks at their ends cut. */
  text(): string {
    const buffer = this.terminal.buffer.normal;
    const lines: string[] = [];
    for (let i = 0; i < buffer.length; i++) {
      const line = buffer.getLine(i);
      if (line === undefined) continue;
      const text = line.translateToString(!isContinued(buffer.getLine(i + 1)));
      if (line.isWrapped && lines.length > 0) lines[lines.length - 1] += text;
      else lines.push(text);
    }
    return lines.join('\n').trimEnd();
  }

  #refit(): void {
    if (this.#isOpen && this.terminal.element?.isConnected === true) this.#fit.fit();
  }

  #flash(): void {
    const element = this.terminal.element;
    if (element === undefined) return;
    element.classList.add('bell');
    setTimeout(() => element.classList.remove('bell'), 120);
  }

  /** @returns whether it was found */
  async search(text: string, direction: 'next' | 'previous'): Promise<boolean> {
    const addons = await this.#loadAddons();
    if (text === '') return true;
    return direction === 'next' ? addons.search.findNext(text) : addons.search.findPrevious(text);
  }

  /** Not needed for the first text, so they come after it. */
  #loadAddons(): Promise<ConsoleAddons> {
    this.#addons ??= import('./console-addons.ts').then(({ loadConsoleAddons }) => loadConsoleAddons(this.terminal));
    return this.#addons;
  }
}

/** Safari has no requestIdleCallback. */
function whenIdle(work: () => void): void {
  if ('requestIdleCallback' in window) window.requestIdleCallback(work, { timeout: 3_000 });
  else setTimeout(work, 500);
}

/** Keys that the page keeps for itself even while the terminal has the focus; docs/automation.md lists them. */
function belongsToPage(event: KeyboardEvent): boolean {
  if (event.key === 'F6') return true;
  if (event.altKey && !event.ctrlKey && !event.metaKey && /^Digit[1-9]$/.test(event.code)) return true;
  return event.ctrlKey && event.shiftKey && event.code === 'KeyF';
}

function isContinued(next: { readonly isWrapped: boolean } | undefined): boolean {
  return next?.isWrapped === true;
}

const ANSI = [
  'black',
  'red',
  'green',
  'yellow',
  'blue',
  'magenta',
  'cyan',
  'white',
  'brightBlack',
  'brightRed',
  'brightGreen',
  'brightYellow',
  'brightBlue',
  'brightMagenta',
  'brightCyan',
  'brightWhite',
] as const;

/** The colours of theme/tokens.css, resolved by an element, since the tokens stand for two themes. */
function terminalTheme(): ITheme {
  const probe = document.createElement('span');
  document.body.append(probe);
  const color = (name: string): string => {
    probe.style.color = `var(--term-${name})`;
    return getComputedStyle(probe).color;
  };
  const theme: Record<string, string> = {
    background: color('background'),
    foreground: color('foreground'),
    cursor: color('cursor'),
    cursorAccent: color('background'),
    selectionBackground: color('selection'),
  };
  for (const name of ANSI) theme[name] = color(name.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`));
  probe.remove();
  return theme;
}
