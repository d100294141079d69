/** docs/compat/syscalls.md is the rows as a table; a difference means that it is to be written anew (vitest -u). */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { allSyscalls } from './boot.ts';

/** Calls that programs reach by another word. */
const WORDS: Readonly<Record<string, string>> = {
  rt_sigreturn: 'signal(', // at the end of each handler
  mq_timedsend: 'mq_send(',
  mq_getsetattr: 'mq_getattr(',
  futex_waitv: 'syscall(449',
  futex_wake: 'syscall(454',
  futex_wait: 'syscall(455',
  futex_requeue: 'syscall(456',
};
const GUEST = join(import.meta.dirname, '../../guest');
const FOLDERS = ['tests', 'tests/errors', 'tests/osv', 'apps/launcher'];

it('each system call is made by a program that runs on Linux and in the machine, or by the launcher', () => {
  const sources = FOLDERS.flatMap((folder) =>
    readdirSync(join(GUEST, folder))
      .filter((name) => name.endsWith('.c'))
      .map((name) => readFileSync(join(GUEST, folder, name), 'utf8')),
  ).join('\n');
  const isCalled = (name: string): boolean =>
    sources.includes(WORDS[name] ?? `SYS_${name}`) ||
    new RegExp(String.raw`\b${name}\(|CALL(_OK)?\(${name}\b`).test(sources);
  const missing = allSyscalls(new Map(), []).filter(({ name }) => !isCalled(name));
  expect(missing.map(({ name }) => name)).toEqual([]);
});

it('the table of system calls is what the rows say', async () => {
  const rows = allSyscalls(new Map(), []).toSorted((a, b) => a.nr - b.nr);
  const lines = rows.map(({ nr, name, args, support }) => {
    const words = Object.entries(args).map(([argument, kind]) => `${argument}: ${kind}`);
    return `| ${nr} | ${name} | ${words.join(', ')} | ${support === 'full' ? 'full' : support.missing} |`;
  });
  const text = [
    '# System calls',
    '',
    'Generated from the rows in `src/guest-kernel/syscalls/`. "full", or what is missing. A call without a row answers',
    'ENOSYS after one line on the console for each program.',
    '',
    `${rows.length} calls, ${rows.filter(({ support }) => support === 'full').length} of them in full.`,
    '',
    '| number | name | arguments | support |',
    '|---|---|---|---|',
    ...lines,
    '',
  ].join('\n');
  await expect(text).toMatchFileSnapshot('../../docs/compat/syscalls.md');
});
