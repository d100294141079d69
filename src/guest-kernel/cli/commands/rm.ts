import { CommandError } from '../command-error.ts';
import { parseOptions, resolvePath, type Command } from '../command.ts';

export const rm: Command = {
  name: 'rm',
  usage: 'FILE...',
  summary: 'Removes files and empty directories.',
  *run(shell, words) {
    const { rest } = parseOptions('rm', words, '');
    if (rest.length === 0) throw new CommandError('rm: which file?');
    for (const name of rest) {
      const path = resolvePath(shell.cwd, name);
      const { status } = yield* shell.api.call('DELETE', `/file${path}`, { op: 'DELETE' });
      if (status === 404) throw new CommandError(`rm: ${name}: No such file or directory`);
      if (status !== 200) throw new CommandError(`rm: ${name}: Cannot remove it (a directory that is not empty?)`);
    }
  },
};
