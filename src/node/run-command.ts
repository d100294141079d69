/** `osv run`: one program on a throw-away layer over an image, with the host's standard streams. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, resolve } from 'node:path';
import {
  boot,
  CallRestarts,
  HostError,
  type BootOptions,
  type CallFilter,
  type KernelPorts,
  type RunRequest,
} from '../guest-kernel/index.ts';
import { driveKernel } from './drive.ts';
import { quietConsole, TerminalConsole } from './ports/console.ts';
import { hostClock } from './ports/clock.ts';
import { hostEntropy } from './ports/entropy.ts';
import { extendHandlerList } from '../emulator/index.ts';
import { FarDisk, ThrowAwayDisk } from './ports/file-disk.ts';
import { writeFully } from './ports/output.ts';
import { CodeFolder } from './ports/code-folder.ts';
import { readHandlers } from './ports/read-handlers.ts';
import { ProcessStdio } from './ports/stdio.ts';
import { statisticsText } from './statistics-text.ts';

export interface RunOptions {
  readonly engine: BootOptions['engine'];
  readonly cpu: BootOptions['cpu'];
  /** Path of the raw image. */
  readonly image: string;
  readonly memoryBytes: number;
  /** 'K=V' in addition to the usual ones. */
  readonly environment: readonly string[];
  readonly mounts: RunRequest['mounts'];
  /** Blocks of the disk must be fetched before they are read, as in a page. */
  readonly isDiskFar?: boolean;
  /** Every system call runs again and again: at each point where it may have to ('all'), or at the one with this number. */
  readonly restarts?: 'all' | number;
  /** Where compiled code is kept for the next run. */
  readonly codeFolder: string | undefined;
  /** Which system calls are told on stderr; absent: none. */
  readonly strace?: CallFilter;
  /** --stats: what the machine did is told on stderr at the end. */
  readonly hasStatistics: boolean;
  /** --record-handlers: file of instructions whose handlers are prepared, which gets those that were missing. */
  readonly handlerList?: string | undefined;
}

type Ended = Parameters<RunRequest['onEnd']>[0];

/** A program and the files that must be on the disk for it. */
export type Program = Pick<RunRequest, 'argv' | 'files'>;

/** The host's `file`, which is copied to the guest's root folder, with its arguments. @throws HostError */
export function programOfHost(file: string, args: readonly string[]): Program {
  const path = `/${basename(file)}`;
  try {
    const mode = 0o755 | (statSync(file).mode & 0o777);
    return { argv: [path, ...args].map(toBytes), files: [{ path: toBytes(path), mode, bytes: readFileSync(file) }] };
  } catch (error) {
    throw new HostError(`${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** A program of the image: words separated by blanks, `'…'` and `"…"` keep blanks. @throws HostError */
export function programOfImage(commandLine: string): Program {
  const words = [...commandLine.matchAll(/(?:"([^"]*)"|'([^']*)'|([^\s"']+))+/g)].map(([word]) =>
    word.replaceAll(/["']/g, ''),
  );
  if (words.length === 0) throw new HostError('The command line is empty.');
  return { argv: words.map(toBytes), files: [] };
}

/** @returns the exit code: the program's own, or 128 + n for signal n. */
export async function run(program: Program, options: RunOptions): Promise<number> {
  const isInteractive = process.stdin.isTTY && process.stdout.isTTY;
  const clock = hostClock();
  const disk = new (options.isDiskFar === true ? FarDisk : ThrowAwayDisk)(resolve(options.image));
  let ended: Ended | undefined;
  let panic: string | undefined;
  const code = options.codeFolder === undefined ? undefined : new CodeFolder(options.codeFolder);
  const terminal = isInteractive ? new TerminalConsole() : undefined;
  const ports: KernelPorts = {
    ...(code && { code }),
    clock,
    entropy: hostEntropy,
    console: terminal ?? quietConsole,
    disk,
    power: { onHalt: (reason, report) => void (panic = reason === 'panic' ? report : undefined) },
  };
  const request: RunRequest = {
    ...program,
    environment: environment(options.environment, isInteractive),
    cwd: '/',
    mounts: options.mounts,
    ...(isInteractive ? {} : { stdio: new ProcessStdio() }),
    onStart: passSignalsOn,
    onEnd: (state) => void (ended = state),
  };
  const { engine, cpu, memoryBytes } = options;
  const machine = {
    memoryBytes,
    engine,
    ...(cpu && { cpu }),
    hypervisor: 'node',
    firmwareVendor: 'OSv in a browser tab',
  };
  readHandlers();
  const { restarts } = options;
  const tests = restarts === undefined ? {} : { restarts: new CallRestarts(restarts === 'all' ? undefined : restarts) };
  const kernel = boot(ports, { ...machine, ...tests, ...(options.strace && { strace: options.strace }), run: request });
  if (kernel.engine.notice !== undefined) tell(`osv: ${kernel.engine.notice}\n`);
  kernel.watchTime(options.hasStatistics);
  await driveKernel(kernel, () => clock.monotonicNs());
  terminal?.close();
  disk.close();
  code?.close();
  if (options.handlerList !== undefined) keepHandlerList(options.handlerList);
  if (options.hasStatistics) tell(statisticsText(kernel.engine, kernel.statistics()));
  if (panic !== undefined) throw new HostError(`The kernel stopped:\n${panic}`);
  return exitCode(ended);
}

function tell(text: string): void {
  writeFully(2, Buffer.from(text));
}

function exitCode(ended: Ended | undefined): number {
  if (ended === undefined) throw new HostError('The machine stopped before the program ended.');
  return ended.kind === 'exited' ? ended.code & 0xff : 128 + ended.signal;
}

/** The usual variables with `more`; at a terminal the machine adds TERM. */
export function environment(more: readonly string[], isAtTerminal = false): readonly string[] {
  const usual = {
    HOME: '/',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    ...(isAtTerminal ? {} : { TERM: process.env['TERM'] ?? 'dumb' }),
    LANG: 'C.UTF-8',
  };
  const all = new Map<string, string>(Object.entries(usual));
  for (const entry of more) {
    const [name = '', ...value] = entry.split('=');
    all.set(name, value.join('='));
  }
  return [...all].map(([name, value]) => toBytes(`${name}=${value}`));
}

function passSignalsOn(control: { signal(signal: number): void }): void {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const) {
    process.on(name, () => control.signal(constants.signals[name]));
  }
}

/** The kernel's names are bytes, one per char. */
function toBytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function keepHandlerList(file: string): void {
  writeFileSync(file, extendHandlerList(readFileSync(file, 'utf8')));
}
