import { formatShortDate } from '../../rest/calendar.ts';
import type { Wait } from '../../program/native-program.ts';
import { CommandError } from '../command-error.ts';
import { parseOptions, resolvePath, type Command, type Shell } from '../command.ts';
import { listDirectory, statusAt, type FileStatus } from '../file-listing.ts';
import { inColumns } from '../line-editor.ts';
import { formatTable } from '../table.ts';

export const ls: Command = {
  name: 'ls',
  usage: '[-a] [-l] [-r] [-R] [-t] [FILE...]',
  summary: 'Lists files and directories.',
  details:
    '  -a  with names that begin with a dot\n  -l  long\n  -r  in reverse\n  -R  with subdirectories\n  -t  newest first',
  *run(shell, words) {
    const { flags, rest } = parseOptions('ls', words, 'alrRt');
    const names = rest.length === 0 ? ['.'] : rest;
    const files: FileStatus[] = [];
    const directories: string[] = [];
    const missing: string[] = [];
    for (const name of names) {
      const status = yield* statusAt(shell, resolvePath(shell.cwd, name));
      if (status === undefined) missing.push(name);
      else if (status.type === 'DIRECTORY') directories.push(name);
      else files.push({ ...status, pathSuffix: name });
    }
    for (const name of missing) yield* shell.print(`ls: ${name}: No such file or directory\n`);
    if (files.length > 0) yield* show(shell, files, flags);
    const isHeaded = directories.length + files.length + missing.length > 1 || flags.has('R');
    let isFirst = files.length === 0;
    for (const name of directories) {
      yield* listTree(shell, name, flags, isHeaded, isFirst);
      isFirst = false;
    }
  },
};

/** A listing that never ends by itself (a link to its own parent is shown, not entered). */
function* listTree(
  shell: Shell,
  name: string,
  flags: ReadonlySet<string>,
  isHeaded: boolean,
  isFirst: boolean,
): Wait<void> {
  const entries = yield* listDirectory(shell, resolvePath(shell.cwd, name));
  const shown = entries.filter(({ pathSuffix }) => flags.has('a') || !pathSuffix.startsWith('.'));
  if (isHeaded) yield* shell.print(`${isFirst ? '' : '\n'}${name}:\n`);
  yield* show(shell, shown, flags);
  if (!flags.has('R')) return;
  for (const entry of sorted(shown, flags)) {
    const isBelow = entry.type === 'DIRECTORY' && entry.symlink === undefined;
    if (!isBelow || entry.pathSuffix === '.' || entry.pathSuffix === '..') continue;
    const path = `${name}${name.endsWith('/') ? '' : '/'}${entry.pathSuffix}`;
    try {
      yield* listTree(shell, path, flags, true, false);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      yield* shell.print(`ls: ${path}: ${error.message}\n`);
    }
  }
}

function* show(shell: Shell, files: readonly FileStatus[], flags: ReadonlySet<string>): Wait<void> {
  const list = sorted(files, flags);
  if (flags.has('l')) yield* shell.print(formatTable(list.map(longRow), '<><<><<'));
  else yield* shell.print(inColumns(list.map(shortName), shell.sys.terminalSize().columns));
}

function sorted(files: readonly FileStatus[], flags: ReadonlySet<string>): readonly FileStatus[] {
  const byName = files.toSorted((a, b) => (a.pathSuffix < b.pathSuffix ? -1 : 1));
  const list = flags.has('t') ? byName.toSorted((a, b) => b.modificationTime - a.modificationTime) : byName;
  return flags.has('r') ? list.toReversed() : list;
}

function shortName({ pathSuffix, type }: FileStatus): string {
  return type === 'DIRECTORY' && !pathSuffix.endsWith('/') ? `${pathSuffix}/` : pathSuffix;
}

function longRow(file: FileStatus): readonly string[] {
  const { symlink, type } = file;
  const kind = symlink !== undefined ? 'l' : type === 'DIRECTORY' ? 'd' : '-';
  const name = symlink === undefined ? shortName(file) : `${file.pathSuffix} -> ${symlink}`;
  return [
    kind + modeText(file.permission),
    String(file.replication),
    file.owner,
    file.group,
    String(file.length),
    formatShortDate(file.modificationTime),
    name,
  ];
}

/** '755' → 'rwxr-xr-x'. */
function modeText(permission: string): string {
  const bits = Number.parseInt(permission, 8);
  return 'rwxrwxrwx'
    .split('')
    .map((letter, i) => ((bits & (0o400 >> i)) === 0 ? '-' : letter))
    .join('');
}
