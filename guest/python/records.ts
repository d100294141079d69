/** What has been seen of each module on each side: committed, so that a run can be taken up again and compared with. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Outcome } from './outcome.ts';

export type SideName = 'native' | 'machine';

export type Records = Readonly<Record<string, Outcome>>;

const fileOf = (side: SideName): string => `guest/python/${side}.json`;

export function readRecords(side: SideName): Records {
  return existsSync(fileOf(side)) ? (JSON.parse(readFileSync(fileOf(side), 'utf8')) as Records) : {};
}

/** Writes at once: what has been seen stays when the run is cut short. One line a module. */
export function record(side: SideName, module: string, outcome: Outcome): void {
  const all = Object.entries({ ...readRecords(side), [module]: outcome }).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const lines = all.map(([name, each]) => `  ${JSON.stringify(name)}: ${JSON.stringify(each)}`);
  writeFileSync(fileOf(side), `{\n${lines.join(',\n')}\n}\n`);
}
