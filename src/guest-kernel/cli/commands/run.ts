/**
 * run starts programs through PUT /app.
 *
 *   run /examples/hello.so a b      unquoted words form one command; it owns the terminal until it ends
 *   run "/a.so x" "/b.so y"         OSv's form: each quoted argument is a command, all run at once in the background
 *   run /examples/server.so &       in the background
 */
import { bytesFromUtf8, utf8FromBytes } from '../../../emulator/util/bytes.ts';
import { EINTR } from '../../abi/errno.ts';
import { quoteWord } from '../../program/command-line.ts';
import type { Wait } from '../../program/native-program.ts';
import { CommandError } from '../command-error.ts';
import { resolvePath, type Command, type Shell, type Word } from '../command.ts';
import { statusAt } from '../file-listing.ts';

/** Where a bare name is looked for after the shell's directory: the loader's places, then the distribution's. */
const PLACES = ['/', '/usr/lib/', '/usr/local/bin/', '/usr/bin/', '/bin/', '/usr/sbin/', '/sbin/'];

export const run: Command = {
  name: 'run',
  usage: '[--newprogram] COMMAND [ARG...] [&]',
  summary: 'Runs a program until it ends; ^C interrupts it, & leaves it running.',
  details:
    '  --newprogram  shared objects: in a namespace of its own\n  run "CMD ARG..." "CMD ARG..."  several at once, in the background',
  *run(shell, words) {
    const isNewProgram = words[0]?.text === '--newprogram' || words[0]?.text === '--new-program';
    const { tids, isBackground } = yield* startPrograms(shell, isNewProgram ? words.slice(1) : words, isNewProgram);
    if (!isBackground) for (const tid of tids) yield* waitFor(shell, tid);
  },
};

interface Started {
  readonly tids: readonly number[];
  readonly isBackground: boolean;
}

/** Starts what the words of a command line ask for. */
export function* startPrograms(shell: Shell, words: readonly Word[], isNewProgram = false): Wait<Started> {
  const { command, isBackground } = yield* commandOf(shell, words);
  const answer = yield* shell.api.json<string>('PUT', '/app/', {
    command,
    cwd: shell.cwd,
    ...(isNewProgram && { new_program: true }),
  });
  const tids = answer.split(' ').filter((tid) => tid !== '');
  return { tids: tids.map(Number), isBackground };
}

function* commandOf(shell: Shell, words: readonly Word[]): Wait<{ command: string; isBackground: boolean }> {
  const [first] = words;
  if (first === undefined) throw new CommandError('run: what? (help run)');
  if (first.isQuoted) {
    return { command: words.map(({ text }) => text).join(' & '), isBackground: true };
  }
  const texts = words.map(({ text }) => text);
  const last = words.at(-1);
  const isBackground = last !== undefined && !last.isQuoted && last.text.endsWith('&');
  if (isBackground) texts[texts.length - 1] = last.text.slice(0, -1);
  const [name = '', ...args] = isBackground && texts.at(-1) === '' ? texts.slice(0, -1) : texts;
  if (name === '') throw new CommandError('run: what? (help run)');
  const command = [yield* findProgram(shell, name), ...args];
  return { command: command.map((word) => utf8FromBytes(quoteWord(bytesFromUtf8(word)))).join(' '), isBackground };
}

/** The absolute path of a program; the bare name where it is in no place, so that the loader says what is missing. */
function* findProgram(shell: Shell, name: string): Wait<string> {
  if (name === 'runscript') return name;
  if (name.includes('/')) return resolvePath(shell.cwd, name);
  for (const place of [`${shell.cwd}/`, ...PLACES]) {
    const path = resolvePath('/', place + name);
    if ((yield* statusAt(shell, path))?.type === 'FILE') return path;
  }
  return name;
}

/** The terminal is the program's until it ends. */
function* waitFor(shell: Shell, tid: number): Wait<void> {
  const { sys } = shell;
  sys.setForeground(tid);
  try {
    for (;;) {
      try {
        yield* sys.waitProgram(tid);
        break;
      } catch (error) {
        if (error !== EINTR) throw error;
        sys.takeSignals();
      }
    }
  } finally {
    sys.setForeground(undefined);
  }
  yield* printEnding(shell, tid);
}

/** Says how a program ended, unless it did as it should. */
export function* printEnding(shell: Shell, tid: number): Wait<void> {
  const ended = yield* shell.api.json<{ exit_code?: number; signal_name?: string }>('GET', `/app/${tid}`);
  if (ended.signal_name !== undefined) yield* shell.print(`[${tid} ended by ${ended.signal_name}]\n`);
  else if (ended.exit_code !== 0) yield* shell.print(`[${tid} ended with exit code ${ended.exit_code}]\n`);
}
