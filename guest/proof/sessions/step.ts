/**
 * Programs that are worked with by keys. A step types and waits until the screen matches; natively it must then also
 * stand still. In the machine the screen after each step must become the same as natively, cursor included, unless the
 * step's screen holds times or process ids (`isOwn`): then it must match only.
 */
import type { ProofImage } from '../rows.ts';

export interface Step {
  readonly keys: string;
  readonly until: RegExp;
  readonly isOwn?: boolean;
  /** The window has become [rows, columns] before anything is typed. */
  readonly size?: readonly [rows: number, columns: number];
}

export interface Session {
  readonly name: string;
  readonly image: ProofImage;
  readonly command: readonly string[];
  readonly steps: readonly Step[];
}

export const step = (keys: string, until: RegExp): Step => ({ keys, until });
export const ownStep = (keys: string, until: RegExp): Step => ({ keys, until, isOwn: true });

export const ENTER = '\r';
export const ESCAPE = '\x1b';
export const [UP, DOWN, RIGHT, LEFT] = ['A', 'B', 'C', 'D'].map((letter) => `\x1b[${letter}`) as [
  string,
  string,
  string,
  string,
];
export const PAGE_UP = '\x1b[5~';
export const control = (letter: string): string => String.fromCodePoint((letter.codePointAt(0) ?? 0) & 0x1f);
