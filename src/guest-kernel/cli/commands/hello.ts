import type { Command } from '../command.ts';

export const hello: Command = {
  name: 'hello',
  usage: '',
  summary: 'Says hello.',
  *run(shell) {
    yield* shell.print('Hello, OSv!\n');
  },
};
