/**
 * npm run test:python -- [MODULE…] [--native] [--resume] [--limit SECONDS] [--minutes N] [--save] [--together N] [-- OPTION…]
 *
 * Python's own regression tests, module by module, a dozen in each machine (or with --native on this processor, from the
 * same files). Without names: those that have passed natively. --resume leaves out what has a record, --limit is for each
 * module, after --minutes no further dozen begins. --save writes what has been seen into guest/python/{native,machine}.json,
 * from which docs/compat/python.md is made (npx vitest run guest/python -u); with it and no names nothing runs. What follows a second `--` goes
 * to Python's runner. --together is for many small modules: so many go through one process of Python; those behind one that
 * does not end have to be run again (--resume). Each module's output lies in .cache/python.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Ended, type Outcome, outcomeOf, runsOf } from './outcome.ts';
import { readRecords, record, save, type SideName } from './records.ts';
import { allModules, machine, native, type Side } from './sides.ts';

const LOGS = '.cache/python';

interface Plan {
  readonly name: SideName;
  readonly side: Side;
  readonly modules: readonly string[];
  readonly limitSeconds: number;
  readonly endsAtMs: number;
  readonly options: readonly string[];
  readonly isSaved: boolean;
  /** Modules that one process of Python goes through. */
  readonly together: number;
}

/** How many modules share a machine: what one has had translated the next need not wait for. */
const BATCH = 12;

/** @returns whether every module that ran passed or did not apply */
export async function testPython(args: readonly string[], bundle: string): Promise<boolean> {
  const plan = planOf(args, bundle);
  const { modules, limitSeconds, options } = plan;
  mkdirSync(LOGS, { recursive: true });
  const seen: Outcome[] = [];
  const tell = (module: string, ended: Ended): void => {
    const outcome = outcomeOf(ended);
    seen.push(outcome);
    writeFileSync(`${LOGS}/${module}.${plan.name}.log`, ended.output);
    // With options it is not the whole module.
    if (options.length === 0) record(plan.name, module, outcome);
    process.stdout.write(`[${seen.length}/${modules.length}] ${module} ${lineOf(outcome)}\n`);
  };
  const onEnd = (item: string, ended: Ended): void => {
    if (item.includes(',')) for (const each of runsOf(ended)) tell(each.module, each);
    else tell(item, ended);
  };
  const items = groups(modules, plan.together).map((group) => group.join(','));
  for (let at = 0; at < items.length && performance.now() < plan.endsAtMs;) {
    at += await plan.side({ modules: items.slice(at, at + BATCH), limitSeconds, options, onEnd });
  }
  if (plan.isSaved) save(plan.name);
  process.stdout.write(`${summaryOf(modules.length, seen)}\n`);
  return seen.every(({ verdict }) => verdict === 'passed' || verdict === 'skipped');
}

function groups(modules: readonly string[], size: number): readonly (readonly string[])[] {
  return modules.flatMap((_, i) => (i % size === 0 ? [modules.slice(i, i + size)] : []));
}

function planOf(args: readonly string[], bundle: string): Plan {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    tokens: true,
    options: {
      native: { type: 'boolean', default: false },
      resume: { type: 'boolean', default: false },
      limit: { type: 'string' },
      minutes: { type: 'string', default: '600' },
      save: { type: 'boolean', default: false },
      together: { type: 'string', default: '1' },
    },
  });
  const cut = args.indexOf('--');
  const options = cut === -1 ? [] : args.slice(cut + 1);
  const named = positionals.slice(0, positionals.length - options.length);
  const name = values.native ? 'native' : 'machine';
  const wanted = named.length > 0 || values.save ? named : values.native ? allModules() : passedNatively();
  const known = readRecords(name);
  return {
    name,
    side: values.native ? native : machine(bundle),
    modules: values.resume ? wanted.filter((module) => known[module] === undefined) : wanted,
    limitSeconds: Number(values.limit ?? (values.native ? 400 : 600)),
    endsAtMs: performance.now() + Number(values.minutes) * 60_000,
    options,
    isSaved: values.save,
    together: Number(values.together),
  };
}

/** The quickest first. */
function passedNatively(): readonly string[] {
  const passed = Object.entries(readRecords('native')).filter(([, { verdict }]) => verdict === 'passed');
  return passed.toSorted(([, a], [, b]) => a.seconds - b.seconds).map(([module]) => module);
}

/** How many failing methods of a module are named. */
const NAMED = 6;

function lineOf({ verdict, tests, failed, seconds }: Outcome): string {
  const names = failed.slice(0, NAMED).map((id) => id.replace(/^test\./, ''));
  const rest = failed.length > NAMED ? [`and ${failed.length - NAMED} more`] : [];
  return [`${verdict}, ${tests} tests, ${seconds.toFixed(1)} s`, ...names, ...rest].join('\n    ');
}

function summaryOf(wanted: number, seen: readonly Outcome[]): string {
  const count = (verdict: Outcome['verdict']): string =>
    `${seen.filter((each) => each.verdict === verdict).length} ${verdict}`;
  const verdicts = (['passed', 'skipped', 'failed', 'timed out', 'died'] as const).map(count);
  return `${seen.length} of ${wanted} modules: ${verdicts.join(', ')}`;
}
