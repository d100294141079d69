import type { Command } from '../command.ts';

export const echo: Command = {
  name: 'echo',
  usage: '[-n] STR...',
  summary: 'Prints its words; -n leaves out the line end.',
  *run(shell, words) {
    const texts = words.map(({ text }) => text);
    const isBare = texts[0] === '-n';
    yield* shell.print(texts.slice(isBare ? 1 : 0).join(' ') + (isBare ? '' : '\n'));
  },
};
