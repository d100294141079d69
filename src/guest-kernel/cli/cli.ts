/**
 * The OSv shell (/cli/cli.so): a program that talks to the machine only through REST and its own terminal (facts 4.1).
 *
 *   read a line (raw mode) ──► words ──► command (cooked mode) ──► …       ^C ends a command, ^D starts the shell anew
 */
import { bytesFromUtf8, bytesOf, utf8FromBytes, utf8Encode, type ByteString } from '../../emulator/util/bytes.ts';
import { EINTR, Errno } from '../abi/errno.ts';
import { SIGTERM } from '../abi/signal.ts';
import type { NativeCalls, NativeProgram, Wait } from '../program/native-program.ts';
import { CommandError, RestartShell } from './command-error.ts';
import { helpOf, resolvePath, type Shell } from './command.ts';
import { COMMANDS } from './commands.ts';
import { complete } from './completion.ts';
import { statusAt } from './file-listing.ts';
import { LineEditor, type EditorEvent } from './line-editor.ts';
import { RestClient } from './rest-client.ts';
import { Utf8Input } from './utf8-input.ts';
import { splitWords } from './words.ts';

/** Lines kept, as OSv's CLI keeps them. */
const HISTORY_LINES = 800;

/** A server of this image listens some ms after its start; a busy host may take longer. */
const SERVER_START_NS = 3_000_000_000;
const SERVER_POLL_NS = 2_000_000;

const USAGE = `Usage: cli [-h] [COMMAND [ARG...]]

Without a command, reads commands from the terminal. The command help lists them.
`;

export const cli: NativeProgram = {
  path: '/cli/cli.so',
  name: 'cli',
  *main(sys, argv): Wait<number> {
    const words = argv.slice(1).map(utf8FromBytes);
    if (words[0] === '-h' || words[0] === '--help') {
      yield* sys.write(1, bytesOf(USAGE));
      return 0;
    }
    const api = new RestClient(sys);
    yield* awaitServer(sys, api);
    if (words.length > 0) return yield* runOnce(sys, api, words);
    for (;;) if (!(yield* interact(sys, api))) return 0;
  },
};

/**
 * At boot the API server starts beside this program: what it says comes before the first prompt, and the first command
 * finds it. Without a server the prompt comes all the same, and every command says what is missing.
 */
function* awaitServer(sys: NativeCalls, api: RestClient): Wait<void> {
  const deadlineNs = sys.nowNs() + SERVER_START_NS;
  for (;;) {
    try {
      yield* api.call('GET', '/os/name');
      return;
    } catch (error) {
      if (!(error instanceof CommandError) || sys.nowNs() >= deadlineNs) return;
    }
    yield* sys.sleepUntil(sys.nowNs() + SERVER_POLL_NS);
  }
}

/** Makes the shell's state: it is new after each `exit` and ^D. */
function newShell(sys: NativeCalls, api: RestClient): Shell {
  const print = (text: string): Wait<void> => sys.write(1, utf8Encode(text));
  return { sys, api, cwd: '/', commands: COMMANDS, print, printBytes: (bytes) => sys.write(1, bytes) };
}

function* runOnce(sys: NativeCalls, api: RestClient, words: readonly string[]): Wait<number> {
  const shell = newShell(sys, api);
  const line: ByteString = bytesFromUtf8(words.map((word) => quoted(word)).join(' '));
  return (yield* execute(shell, utf8FromBytes(line))) === 'failed' ? 1 : 0;
}

