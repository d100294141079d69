import { helpOf, resolvePath, type Command } from '../command.ts';
import { requireDirectory } from '../file-listing.ts';

export const cd: Command = {
  name: 'cd',
  usage: 'PATH',
  summary: 'Changes the directory of the shell.',
  *run(shell, words) {
    const [path] = words;
    if (path === undefined) {
      yield* shell.print(helpOf(cd));
      return;
    }
    const target = resolvePath(shell.cwd, path.text);
    yield* requireDirectory(shell, 'cd', target);
    shell.cwd = target;
  },
};
