/** A command of the CLI as a row, and what it may use. One command per file in commands/; the list is commands.ts. */
import type { NativeCalls, Wait } from '../program/native-program.ts';
import { CommandError } from './command-error.ts';
import type { RestClient } from './rest-client.ts';

/** One word of the line; commands care for quotes only where OSv did (`run`). */
export interface Word {
  readonly text: string;
  readonly isQuoted: boolean;
}

/** What a command sees of the shell. Text is Unicode; the last line end is the command's to print. */
export interface Shell {
  readonly sys: NativeCalls;
  readonly api: RestClient;
  /** Absolute, without a trailing '/'. */
  cwd: string;
  readonly commands: ReadonlyMap<string, Command>;
  print(text: string): Wait<void>;
  printBytes(bytes: Uint8Array): Wait<void>;
}

export interface Command {
  readonly name: string;
  /** '[-a] [-l] [FILE...]' */
  readonly usage: string;
  readonly summary: string;
  /** Further lines of its help. */
  readonly details?: string;
  run(shell: Shell, words: readonly Word[]): Wait<void>;
}

export function helpOf({ name, usage, summary, details }: Command): string {
  const first = `Usage: ${name}${usage === '' ? '' : ` ${usage}`}\n\n${summary}\n`;
  return details === undefined ? first : `${first}\n${details}\n`;
}

export interface Options {
  readonly flags: ReadonlySet<string>;
  /** Values of the letters that take one. */
  readonly values: ReadonlyMap<string, string>;
  readonly rest: readonly string[];
}

/**
 * getopt(3) for one-letter options: '-lR', '-p 5', '-p5', '--' ends them.
 * @param letters those without and, after a ':', those with a value: 'is:lp'
 */
export function parseOptions(command: string, words: readonly Word[], letters: string): Options {
  const [plain = '', valued = ''] = letters.split(':');
  const flags = new Set<string>();
  const values = new Map<string, string>();
  const texts = words.map(({ text }) => text);
  let at = 0;
  for (; at < texts.length; at++) {
    const text = texts[at] ?? '';
    if (text === '--') return { flags, values, rest: texts.slice(at + 1) };
    if (!/^-./.test(text)) break;
    for (let i = 1; i < text.length; i++) {
      const letter = text[i] ?? '';
      if (plain.includes(letter)) flags.add(letter);
      else if (valued.includes(letter)) {
        const value = i + 1 < text.length ? text.slice(i + 1) : texts[++at];
        if (value === undefined) throw new CommandError(`${command}: option -${letter} needs a value`);
        values.set(letter, value);
        break;
      } else throw new CommandError(`${command}: unknown option -${letter}`);
    }
  }
  return { flags, values, rest: texts.slice(at) };
}

/** Absolute form of `path` seen from `cwd`: '.', '..' and double slashes resolved by name, as the CLI's cwd is a name. */
export function resolvePath(cwd: string, path: string): string {
  const parts: string[] = [];
  for (const part of `${path.startsWith('/') ? '' : `${cwd}/`}${path}`.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
