import type { JSX } from 'react';
import type { ProgramModel } from '../guest-rest.ts';

/** Linux asm-generic/signal.h, those that end programs. */
const SIGNAL_NAMES: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  5: 'SIGTRAP',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  14: 'SIGALRM',
  15: 'SIGTERM',
  31: 'SIGSYS',
};

/** How a program stands: running, its exit status, or the signal that ended it. */
export function ProgramStateBadge({ program }: { readonly program: ProgramModel }): JSX.Element {
  return (
    <span className="state" data-state={stateOf(program)}>
      {stateText(program)}
    </span>
  );
}

function stateOf(program: ProgramModel): 'running' | 'good' | 'bad' {
  if (program.state === 'running') return 'running';
  return program.state === 'exited' && program.exitCode === 0 ? 'good' : 'bad';
}

function stateText({ state, exitCode, signal }: ProgramModel): string {
  if (state === 'running') return 'Running';
  if (state === 'exited') return `Exit status ${exitCode ?? '?'}`;
  return SIGNAL_NAMES[signal ?? 0] ?? `Signal ${signal ?? '?'}`;
}
