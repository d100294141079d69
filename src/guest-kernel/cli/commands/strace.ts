/**
 * strace: system calls of a program, live, through /trace/syscalls.
 *
 *   strace ls -l                  runs a program and tells its calls and those of what it starts
 *   strace -c openat,stat ls      only these
 *   strace -p 201                 a program that runs already, until ^C
 */
import { EINTR } from '../../abi/errno.ts';
import type { Wait } from '../../program/native-program.ts';
import { CommandError } from '../command-error.ts';
import { parseOptions, type Command, type Shell, type Word } from '../command.ts';
import type { Query } from '../rest-client.ts';
import { printEnding, startPrograms } from './run.ts';

interface TraceRecord {
  readonly tid: number;
  readonly name: string;
  readonly args: string;
  readonly result: string;
  readonly duration_us: number;
}

/** What is recorded: GET /trace/syscalls/status. */
interface TraceState {
  readonly enabled: boolean;
  readonly program: string;
  readonly thread?: number;
  readonly names: readonly string[];
  readonly errors: boolean;
  readonly size: number;
}

interface TracePage {
  readonly next: number;
  readonly dropped: number;
  readonly list: readonly TraceRecord[];
}

const LOOK_NS = 100_000_000;
const SIZE = '65536';
/** A number that no record has: the answer tells where the next one begins. */
const AFTER_ALL = '999999999999999';

export const strace: Command = {
  name: 'strace',
  usage: '[-c CALLS] [-Z] -p PID | COMMAND [ARG...]',
  summary: 'Tells the system calls of a program and of those that it starts.',
  details:
    '  -c CALLS  only these, separated by commas; !name leaves one out\n  -Z        only calls that fail\n  -p PID    a program that runs, until ^C',
  *run(shell, words) {
    const { flags, values, rest } = parseOptions('strace', words, 'Z:cp');
    const pid = values.get('p');
    if ((pid === undefined) === (rest.length === 0)) throw new CommandError('strace: what? (help strace)');
    const which = { names: values.get('c'), errors: flags.has('Z') };
    const before = yield* shell.api.json<TraceState>('GET', '/trace/syscalls/status');
    const { next } = yield* shell.api.json<TracePage>('GET', '/trace/syscalls', { after: AFTER_ALL });
    const { list } = yield* shell.api.json<TracePage>('GET', '/trace/syscalls', { most: '1' });
    // Who records already (--strace, the page) goes on seeing what they asked for.
    const recorded = before.enabled ? {} : which;
    yield* shell.api.json('POST', '/trace/syscalls', { enabled: true, size: SIZE, ...recorded });
    try {
      const tid = pid === undefined ? yield* startOne(shell, words.slice(-rest.length)) : Number(pid);
      yield* follow(shell, { tid, ownsTerminal: pid === undefined }, next, { ...which, program: String(tid) });
      if (pid === undefined) yield* printEnding(shell, tid);
    } finally {
      yield* shell.api.json('POST', '/trace/syscalls', queryOf(before));
      // Nobody else has records there: what was told needs no room any more.
      if (!before.enabled && list.length === 0) yield* shell.api.json('DELETE', '/trace/syscalls');
    }
  },
};

function queryOf({ enabled, program, thread, names, errors, size }: TraceState): Query {
  return {
    enabled,
    size: String(size),
    errors,
    ...(program !== '' && { program }),
    ...(thread !== undefined && { thread: String(thread) }),
    ...(names.length > 0 && { names: names.join(',') }),
  };
}

function* startOne(shell: Shell, words: readonly Word[]): Wait<number> {
  const { tids } = yield* startPrograms(shell, words);
  if (tids.length !== 1) throw new CommandError('strace: one program at a time');
  return tids[0] ?? 0;
}

interface Followed {
  readonly tid: number;
  readonly ownsTerminal: boolean;
}

/** Prints records until the program has ended, or ^C ends the look at one that goes on. */
function* follow(shell: Shell, { tid, ownsTerminal }: Followed, from: number, which: Query): Wait<void> {
  const { sys } = shell;
  if (ownsTerminal) sys.setForeground(tid);
  let next = from;
  try {
    for (let isOver = false; !isOver;) {
      isOver = yield* waitABit(shell, tid, ownsTerminal);
      next = yield* printRecords(shell, next, which);
    }
  } finally {
    if (ownsTerminal) sys.setForeground(undefined);
  }
}

/** @returns whether there is nothing more to wait for */
function* waitABit(shell: Shell, tid: number, ownsTerminal: boolean): Wait<boolean> {
  const { sys } = shell;
  try {
    yield* sys.waitProgram(tid, sys.nowNs() + LOOK_NS);
  } catch (error) {
    if (error !== EINTR) throw error;
    sys.takeSignals();
    return !ownsTerminal;
  }
  return (yield* shell.api.json<string>('GET', '/app/finished', { tid: String(tid) })) === '1';
}

function* printRecords(shell: Shell, from: number, which: Query): Wait<number> {
  let next = from;
  for (;;) {
    const page = yield* shell.api.json<TracePage>('GET', '/trace/syscalls', { ...which, after: String(next) });
    const lines = page.list.map(
      ({ tid, name, args, result, duration_us }) => `[${tid}] ${name}(${args}) = ${result} <${duration_us} us>\n`,
    );
    if (page.dropped > 0) lines.unshift(`[${page.dropped} calls were not kept]\n`);
    if (lines.length > 0) yield* shell.print(lines.join(''));
    if (page.list.length === 0) return page.next;
    next = page.next;
  }
}
