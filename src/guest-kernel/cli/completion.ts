/** Completion: commands at the start of a line, paths after it. */
import type { Wait } from '../program/native-program.ts';
import { CommandError } from './command-error.ts';
import { resolvePath, type Shell } from './command.ts';
import { listDirectory } from './file-listing.ts';
import type { Completion } from './line-editor.ts';

export function* complete(shell: Shell, before: string): Wait<Completion> {
  // The last word, with its opening quote left where it is.
  const word = /(?:^|\s)["']?([^\s"']*)$/.exec(before)?.[1] ?? '';
  const isFirst = before.trimStart() === word;
  if (isFirst && !word.includes('/')) return completeCommand(shell, word);
  return yield* completePath(shell, word);
}

function completeCommand({ commands }: Shell, word: string): Completion {
  const names = [...commands.keys()].filter((name) => name.startsWith(word));
  return { replacedChars: Array.from(word).length, candidates: names.map((name) => `${name} `), labels: names };
}

function* completePath(shell: Shell, word: string): Wait<Completion> {
  const slash = word.lastIndexOf('/') + 1;
  const directory = word.slice(0, slash);
  const prefix = word.slice(slash);
  const replacedChars = Array.from(word).length;
  try {
    const entries = yield* listDirectory(shell, resolvePath(shell.cwd, directory === '' ? '.' : directory));
    const fitting = entries
      .filter(({ pathSuffix: name }) => name.startsWith(prefix) && (prefix !== '' || !name.startsWith('.')))
      .filter(({ pathSuffix: name }) => name !== '.' && name !== '..')
      .toSorted((a, b) => (a.pathSuffix < b.pathSuffix ? -1 : 1));
    const names = fitting.map(({ pathSuffix, type }) => `${pathSuffix}${type === 'DIRECTORY' ? '/' : ' '}`);
    return {
      replacedChars,
      candidates: names.map((name) => directory + name),
      labels: names.map((name) => name.trimEnd()),
    };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { replacedChars, candidates: [] };
  }
}
