/**
 * OSv's command-line grammar (core/commands.cc; facts 2.1), as the boot line, /init files, runscripts and REST /app use it.
 *
 *   line       = option* commands                       option: a leading word that begins with '-' (boot line only)
 *   commands   = command (terminator command)* terminator?
 *   command    = word+
 *   word       = (plain | '"' (any | escape)* '"')+      escape: \a \b \f \n \r \t \v \\ \' \"
 *   terminator = ';' run and wait   '&' background   '&!' background, not waited for   '!' run, then stop what it left
 *
 * '!' ends a command only as a word of its own, so that "hello!" stays an argument.
 */
import type { ByteString } from '../../emulator/util/bytes.ts';

export type Terminator = ';' | '&' | '&!' | '!' | '';

export interface Command {
  readonly words: readonly ByteString[];
  /** '' : the line ended. */
  readonly terminator: Terminator;
}

/** An assignment of a runscript's `--env=`; `onlyIfUnset` for K?=V. */
export interface Assignment {
  readonly name: ByteString;
  readonly value: ByteString;
  readonly onlyIfUnset: boolean;
}

export interface CommandLine {
  readonly commands: readonly Command[];
  readonly assignments: readonly Assignment[];
}

export interface CommandLineContext {
  /** Text of a runscript; undefined when it cannot be read. Absent: `runscript` is a word like any other. */
  readonly readScript?: (path: ByteString) => ByteString | undefined;
  /** Value of an environment variable. Absent: '$' is a character like any other (REST, as OSv did in 2017). */
  readonly variable?: (name: ByteString) => ByteString | undefined;
}

/** The text follows no grammar; `message` says where. */
export class CommandLineError extends Error {
  override readonly name = 'CommandLineError';
}

const MAX_SCRIPT_DEPTH = 8; // a runscript that runs itself would never end

/** @throws CommandLineError, and what readScript throws */
export function parseCommandLine(line: ByteString, context: CommandLineContext = {}): CommandLine {
  return expand(line, context, 0);
}

/** Splits the boot line into kernel options and the rest, which parseCommandLine takes. */
export function splitOptions(line: ByteString): { readonly options: readonly ByteString[]; readonly rest: ByteString } {
  const options: ByteString[] = [];
  let rest = line.trimStart();
  while (rest.startsWith('-')) {
    const word = readWord(rest, 0);
    if (word === undefined) break;
    options.push(word.text);
    rest = rest.slice(word.end).trimStart();
  }
  return { options, rest };
}

/** A word that the grammar reads back as `text`. */
export function quoteWord(text: ByteString): ByteString {
  if (/^[^\s;&"\\!\p{Cc}]+$/u.test(text)) return text;
  const escaped = text.replace(/[^]/g, (char) => (LETTER_OF_CHAR.has(char) ? `\\${LETTER_OF_CHAR.get(char)}` : char));
  return `"${escaped}"`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};
const LETTER_OF_CHAR = new Map(Object.entries(ESCAPES).map(([letter, char]) => [char, letter]));

function expand(line: ByteString, context: CommandLineContext, depth: number): CommandLine {
  const commands: Command[] = [];
  const assignments: Assignment[] = [];
  for (const command of split(line)) {
    const words = context.variable === undefined ? command.words : command.words.map(substitute(context.variable));
    const [name, path] = words;
    if (name !== 'runscript' || context.readScript === undefined) {
      commands.push({ ...command, words });
      continue;
    }
    if (depth >= MAX_SCRIPT_DEPTH) throw new CommandLineError('runscript within runscript too deep');
    const script = path === undefined ? undefined : context.readScript(path);
    if (script === undefined) throw new CommandLineError(`Failed to open runscript file '${path ?? ''}'.`);
    const inner = expandScript(script, context, depth + 1);
    commands.push(...inner.commands);
    assignments.push(...inner.assignments);
  }
  return { commands, assignments };
}

/** Each line: any number of --env=K=V or --env=K?=V, then commands. */
function expandScript(script: ByteString, context: CommandLineContext, depth: number): CommandLine {
  const commands: Command[] = [];
  const assignments: Assignment[] = [];
  // An assignment acts at once, so later words of the script see it.
  const scoped: CommandLineContext = {
    ...context,
    ...(context.variable && {
      variable: (name: ByteString) =>
        assignments.findLast((each) => each.name === name && !each.onlyIfUnset)?.value ??
        context.variable?.(name) ??
        assignments.findLast((each) => each.name === name)?.value,
    }),
  };
  for (const line of script.split(/[\r\n\0]+/)) {
    const { options, rest } = splitOptions(line);
    assignments.push(...options.map(parseAssignment));
    const inner = expand(rest, scoped, depth);
    commands.push(...inner.commands);
    assignments.push(...inner.assignments);
  }
  return { commands, assignments };
}

function parseAssignment(option: ByteString): Assignment {
  const match = /^--env=([^=?]+)(\??)=([^]*)$/.exec(option);
  if (match === null) throw new CommandLineError(`Unknown runscript option '${option}'`);
  return { name: match[1] ?? '', value: match[3] ?? '', onlyIfUnset: match[2] === '?' };
}

// Facts 2.1: the first '$' of a word; everything after it is the name; unset is empty.
function substitute(variable: (name: ByteString) => ByteString | undefined): (word: ByteString) => ByteString {
  return (word) => {
    const at = word.indexOf('$');
    return at < 0 ? word : word.slice(0, at) + (variable(word.slice(at + 1)) ?? '');
  };
}

/** Commands without expansion; empty ones (only blanks or terminators) fall away. */
function split(line: ByteString): readonly Command[] {
  const commands: Command[] = [];
  let words: ByteString[] = [];
  const end = (terminator: Terminator): void => {
    if (words.length > 0) commands.push({ words, terminator });
    words = [];
  };
  for (let at = 0; at < line.length;) {
    const char = line[at] ?? '';
    const terminator = terminatorAt(line, at);
    if (terminator !== '') {
      end(terminator);
      at += terminator.length;
    } else if (isBlank(char)) at++;
    else {
      const word = readWord(line, at);
      if (word === undefined) throw new CommandLineError('A quote is not closed');
      words.push(word.text);
      at = word.end;
    }
  }
  end('');
  return commands;
}

function terminatorAt(line: ByteString, at: number): Terminator {
  if (line[at] === ';') return ';';
  if (line[at] === '&') return line[at + 1] === '!' ? '&!' : '&';
  const next = line[at + 1] ?? ' ';
  return line[at] === '!' && (isBlank(next) || next === ';' || next === '&') ? '!' : '';
}

function isBlank(char: string): boolean {
  return char === ' ' || (char >= '\t' && char <= '\r') || char === '\0';
}

/** The word at `at`; undefined when its quote is not closed. */
function readWord(line: ByteString, at: number): { readonly text: ByteString; readonly end: number } | undefined {
  let text = '';
  let isQuoted = false;
  for (let i = at; i < line.length; i++) {
    const char = line[i] ?? '';
    const escaped = char === '\\' ? ESCAPES[line[i + 1] ?? ''] : undefined;
    if (escaped !== undefined) {
      text += escaped;
      i++;
    } else if (char === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (isBlank(char) || char === ';' || char === '&')) return { text, end: i };
    else text += char;
  }
  return isQuoted ? undefined : { text, end: line.length };
}
