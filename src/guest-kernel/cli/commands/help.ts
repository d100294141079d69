import { CommandError } from '../command-error.ts';
import { helpOf, type Command } from '../command.ts';
import { formatTable } from '../table.ts';

export const help: Command = {
  name: 'help',
  usage: '[COMMAND]',
  summary: 'Lists the commands, or tells about one.',
  *run(shell, words) {
    const [word] = words;
    if (word !== undefined) {
      const command = shell.commands.get(word.text);
      if (command === undefined) throw new CommandError(`help: ${word.text}: command not found`);
      yield* shell.print(helpOf(command));
      return;
    }
    const rows = [...shell.commands.values()].map(({ name, summary }) => [`  ${name}`, summary]);
    yield* shell.print(`Commands (help COMMAND or COMMAND --help tells more):\n${formatTable(rows, '<<')}`);
  },
};
