/**
 * What has been seen of each module on each side. `guest/python/SIDE.json` is committed; what runs since then have seen
 * lies in .cache until --save, so that a long run does not change files that git looks after.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Outcome } from './outcome.ts';

export type SideName = 'native' | 'machine';

export type Records = Readonly<Record<string, Outcome>>;

const committed = (side: SideName): string => `guest/python/${side}.json`;
const recent = (side: SideName): string => `.cache/python/records/${side}.json`;

const read = (file: string): Records => (existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Records) : {});

export const readCommitted = (side: SideName): Records => read(committed(side));

export const readRecords = (side: SideName): Records => ({ ...readCommitted(side), ...read(recent(side)) });

/** Writes at once: what has been seen stays when the run is cut short. */
export function record(side: SideName, module: string, outcome: Outcome): void {
  write(recent(side), { ...read(recent(side)), [module]: outcome });
}

export function save(side: SideName): void {
  write(committed(side), readRecords(side));
}

/** One line a module. */
function write(file: string, records: Records): void {
  const all = Object.entries(records).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const lines = all.map(([name, each]) => `  ${JSON.stringify(name)}: ${JSON.stringify(each)}`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `{\n${lines.join(',\n')}\n}\n`);
}
