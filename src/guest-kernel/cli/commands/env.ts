import { CommandError } from '../command-error.ts';
import type { Command, Shell } from '../command.ts';
import type { Wait } from '../../program/native-program.ts';

export const env: Command = {
  name: 'env',
  usage: '[NAME[=VALUE]]',
  summary: 'Shows or sets the environment of the default namespace; NAME= removes a variable.',
  *run(shell, words) {
    const [word, ...more] = words.map(({ text }) => text);
    if (more.length > 0) throw new CommandError('env: one variable at a time (quote a value with blanks)');
    if (word === undefined) {
      const all = yield* shell.api.json<readonly string[]>('GET', '/env/');
      yield* shell.print(all.map((line) => `${line}\n`).join(''));
      return;
    }
    const equals = word.indexOf('=');
    if (equals < 0) yield* shell.print(`${yield* shell.api.json<string>('GET', `/env/${word}`)}\n`);
    else yield* set(shell, word.slice(0, equals), word.slice(equals + 1));
  },
};

function* set(shell: Shell, name: string, value: string): Wait<void> {
  if (name === '') throw new CommandError('env: a variable needs a name');
  if (value === '') yield* shell.api.json('DELETE', `/env/${name}`);
  else yield* shell.api.json('POST', `/env/${name}`, { val: value });
}
