/** docs/compat/python.md: what Python's regression tests say of the machine. */
import { missesOf, skipReason } from './misses.ts';
import type { Outcome } from './outcome.ts';
import type { Records } from './records.ts';

const HEAD = `# Python's own regression tests

Made from guest/python/native.json and machine.json (\`npx vitest run guest/python -u\`), which \`npm run test:python\` fills: the
modules of Debian's libpython3.11-testsuite, on the host's processor from the image's files in a chroot with its own network
and processes, and in the machine under Node. The measure is the list of modules that pass natively.
`;

export function pythonReport(native: Records, machine: Records): string {
  const passing = Object.keys(native).filter((module) => native[module]?.verdict === 'passed');
  const run = passing.filter((module) => machine[module] !== undefined);
  const good = run.filter((module) => isGood(machine[module]));
  const counted = run.filter((module) => machine[module]?.skipped !== undefined);
  const notRun = passing.filter((module) => machine[module] === undefined);
  const others = Object.entries(native).filter(([, { verdict }]) => verdict !== 'passed' && verdict !== 'skipped');
  const skipped = Object.keys(native).filter((module) => native[module]?.verdict === 'skipped');
  return [
    HEAD,
    `- ${Object.keys(native).length} modules ran natively: ${passing.length} passed, ${skipped.length} do not apply, ${others.length} did not pass.`,
    `- Of the ${passing.length}, ${run.length} ran in the machine: **${good.length} passed${percent(good.length, run.length)}**; ${notRun.length} have not run there yet.`,
    `- Tests in these ${run.length} modules: ${total(native, run, 'tests')} natively; ${countMisses(machine, run)} miss in the machine.`,
    `- Of the tests in ${counted.length} of them ${total(native, counted, 'skipped')} are skipped natively and ${total(machine, counted, 'skipped')} in the machine (they ask for other systems, another user, more memory, or a network); the other modules ran before skipped tests were counted.`,
    '',
    '## Misses',
    '',
    '| test | reason |',
    '|---|---|',
    ...run.flatMap((module) => missRows(module, machine[module])),
    '',
    ...skipSection(native, machine, good),
    ...section('Passed in the machine', good),
    ...section('Not run in the machine', notRun),
    ...section('Do not apply natively (skipped)', skipped),
    '## Did not pass natively',
    '',
    'Some need what the image does not have (a compiler, pip, documentation) or more time than the host had.',
    '',
    '| module | natively | in the machine |',
    '|---|---|---|',
    ...others.map(([module, outcome]) => `| ${module} | ${inWords(outcome)} | ${inWords(machine[module])} |`),
    '',
  ].join('\n');
}

/** A module of the native list that skips itself in the machine has not passed there. */
const isGood = (outcome: Outcome | undefined): boolean => outcome?.verdict === 'passed';

function percent(part: number, whole: number): string {
  return whole === 0 ? '' : ` (${((100 * part) / whole).toFixed(1)} %)`;
}

function total(records: Records, modules: readonly string[], what: 'tests' | 'skipped'): number {
  return modules.reduce((sum, module) => sum + (records[module]?.[what] ?? 0), 0);
}

function countMisses(records: Records, modules: readonly string[]): number {
  return modules.reduce((sum, module) => sum + missesIn(module, records[module]).length, 0);
}

const missesIn = (module: string, outcome: Outcome | undefined): ReturnType<typeof missesOf> =>
  outcome === undefined ? [] : missesOf(module, outcome);

function missRows(module: string, outcome: Outcome | undefined): readonly string[] {
  return missesIn(module, outcome).map(({ name, reason }) => `| ${name} | ${reason} |`);
}

/** A module whose tests are skipped in the machine only has passed less than it seems. */
function skipSection(native: Records, machine: Records, modules: readonly string[]): readonly string[] {
  const rows = modules.flatMap((module) => {
    const [there = 0, here = 0] = [native[module]?.skipped, machine[module]?.skipped];
    return here > there ? [`| ${module} | ${there} | ${here} | ${skipReason(module)} |`] : [];
  });
  if (rows.length === 0) return [];
  return [
    '## Skipped in the machine',
    '',
    'Modules that passed, of which more tests are skipped in the machine than natively.',
    '',
    '| module | natively | in the machine | reason |',
    '|---|---|---|---|',
    ...rows,
    '',
  ];
}

function section(title: string, modules: readonly string[]): readonly string[] {
  return modules.length === 0 ? [] : [`## ${title}`, '', modules.join(', '), ''];
}

const NAMED = 4;

function inWords(outcome: Outcome | undefined): string {
  if (outcome === undefined) return 'not run';
  const { verdict, failed } = outcome;
  if (failed.length === 0) return verdict;
  const names = failed.slice(0, NAMED).map((id) => id.split('.').at(-1));
  return `${failed.length} failed: ${names.join(', ')}${failed.length > NAMED ? ', …' : ''}`;
}
