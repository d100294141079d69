/** docs/compat/syscalls.md is the rows as a table; a difference means that it is to be written anew (vitest -u). */
import { expect, it } from 'vitest';
import { allSyscalls } from './boot.ts';

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
