import { describe, expect, it } from 'vitest';
import type { TerminalKind } from '../ports.ts';
import { managementMachine } from '../testing/management-machine.ts';
import { startKernelThread } from './kernel-thread.ts';
import { terminalVariables } from './terminal-variables.ts';

function variables(terminal: TerminalKind | undefined, described: readonly string[]): unknown {
  const booted = managementMachine(() => []);
  const { machine } = booted;
  if (terminal !== undefined) booted.ports.console.terminal = terminal;
  for (const path of described) booted.putFile(path, '');
  let found: unknown;
  startKernelThread(machine, 'test', function* test(sys) {
    found = Object.fromEntries(yield* terminalVariables(machine, sys));
  });
  booted.run();
  return found;
}

describe('what programs are told of the terminal', () => {
  it.for<[string, TerminalKind | undefined, readonly string[], Record<string, string>]>([
    ['nothing is known of it: OSv says what it always does', undefined, [], { TERM: 'vt100-qemu' }],
    [
      'the disk describes it',
      { names: ['foot', 'xterm-256color'], variables: {} },
      ['/usr/share/terminfo/f/foot', '/lib/terminfo/x/xterm-256color'],
      { TERM: 'foot' },
    ],
    [
      'the disk does not describe it: the next name, and its variables',
      { names: ['foot', 'xterm-256color'], variables: { COLORTERM: 'truecolor' } },
      ['/lib/terminfo/x/xterm-256color', '/lib/terminfo/f/foot-extra'],
      { TERM: 'xterm-256color', COLORTERM: 'truecolor' },
    ],
    [
      'nothing is described: the last name',
      { names: ['foot', 'xterm-256color'], variables: {} },
      [],
      { TERM: 'xterm-256color' },
    ],
  ])('%s', ([, terminal, described, expected]) => {
    expect(variables(terminal, described)).toEqual(expected);
  });
});
