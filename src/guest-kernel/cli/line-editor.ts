/**
 * Emacs-like line editing for a terminal in raw mode, as a state machine: characters in, text for the terminal out.
 *
 *   const editor = new LineEditor({ prompt: '/# ', columns: 80, history });
 *   write(editor.start()); for each char: { output, event } = editor.key(char)
 *
 * Keys: ^A ^E ^B ^F and arrows move; M-b M-f by word; ^P ^N and arrows go through the history; ^R searches it;
 * ^D ^H ^K ^U ^W M-d delete; ^Y yanks; ^T swaps; ^L clears the screen; TAB completes; ^C gives the line up.
 */
import { textWidth, widthOf } from './character-width.ts';

export type EditorEvent =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'cancel' }
  /** ^D on an empty line. */
  | { readonly kind: 'end' }
  /** TAB: the caller finds candidates for the text before the cursor and calls `complete`. */
  | { readonly kind: 'complete'; readonly before: string };

export interface KeyResult {
  readonly output: string;
  readonly event?: EditorEvent;
}

export interface Completion {
  /** How many chars before the cursor are replaced. */
  readonly replacedChars: number;
  readonly candidates: readonly string[];
  /** What each candidate shows as, in the same order; absent: itself. */
  readonly labels?: readonly string[];
}

interface Search {
  readonly pattern: string;
  /** Index in the history of the line found, and what was there before the search. */
  readonly at: number;
  readonly kept: readonly string[];
}

const ESC = '\x1b';

export class LineEditor {
  readonly #prompt: string;
  readonly #columns: number;
  readonly #history: readonly string[];
  /** The line, one entry per character. */
  #chars: string[] = [];
  #cursor = 0;
  /** Index in the history; its length means the new line, kept in #draft meanwhile. */
  #historyAt: number;
  #draft: string[] = [];
  #killed: string[] = [];
  #search: Search | undefined;
  /** An escape sequence that is not complete. */
  #escape = '';
  /** Row of the cursor within the drawn text. */
  #cursorRow = 0;
  #tabs = 0;

  constructor(options: { prompt: string; columns: number; history: readonly string[] }) {
    this.#prompt = options.prompt;
    this.#columns = Math.max(options.columns, 8);
    this.#history = options.history;
    this.#historyAt = options.history.length;
  }

  get text(): string {
    return this.#chars.join('');
  }

  start(): string {
    this.#cursorRow = 0;
    return this.#draw();
  }

  /** Takes the line off the screen, so that something else can be written there; `start` brings it back. */
  hide(): string {
    const up = this.#cursorRow > 0 ? `${ESC}[${this.#cursorRow}A` : '';
    this.#cursorRow = 0;
    return `${up}\r${ESC}[J`;
  }

