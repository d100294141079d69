/** What the CLI knows of the machine's files: the FileStatus model of REST /file. */
import type { Wait } from '../program/native-program.ts';
import { CommandError } from './command-error.ts';
import type { Shell } from './command.ts';

export interface FileStatus {
  readonly accessTime: number;
  readonly length: number;
  readonly modificationTime: number;
  readonly owner: string;
  readonly group: string;
  readonly pathSuffix: string;
  readonly permission: string;
  readonly replication: number;
  readonly symlink?: string;
  readonly type: 'FILE' | 'DIRECTORY' | 'SYMLINK';
}

/** Undefined where nothing is. */
export function* statusAt({ api }: Shell, path: string): Wait<FileStatus | undefined> {
  const { status, body } = yield* api.call('GET', `/file${path}`, { op: 'GETFILESTATUS' });
  if (status !== 200) return undefined;
  return JSON.parse(String.fromCharCode(...body)) as FileStatus;
}

/** @throws CommandError in the words of the shell */
export function* requireDirectory(shell: Shell, command: string, path: string): Wait<void> {
  const status = yield* statusAt(shell, path);
  if (status === undefined) throw new CommandError(`${command}: ${path}: No such file or directory`);
  if (status.type !== 'DIRECTORY') throw new CommandError(`${command}: ${path}: Not a directory`);
}

export function* listDirectory({ api }: Shell, path: string): Wait<readonly FileStatus[]> {
  return yield* api.json<readonly FileStatus[]>('GET', `/file${path}`, { op: 'LISTSTATUS' });
}
