import type { Command } from '../command.ts';

export const dmesg: Command = {
  name: 'dmesg',
  usage: '',
  summary: 'Prints what the kernel said.',
  *run(shell) {
    const text = yield* shell.api.json<string>('GET', '/os/dmesg');
    yield* shell.print(text.endsWith('\n') || text === '' ? text : `${text}\n`);
  },
};