  /** One character (a code point) of input. */
  key(char: string): KeyResult {
    if (char !== '\t') this.#tabs = 0;
    if (this.#escape !== '' || char === ESC) return this.#escapeKey(char);
    if (this.#search !== undefined) return this.#searchKey(this.#search, char);
    const action = CONTROLS[char];
    if (action !== undefined) return this.#act(action);
    if (char < ' ' || char === '\x7f') return { output: '' };
    return this.#insert([char]);
  }

  /** Answer to a `complete` event. */
  complete({ replacedChars, candidates, labels = candidates }: Completion): string {
    const [only] = candidates;
    if (only === undefined) return '\x07';
    const common = commonPrefix(candidates);
    const text = candidates.length === 1 ? only : common;
    const before = this.#chars.slice(this.#cursor - replacedChars, this.#cursor).join('');
    if (text.length > before.length || (candidates.length === 1 && text !== before)) {
      this.#chars.splice(this.#cursor - replacedChars, replacedChars, ...Array.from(text));
      this.#cursor += Array.from(text).length - replacedChars;
      return this.#draw();
    }
    if (this.#tabs < 2) return '\x07';
    const list = `\r\n${inColumns(labels, this.#columns).replaceAll('\n', '\r\n')}`;
    const end = this.#toEnd();
    this.#cursorRow = 0;
    return end + list + this.#draw();
  }

  #act(action: Action): KeyResult {
    switch (action) {
      case 'accept': {
        const output = `${this.#toEnd()}\r\n`;
        return { output, event: { kind: 'line', text: this.text } };
      }
      case 'cancel':
        return { output: `${this.#toEnd()}^C\r\n`, event: { kind: 'cancel' } };
      case 'end-or-delete':
        if (this.#chars.length === 0) return { output: '\r\n', event: { kind: 'end' } };
        return this.#delete(this.#cursor, Math.min(this.#cursor + 1, this.#chars.length));
      case 'complete':
        this.#tabs++;
        return { output: '', event: { kind: 'complete', before: this.#chars.slice(0, this.#cursor).join('') } };
      case 'clear-screen':
        this.#cursorRow = 0;
        return { output: `${ESC}[H${ESC}[2J${this.#draw()}` };
      case 'search':
        this.#search = { pattern: '', at: this.#history.length, kept: this.#chars };
        return { output: this.#draw() };
      case 'yank':
        return this.#insert(this.#killed);
      case 'swap':
        return this.#swap();
      case 'previous':
        return this.#toHistory(this.#historyAt - 1);
      case 'next':
        return this.#toHistory(this.#historyAt + 1);
      default:
        return this.#moveOrKill(action);
    }
  }

  #moveOrKill(action: Move | Kill): KeyResult {
    const length = this.#chars.length;
    switch (action) {
      case 'start':
        return this.#move(0);
      case 'finish':
        return this.#move(length);
      case 'left':
        return this.#move(Math.max(0, this.#cursor - 1));
      case 'right':
        return this.#move(Math.min(length, this.#cursor + 1));
      case 'word-left':
        return this.#move(this.#wordStart());
      case 'word-right':
        return this.#move(this.#wordEnd());
      case 'backspace':
        return this.#delete(Math.max(0, this.#cursor - 1), this.#cursor);
      case 'delete':
        return this.#delete(this.#cursor, Math.min(length, this.#cursor + 1));
      case 'kill-end':
        return this.#kill(this.#cursor, length);
      case 'kill-start':
        return this.#kill(0, this.#cursor);
      case 'kill-word-left':
        return this.#kill(this.#blankWordStart(), this.#cursor);
      case 'kill-word-right':
        return this.#kill(this.#cursor, this.#wordEnd());
      default: // kill-alnum-left
        return this.#kill(this.#wordStart(), this.#cursor);
    }
  }

  #insert(chars: readonly string[]): KeyResult {
    const isAtEnd = this.#cursor === this.#chars.length && this.#search === undefined;
    const { row, column } = this.#cellOf(this.#cursor);
    this.#chars.splice(this.#cursor, 0, ...chars);
    this.#cursor += chars.length;
    const after = this.#cellOf(this.#cursor);
    // The usual case, typing at the end of a row that has room, needs no more than the characters themselves.
    if (isAtEnd && after.row === row && after.column > column) return { output: chars.join('') };
    return { output: this.#draw() };
  }

  #move(to: number): KeyResult {
    this.#cursor = to;
    return { output: this.#draw() };
  }

  #delete(from: number, to: number): KeyResult {
    if (from === to) return { output: '\x07' };
    this.#chars.splice(from, to - from);
    this.#cursor = from;
    return { output: this.#draw() };
  }

  #kill(from: number, to: number): KeyResult {
    if (from < to) this.#killed = this.#chars.slice(from, to);
    return this.#delete(from, to);
  }

  /** ^T as readline: swaps the two characters before the cursor at the end of the line, else those around it. */
  #swap(): KeyResult {
    const right = Math.min(this.#cursor, this.#chars.length - 1);
    if (right < 1) return { output: '\x07' };
    const [a = '', b = ''] = this.#chars.slice(right - 1, right + 1);
    this.#chars.splice(right - 1, 2, b, a);
    this.#cursor = right + 1;
    return { output: this.#draw() };
  }

  #toHistory(at: number): KeyResult {
    if (at < 0 || at > this.#history.length) return { output: '\x07' };
    if (this.#historyAt === this.#history.length) this.#draft = this.#chars;
    this.#historyAt = at;
    this.#chars = at === this.#history.length ? this.#draft : Array.from(this.#history[at] ?? '');
    this.#cursor = this.#chars.length;
    return { output: this.#draw() };
  }

  #escapeKey(char: string): KeyResult {
    this.#escape += char;
    const sequence = this.#escape;
    // ESC alone, ESC [ and ESC O wait for more; a CSI ends with a byte from @ to ~ (ECMA-48 5.4).
    if (/^(?:\[[0-9;]*|O)?$/.test(sequence.slice(1))) return { output: '' };
    this.#escape = '';
    this.#search = undefined;
    const action = ESCAPES[sequence.slice(1)];
    return action === undefined ? { output: this.#draw() } : this.#act(action);
  }

  #searchKey(search: Search, char: string): KeyResult {
    if (char === '\x12') return this.#searchFrom(search, search.pattern, search.at - 1);
    if (char === '\x7f' || char === '\b') {
      return this.#searchFrom(search, Array.from(search.pattern).slice(0, -1).join(''), this.#history.length - 1);
    }
    if (char >= ' ')
      return this.#searchFrom(search, search.pattern + char, Math.min(search.at, this.#history.length - 1));
    this.#search = undefined;
    if (char === '\x03' || char === '\x07') {
      this.#chars = [...search.kept];
      this.#cursor = this.#chars.length;
      return { output: this.#draw() };
    }
    const redrawn = this.#draw();
    const { output, event } = this.key(char);
    return { output: redrawn + output, ...(event && { event }) };
  }

  #searchFrom(search: Search, pattern: string, from: number): KeyResult {
    const found = pattern === '' ? -1 : this.#history.findLastIndex((line, i) => i <= from && line.includes(pattern));
    if (found < 0 && pattern !== '') {
      return { output: '\x07' };
    }
    this.#search = { ...search, pattern, at: found < 0 ? this.#history.length : found };
    this.#chars = found < 0 ? [...search.kept] : Array.from(this.#history[found] ?? '');
    this.#historyAt = found < 0 ? this.#history.length : found;
    this.#cursor = this.#chars.length;
    return { output: this.#draw() };
  }

  #wordStart(): number {
    let at = this.#cursor;
    while (at > 0 && !isWordChar(this.#chars[at - 1])) at--;
    while (at > 0 && isWordChar(this.#chars[at - 1])) at--;
    return at;
  }

  #wordEnd(): number {
    let at = this.#cursor;
    while (at < this.#chars.length && !isWordChar(this.#chars[at])) at++;
    while (at < this.#chars.length && isWordChar(this.#chars[at])) at++;
    return at;
  }

  /** ^W takes everything back to a blank. */
  #blankWordStart(): number {
    let at = this.#cursor;
    while (at > 0 && this.#chars[at - 1] === ' ') at--;
    while (at > 0 && this.#chars[at - 1] !== ' ') at--;
    return at;
  }

  get #shownPrompt(): string {
    return this.#search === undefined ? this.#prompt : `(reverse-i-search)\`${this.#search.pattern}': `;
  }

  /** Cell of the character at `index`, rows counted from the prompt's. */
  #cellOf(index: number): { row: number; column: number } {
    let row = 0;
    let column = 0;
    for (const char of Array.from(this.#shownPrompt).concat(this.#chars.slice(0, index))) {
      const width = widthOf(char);
      if (column + width > this.#columns) {
        row++;
        column = 0;
      }
      column += width;
    }
    return column === this.#columns ? { row: row + 1, column: 0 } : { row, column };
  }

  /** Moves below what is drawn, for output to follow. */
  #toEnd(): string {
    const down = this.#cellOf(this.#chars.length).row - this.#cursorRow;
    this.#cursorRow += down;
    return down > 0 ? `${ESC}[${down}B` : '';
  }

  // Everything is drawn again from the prompt on: lines are short, and the terminal does not flicker.
  #draw(): string {
    const up = this.#cursorRow > 0 ? `${ESC}[${this.#cursorRow}A` : '';
    const end = this.#cellOf(this.#chars.length);
    const cursor = this.#cellOf(this.#cursor);
    // A full last row leaves the terminal's cursor pending at its edge: a line end makes it certain.
    const wrap = end.column === 0 && end.row > 0 ? '\r\n' : '';
    const back = end.row > cursor.row ? `${ESC}[${end.row - cursor.row}A` : '';
    const right = cursor.column > 0 ? `${ESC}[${cursor.column}C` : '';
    this.#cursorRow = cursor.row;
    return `${up}\r${ESC}[J${this.#shownPrompt}${this.text}${wrap}${back}\r${right}`;
  }
}

type Move = 'start' | 'finish' | 'left' | 'right' | 'word-left' | 'word-right';
type Kill =
  | 'backspace'
  | 'delete'
  | 'kill-end'
  | 'kill-start'
  | 'kill-word-left'
  | 'kill-word-right'
  | 'kill-alnum-left';
type Action =
  | Move
  | Kill
  | 'accept'
  | 'cancel'
  | 'end-or-delete'
  | 'complete'
  | 'clear-screen'
  | 'search'
  | 'yank'
  | 'swap'
  | 'previous'
  | 'next';

const CONTROLS: Readonly<Record<string, Action>> = {
  '\x01': 'start',
  '\x02': 'left',
  '\x03': 'cancel',
  '\x04': 'end-or-delete',
  '\x05': 'finish',
  '\x06': 'right',
  '\b': 'backspace',
  '\t': 'complete',
  '\n': 'accept',
  '\x0b': 'kill-end',
  '\x0c': 'clear-screen',
  '\r': 'accept',
  '\x0e': 'next',
  '\x10': 'previous',
  '\x12': 'search',
  '\x14': 'swap',
  '\x15': 'kill-start',
  '\x17': 'kill-word-left',
  '\x19': 'yank',
  '\x7f': 'backspace',
};

/** What follows ESC: xterm's cursor and editing keys, and Meta with a letter. */
const ESCAPES: Readonly<Record<string, Action>> = {
  '[A': 'previous',
  '[B': 'next',
  '[C': 'right',
  '[D': 'left',
  '[H': 'start',
  '[F': 'finish',
  OA: 'previous',
  OB: 'next',
  OC: 'right',
  OD: 'left',
  OH: 'start',
  OF: 'finish',
  '[1~': 'start',
  '[3~': 'delete',
  '[4~': 'finish',
  '[7~': 'start',
  '[8~': 'finish',
  '[1;5C': 'word-right',
  '[1;5D': 'word-left',
  '[1;3C': 'word-right',
  '[1;3D': 'word-left',
  b: 'word-left',
  f: 'word-right',
  d: 'kill-word-right',
  '\x7f': 'kill-alnum-left',
};

function isWordChar(char: string | undefined): boolean {
  return char !== undefined && /[\p{L}\p{N}]/u.test(char);
}

function commonPrefix(texts: readonly string[]): string {
  const [first = '', ...others] = texts;
  let length = first.length;
  for (const other of others) while (!other.startsWith(first.slice(0, length))) length--;
  return first.slice(0, length);
}

/** Names in columns of equal width, top to bottom as ls does; ends with a line end. */
export function inColumns(names: readonly string[], terminalColumns: number): string {
  if (names.length === 0) return '';
  const width = Math.max(...names.map((name) => textWidth(name))) + 2;
  const columns = Math.max(1, Math.floor(terminalColumns / width));
  const rows = Math.ceil(names.length / columns);
  let text = '';
  for (let row = 0; row < rows; row++) {
    let line = '';
    for (let at = row; at < names.length; at += rows) {
      const name = names[at] ?? '';
      const isLast = at + rows >= names.length;
      line += isLast ? name : name + ' '.repeat(width - textWidth(name));
    }
    text += `${line}\n`;
  }
  return text;
}
