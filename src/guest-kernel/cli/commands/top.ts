/** top: threads by the CPU time they take, from two looks at /os/threads. */
import { EINTR } from '../../abi/errno.ts';
import { POLLIN } from '../../abi/poll.ts';
import type { Wait } from '../../program/native-program.ts';
import { CommandError } from '../command-error.ts';
import { parseOptions, type Command, type Shell } from '../command.ts';
import { formatTable } from '../table.ts';

interface Thread {
  readonly id: number;
  readonly cpu: number;
  readonly cpu_ms: number;
  readonly switches: number;
  readonly migrations: number;
  readonly preemptions: number;
  readonly name: string;
}

interface Look {
  readonly list: readonly Thread[];
  readonly time_ms: number;
}

const NO_CPU = 0xffff_ffff;

export const top: Command = {
  name: 'top',
  usage: '[-l N] [-i] [-s] [-p SEC] [-h]',
  summary: 'Shows the threads that take the most CPU time, again and again; ^C or q ends it.',
  details:
    '  -l N    ends after N looks\n  -i      idle threads too\n  -s      switches, preemptions, migrations\n  -p SEC  seconds between two looks (2)',
  *run(shell, words) {
    const { flags, values } = parseOptions('top', words, 'ish:lp');
    if (flags.has('h')) {
      yield* shell.print(`Usage: top ${top.usage}\n\n${top.summary}\n\n${top.details}\n`);
      return;
    }
    const periodMs = positive(values.get('p') ?? '2', 'p') * 1000;
    const looks = values.has('l') ? positive(values.get('l') ?? '', 'l') : Number.POSITIVE_INFINITY;
    let before: Look | undefined;
    for (let look = 0; look < looks; look++) {
      const now = yield* shell.api.json<Look>('GET', '/os/threads');
      const cpus = yield* shell.api.json<number>('GET', '/hardware/processor/count');
      yield* shell.print(`\x1b[H\x1b[J${screen(shell, before, now, cpus, flags)}`);
      before = now;
      if (look + 1 < looks && !(yield* pause(shell, periodMs))) return;
    }
  },
};

function positive(text: string, letter: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new CommandError(`top: -${letter} needs a number above 0`);
  return value;
}

/** @returns false when the user has seen enough. */
function* pause({ sys }: Shell, ms: number): Wait<boolean> {
  try {
    const [mask] = yield* sys.poll([{ fd: 0, events: POLLIN }], sys.nowNs() + ms * 1e6);
    if (mask === 0) return true;
    const typed = yield* sys.read(0, 256);
    return typed.length > 0 && !typed.includes(113); // q
  } catch (error) {
    if (error !== EINTR) throw error;
    sys.takeSignals();
    return false;
  }
}

function screen(shell: Shell, before: Look | undefined, now: Look, cpus: number, flags: ReadonlySet<string>): string {
  const earlier = new Map(before?.list.map((thread) => [thread.id, thread]));
  const elapsedMs = before === undefined ? 0 : Math.max(now.time_ms - before.time_ms, 1);
  const share = (thread: Thread): number =>
    elapsedMs === 0 ? 0 : ((thread.cpu_ms - (earlier.get(thread.id)?.cpu_ms ?? 0)) / elapsedMs) * 100;
  const idle = now.list.filter(isIdle).reduce((sum, thread) => sum + share(thread), 0);
  const threads = now.list
    .filter((thread) => flags.has('i') || !isIdle(thread))
    .toSorted((a, b) => share(b) - share(a) || b.cpu_ms - a.cpu_ms || a.id - b.id)
    .slice(0, Math.max(1, shell.sys.terminalSize().rows - 3));
  const head = [
    'ID',
    'CPU',
    '%CPU',
    'TIME',
    ...(flags.has('s') ? ['sw', 'sw/s', 'us/sw', 'preempt', 'pre/s', 'mig', 'mig/s'] : []),
    'NAME',
  ];
  const rows = threads.map((thread) => [
    String(thread.id),
    thread.cpu === NO_CPU ? '-' : String(thread.cpu),
    share(thread).toFixed(1),
    (thread.cpu_ms / 1000).toFixed(2),
    ...(flags.has('s') ? switchCells(thread, earlier.get(thread.id), elapsedMs) : []),
    thread.name,
  ]);
  const title = `${now.list.length} threads on ${cpus} CPUs; idle ${idle.toFixed(0)}%`;
  return `${title}\n${formatTable([head, ...rows], `${'>'.repeat(head.length - 1)}<`)}`;
}

function isIdle({ name }: Thread): boolean {
  return /^idle\d+$/.test(name);
}

function switchCells(thread: Thread, earlier: Thread | undefined, elapsedMs: number): readonly string[] {
  const rate = (of: (each: Thread) => number): string =>
    elapsedMs === 0
      ? '0.0'
      : (((of(thread) - (earlier === undefined ? 0 : of(earlier))) / elapsedMs) * 1000).toFixed(1);
  const perSwitch = thread.switches === 0 ? 0 : (thread.cpu_ms * 1000) / thread.switches;
  return [
    String(thread.switches),
    rate(({ switches }) => switches),
    perSwitch.toFixed(0),
    String(thread.preemptions),
    rate(({ preemptions }) => preemptions),
    String(thread.migrations),
    rate(({ migrations }) => migrations),
  ];
}
