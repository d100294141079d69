import type { Command } from '../command.ts';
import { formatTable } from '../table.ts';

export const free: Command = {
  name: 'free',
  usage: '',
  summary: 'Shows memory in bytes.',
  *run(shell) {
    const total = yield* shell.api.json<number>('GET', '/os/memory/total');
    const left = yield* shell.api.json<number>('GET', '/os/memory/free');
    const row = ['Mem:', String(total), String(total - left), String(left)];
    yield* shell.print(formatTable([['', 'total', 'used', 'free'], row], '<>>>'));
  },
};
