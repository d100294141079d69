import { CommandError } from '../command-error.ts';
import { parseOptions, resolvePath, type Command } from '../command.ts';

export const cat: Command = {
  name: 'cat',
  usage: 'FILE...',
  summary: 'Prints files.',
  *run(shell, words) {
    const { rest } = parseOptions('cat', words, '');
    if (rest.length === 0) throw new CommandError('cat: which file?');
    for (const name of rest) {
      const answer = yield* shell.api.call('GET', `/file${resolvePath(shell.cwd, name)}`, { op: 'GET' });
      if (answer.status === 404) throw new CommandError(`cat: ${name}: File not found`);
      if (answer.status !== 200) throw new CommandError(`cat: ${name}: Not a file`);
      yield* shell.printBytes(answer.body);
      if (answer.body.at(-1) !== 10) yield* shell.print('\n');
    }
  },
};
