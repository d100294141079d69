import { CommandError } from '../command-error.ts';
import { parseOptions, resolvePath, type Command } from '../command.ts';
import { requireDirectory, statusAt } from '../file-listing.ts';

export const mkdir: Command = {
  name: 'mkdir',
  usage: '[-p] DIR...',
  summary: 'Makes directories.',
  details: '  -p  with all above it, and no error when it is there',
  *run(shell, words) {
    const { flags, rest } = parseOptions('mkdir', words, 'p');
    if (rest.length === 0) throw new CommandError('mkdir: which directory?');
    for (const name of rest) {
      const path = resolvePath(shell.cwd, name);
      if (!flags.has('p')) {
        yield* requireDirectory(shell, 'mkdir', resolvePath(path, '..'));
        if ((yield* statusAt(shell, path)) !== undefined) throw new CommandError(`mkdir: ${name}: File exists`);
      }
      yield* shell.api.bytes('PUT', `/file${path}`, { op: 'MKDIRS', permission: '0755' });
    }
  },
};
