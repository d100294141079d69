/** What the rows of a proof run have shown, kept between runs so that a long one can be taken up again. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Row } from './rows.ts';

const FILE = '.cache/proof/journal.json';

interface Entry {
  readonly isEqual: boolean;
  readonly nativeSeconds: number;
  readonly machineSeconds: number;
  /** Hash of the machine, the image and the script. */
  readonly inputs: string;
}

type Entries = Readonly<Record<string, Entry>>;

const read = (): Entries => (existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Entries) : {});

/** Writes at once: what has been shown stays when the run is cut short. */
export function note(name: string, entry: Entry): void {
  mkdirSync(dirname(FILE), { recursive: true });
  writeFileSync(FILE, `${JSON.stringify({ ...read(), [name]: entry }, null, 2)}\n`);
}

/** Whether the row was equal with this machine, image and script. */
export function isShown(name: string, inputs: string): boolean {
  const entry = read()[name];
  return entry !== undefined && entry.isEqual && entry.inputs === inputs;
}

export function inputsOf({ name, image, args = [] }: Row, scripts: string): string {
  const script = join(scripts, `${name}.sh`);
  const others = readFileSync(script, 'utf8').matchAll(/\/mnt\/([\w.-]+)/g);
  const files = [script, ...[...others].map(([, file = '']) => join(scripts, file))];
  return hashOfInputs([...files, `.cache/images/${image}.stamp`], args);
}

/** A hash of the machine's bundle and of `files`. */
export function hashOfInputs(files: readonly string[], more: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(more));
  for (const file of ['.cache/node/osv.cjs', ...files]) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}

/** A line for each row of `names`: how long it took on either side. */
export function table(names: readonly string[]): string {
  const entries = read();
  const lines = names.flatMap((name) => {
    const entry = entries[name];
    if (entry === undefined) return [];
    const seconds = [entry.nativeSeconds, entry.machineSeconds].map((each) => each.toFixed(1).padStart(8));
    return [`${name.padEnd(24)}${entry.isEqual ? 'equal' : 'OTHER'}${seconds.join('')}`];
  });
  return [`${'row'.padEnd(29)}${'native s'.padStart(8)}${'machine'.padStart(8)}`, ...lines].join('\n');
}
