/** docs/compat/rest.md and docs/compat/cli.md are made from the rows; `npx vitest run -u` writes them anew. */
import { expect, test } from 'vitest';
import { COMMANDS } from '../cli/commands.ts';
import { AREAS } from './router.ts';

const cell = (text: string): string => text.replaceAll('|', String.raw`\|`);

const row = (...cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;

test('docs/compat/rest.md lists every endpoint', async () => {
  const lines = [
    '# REST endpoints',
    '',
    'Generated from `src/guest-kernel/rest/endpoints`. The parameters marked with * are required. OSv has all but those',
    'marked as ours; it has besides the rest of `/trace/*`, `/jvm/*` and `/jolokia`, which answer 404 here.',
    '',
  ];
  for (const { name, routes } of AREAS) {
    lines.push(`## /${name}`, '', row('Call', 'Parameters', 'What it does'), row('---', '---', '---'));
    for (const route of routes) {
      const parameters = route.parameters
        .filter(({ where }) => where === 'query')
        .map((each) => `${each.name}${each.isRequired ? '*' : ''}`);
      const call = `\`${route.method} ${route.path.replaceAll('*}', '}')}\``;
      lines.push(row(call, parameters.join(', '), `${route.summary}${route.isOurs ? ' (ours)' : ''}`));
    }
    lines.push('');
  }
  lines.push(
    '## Where the answers differ from OSv',
    '',
    '- HTTP/1.1 with keep-alive; OSv speaks HTTP/1.0 and closes after each reply.',
    '- A verb other than GET, HEAD, PUT, POST, DELETE, OPTIONS is 405; OSv takes it for GET.',
    '- `GET /app/finished` with a tid that is no number is 400; in OSv 500.',
    '- A link in a listing shows its target as in OSv, and has `symlink` besides.',
    '- `RENAME`, `COPY` and `WRITE` change permissions only when `permission` is given; OSv sets 777 each time.',
    '- In a batch a body that is no JSON becomes a JSON string; OSv splices it in raw, and the whole is no JSON.',
    '',
  );
  await expect(lines.join('\n')).toMatchFileSnapshot('../../../docs/compat/rest.md');
});

test('docs/compat/cli.md lists every command', async () => {
  const lines = [
    '# Commands of the CLI',
    '',
    'Generated from `src/guest-kernel/cli/commands`.',
    '',
    row('Command', 'What it does'),
    row('---', '---'),
    ...[...COMMANDS.values()].map(({ name, usage, summary }) => row(`\`${`${name} ${usage}`.trim()}\``, summary)),
    '',
  ];
  await expect(lines.join('\n')).toMatchFileSnapshot('../../../docs/compat/cli.md');
});