function quoted(word: string): string {
  return /[\s"']/.test(word) ? `"${word.replaceAll('"', String.raw`\"`)}"` : word;
}

/** One life of the shell. @returns false when the program is to end. */
function* interact(sys: NativeCalls, api: RestClient): Wait<boolean> {
  const shell = newShell(sys, api);
  const history: string[] = [];
  const input = new Utf8Input();
  sys.setForeground(undefined);
  for (;;) {
    const event = yield* readLine(shell, history, input);
    if (event === undefined) return false;
    if (event.kind === 'end') {
      yield* shell.print('Restarting shell\n');
      return true;
    }
    if (event.kind !== 'line' || event.text.trim() === '') continue;
    history.push(event.text);
    if (history.length > HISTORY_LINES) history.shift();
    const outcome = yield* execute(shell, event.text);
    if (outcome === 'restart') return true;
    if (outcome === 'ended') return false;
  }
}

/** Reads one line in raw mode. Undefined: the terminal or the program is at its end. */
function* readLine(shell: Shell, history: readonly string[], input: Utf8Input): Wait<EditorEvent | undefined> {
  const { sys } = shell;
  const editor = new LineEditor({ prompt: `${shell.cwd}# `, columns: sys.terminalSize().columns, history });
  sys.setRawMode(true);
  try {
    // What a program left without a line end stays visible.
    yield* shell.print((sys.isAtLineStart() ? '' : '\r\n') + editor.start());
    sys.editLine({ hide: () => utf8Encode(editor.hide()), draw: () => utf8Encode(editor.start()) });
    for (;;) {
      const char = input.next();
      if (char === undefined) {
        if (!(yield* receive(sys, input))) return undefined;
        continue;
      }
      sys.showEditedLine();
      const { output, event } = editor.key(char);
      if (output !== '') yield* shell.print(output);
      if (event?.kind === 'complete') yield* shell.print(editor.complete(yield* complete(shell, event.before)));
      else if (event !== undefined) return event;
    }
  } finally {
    sys.editLine(undefined);
    sys.setRawMode(false);
  }
}

/** @returns false at the end of the terminal, or when the program is told to end. */
function* receive(sys: NativeCalls, input: Utf8Input): Wait<boolean> {
  try {
    const bytes = yield* sys.read(0, 4096);
    input.push(bytes);
    return bytes.length > 0;
  } catch (error) {
    if (error !== EINTR) throw error;
    return !sys.takeSignals().includes(SIGTERM);
  }
}

/** 'ended': the program was told to end. */
type Outcome = 'done' | 'failed' | 'restart' | 'ended';

function* execute(shell: Shell, line: string): Wait<Outcome> {
  try {
    const [name, ...words] = splitWords(line);
    if (name === undefined) return 'done';
    const command = shell.commands.get(name.text);
    if (command === undefined) throw yield* unknownCommand(shell, name.text);
    if (words.some(({ text, isQuoted }) => text === '--help' && !isQuoted) && words.length === 1) {
      yield* shell.print(helpOf(command));
      return 'done';
    }
    yield* command.run(shell, words);
    return 'done';
  } catch (error) {
    if (error instanceof RestartShell) return 'restart';
    if (error === EINTR && shell.sys.takeSignals().includes(SIGTERM)) return 'ended';
    yield* shell.print(explain(error));
    return 'failed';
  }
}

/** Folders whose programs people expect to start by name, as a shell's PATH has them. */
const PROGRAM_FOLDERS = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/** Who types the name of a program is told the command that starts it. */
function* unknownCommand(shell: Shell, name: string): Wait<CommandError> {
  const paths = name.includes('/')
    ? [resolvePath(shell.cwd, name)]
    : PROGRAM_FOLDERS.map((folder) => `${folder}/${name}`);
  for (const path of paths) {
    const status = yield* statusAt(shell, path);
    if (status === undefined || status.type === 'DIRECTORY') continue;
    return new CommandError(`${name}: command not found; to start the program: run ${path}`);
  }
  return new CommandError(`${name}: command not found`);
}

/** What a person is told of an error. @throws what is a mistake of ours */
function explain(error: unknown): string {
  if (error === EINTR) return '\n';
  if (error instanceof CommandError || error instanceof Errno) return `${error.message}\n`;
  throw error;
}
