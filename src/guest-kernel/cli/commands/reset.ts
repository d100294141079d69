import { RestartShell } from '../command-error.ts';
import type { Command } from '../command.ts';

export const reset: Command = {
  name: 'reset',
  usage: '',
  summary: 'Starts the shell anew.',
  *run(shell) {
    yield* shell.print('Restarting shell\n');
    throw new RestartShell();
  },
};
