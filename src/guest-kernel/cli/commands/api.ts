/** api: any call of the REST API, by its words: `api os version`, `api env FOO`, `api -m POST os hostname name=x`. */
import { utf8Decode } from '../../../emulator/util/bytes.ts';
import type { Wait } from '../../program/native-program.ts';
import { CommandError } from '../command-error.ts';
import type { Command, Shell, Word } from '../command.ts';
import { formatTable } from '../table.ts';

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly description: string;
}

interface Operation {
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters: readonly Parameter[];
}

interface Call extends Operation {
  readonly method: string;
  readonly path: string;
  readonly words: readonly string[];
}

export const api: Command = {
  name: 'api',
  usage: '[-m METHOD] [-r] [-h] API WORD... [param=value...]',
  summary: 'Makes any call of the REST API; without words lists what there is.',
  details:
    '  -m METHOD  GET, PUT, POST, DELETE (default: the only one, or GET)\n  -r         the answer as it came\n  -h         tells about the call instead of making it',
  *run(shell, words) {
    const { method, isRaw, isHelp, rest } = readOptions(words);
    const calls = yield* loadCalls(shell);
    const values = rest.filter((text) => text.includes('='));
    const path = rest.filter((text) => !text.includes('='));
    const fitting = calls.filter((call) => fits(call, path));
    const call = fitting.find((each) => each.method === (method ?? (fitting.length === 1 ? each.method : 'GET')));
    if (call === undefined) yield* shell.print(overview(calls, path));
    else if (isHelp) yield* shell.print(explain(call));
    else yield* make(shell, call, path, values, isRaw);
  },
};

function readOptions(words: readonly Word[]): {
  method: string | undefined;
  isRaw: boolean;
  isHelp: boolean;
  rest: string[];
} {
  const texts = words.map(({ text }) => text);
  let method: string | undefined;
  let isRaw = false;
  let isHelp = false;
  let at = 0;
  for (; at < texts.length && texts[at]?.startsWith('-') === true; at++) {
    if (texts[at] === '-m') method = texts[++at]?.toUpperCase();
    else if (texts[at] === '-r') isRaw = true;
    else if (texts[at] === '-h') isHelp = true;
    else throw new CommandError(`api: unknown option ${texts[at]}`);
  }
  return { method, isRaw, isHelp, rest: texts.slice(at) };
}

function* loadCalls({ api: client }: Shell): Wait<readonly Call[]> {
  const { paths } = yield* client.json<{ paths: Record<string, Record<string, Operation>> }>('GET', '/openapi.json');
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      ...operation,
      method: method.toUpperCase(),
      path,
      words: path.split('/').slice(1),
    })),
  );
}

/** A parameter in the path takes any word; the last one of /file and /env all the rest. */
function fits({ words }: Call, path: readonly string[]): boolean {
  if (words.length !== path.length) return false;
  return words.every((word, i) => word.startsWith('{') || word === path[i]);
}

function overview(calls: readonly Call[], path: readonly string[]): string {
  const [area] = path;
  const inArea = calls.filter(({ words }) => words[0] === area);
  if (inArea.length === 0) return `APIs: ${[...new Set(calls.map(({ words }) => words[0]))].join(' ')}\n`;
  return formatTable(
    inArea.map(({ words, method, summary }) => [words.join(' '), `[${method}]`, summary]),
    '<<<',
  );
}

function explain({ method, words, summary, parameters }: Call): string {
  const rows = parameters.map(({ name, required, description }) => [
    `  ${name}`,
    required ? 'required' : 'optional',
    description,
  ]);
  return `${method} ${words.join(' ')}\n${summary}\n${rows.length === 0 ? '' : formatTable(rows, '<<<')}`;
}

function* make(
  shell: Shell,
  call: Call,
  path: readonly string[],
  values: readonly string[],
  isRaw: boolean,
): Wait<void> {
  const query: Record<string, string> = {};
  for (const value of values) {
    const equals = value.indexOf('=');
    const name = value.slice(0, equals);
    if (!call.parameters.some((each) => each.in === 'query' && each.name === name)) {
      throw new CommandError(`api: unknown parameter ${name}`);
    }
    if (name in query) throw new CommandError(`api: parameter ${name} is given twice`);
    query[name] = value.slice(equals + 1);
  }
  const missing = call.parameters.find(
    (each) => each.in === 'query' && each.required && query[each.name] === undefined,
  );
  if (missing !== undefined) throw new CommandError(`api: parameter ${missing.name} is missing`);
  const { body } = yield* shell.api.bytes(call.method, `/${path.join('/')}`, query);
  const text = utf8Decode(body);
  const shown = isRaw ? text : render(text);
  yield* shell.print(shown === '' || shown.endsWith('\n') ? shown : `${shown}\n`);
}

/** Strings and numbers plain, lists of objects as tables, the rest as JSON. */
function render(text: string): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  const list = Array.isArray(value) ? value : (value as { list?: unknown }).list;
  if (Array.isArray(list) && list.length > 0 && list.every((each) => typeof each === 'string')) return list.join('\n');
  if (!Array.isArray(list) || list.length === 0 || typeof list[0] !== 'object') return JSON.stringify(value, null, 2);
  const columns = Object.keys(list[0] as object);
  const rows = (list as Record<string, unknown>[]).map((row) => columns.map((column) => cell(row[column])));
  return formatTable([columns, ...rows], '<'.repeat(columns.length));
}

function cell(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
