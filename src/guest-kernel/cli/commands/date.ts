import type { Command } from '../command.ts';

export const date: Command = {
  name: 'date',
  usage: '',
  summary: "Prints the machine's date and time.",
  *run(shell) {
    yield* shell.print(`${yield* shell.api.json<string>('GET', '/os/date')}\n`);
  },
};
