import { RestartShell } from '../command-error.ts';
import type { Command } from '../command.ts';

export const exit: Command = {
  name: 'exit',
  usage: '',
  summary: 'Ends this shell. The machine stays up, and a new shell starts.',
  *run(shell) {
    yield* shell.print('Goodbye\n');
    throw new RestartShell();
  },
};
