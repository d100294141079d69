/**
 * npm run bench [-- --quick --rounds 5 --columns native,qemu,node,chromium,v86 --kernels fib,qsort
 *                   --parts kernels,programs,latencies,processes,page --programs hello,bash --engine auto --scale 1 --minutes 30
 *                   --save]
 *
 * Everything in one run, interleaved: each round has fresh processes, browsers and machines, and runs each program once
 * in every column. --quick takes one round of a few kernels, the latencies and the page. --save writes baseline.json,
 * chart.svg and the tables of README.md.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { KERNELS } from '../emulator/kernels.ts';
import { chromiumSession } from './chromium-session.ts';
import { COLUMNS, type ColumnName, type Job, type Session } from './column.ts';
import { type Figures, Samples } from './figures.ts';
import { hostSession } from './host-session.ts';
import { LATENCIES, latencyJob } from './jobs.ts';
import { type Program, programJob, PROGRAMS, TREE } from './programs.ts';
import type { MachineSession } from './machine-session.ts';
import { nodeSession } from './node-session.ts';
import { runStarts } from './page-starts.ts';
import { PROCESS_COSTS, processJob } from './processes.ts';
import { markdownTable, svgChart } from './report.ts';
import { inEach, run, say, type Sessions } from './rounds.ts';
import { runKernel } from './run-kernels.ts';
import { v86Session } from './v86-session.ts';

const PARTS = ['kernels', 'programs', 'latencies', 'processes', 'page'] as const;
const ALL_KERNELS = KERNELS.map((kernel) => kernel.name);

const WHOLE = {
  rounds: '5',
  columns: COLUMNS.join(),
  kernels: ALL_KERNELS.join(),
  parts: PARTS.join(),
  programs: PROGRAMS.map((program) => program.name).join(),
  scale: '1',
  minutes: '30',
};
const QUICK: Partial<typeof WHOLE> = {
  rounds: '1',
  columns: 'native,qemu,chromium',
  kernels: 'sha256,hash64,fib,interp,tree,mandel,packed-float,memcpy',
  parts: 'kernels,latencies,page',
};

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    columns: { type: 'string' },
    kernels: { type: 'string' },
    parts: { type: 'string' },
    programs: { type: 'string' },
    engine: { type: 'string', default: 'auto' },
    scale: { type: 'string' },
    minutes: { type: 'string' },
    // Where bench/main.mjs serves the page.
    page: { type: 'string', default: 'http://localhost:8080/' },
    save: { type: 'boolean', default: false },
  },
});
const options = { ...WHOLE, ...(values.quick ? QUICK : {}), ...values };
const wanted = (list: string, name: string): boolean => list.split(',').includes(name);
const columns = COLUMNS.filter((column) => wanted(options.columns, column));
const kernels = KERNELS.filter((kernel) => wanted(options.kernels, kernel.name));
const programs = PROGRAMS.filter((program) => wanted(options.programs, program.name));
const rounds = Number(options.rounds);
const scale = Number(options.scale);

const samples = new Samples();
const tierMs: Record<string, number> = {};
let engine = options.engine;

async function openSessions(pageUrl: string): Promise<Sessions> {
  const openers: Record<Exclude<ColumnName, 'v86'>, () => Promise<Session>> = {
    native: async () => await Promise.resolve(hostSession([])),
    qemu: async () => await Promise.resolve(hostSession(['qemu-x86_64'])),
    node: async () => await nodeSession('.cache/node/bench-machine.cjs', '.cache/images/bench.img', options.engine),
    chromium: async () => await chromiumSession(pageUrl, 'bench', options.engine),
  };
  const sessions: Sessions = new Map();
  for (const column of columns) if (column !== 'v86') sessions.set(column, await openers[column]());
  return sessions;
}

/** From the wish to start it to its end; it must print what it prints natively. */
async function runProgram(program: Program, sessions: Sessions): Promise<void> {
  let expected: string | undefined;
  await inEach(
    (column) => programJob(program, column),
    sessions,
    async (column, session, job) => {
      // The host's sessions put qemu's own command first where a program of ours is run; here the job does.
      const { output, wallMs } = await run(column === 'qemu' ? hostSession([]) : session, job);
      const text = output.replaceAll(TREE, '');
      expected ??= text;
      if (text !== expected)
        throw new Error(`it prints ${JSON.stringify(text.slice(0, 200))}, not ${expected.slice(0, 200)}`);
      samples.add({ name: program.name, group: 'program', unit: 'ms' }, column, wallMs);
    },
  );
}

/** Jobs that print what they cost, in ns. */
async function runCosts(
  costs: readonly { readonly name: string; readonly job: (column: string) => Job }[],
  group: 'latency' | 'process',
  sessions: Sessions,
): Promise<void> {
  for (const { name, job } of costs) {
    await inEach(job, sessions, async (column, session, its) => {
      const { output } = await run(session, its);
      samples.add({ name, group, unit: 'ns' }, column, Number(output));
    });
  }
}

async function runRound(pageUrl: string): Promise<void> {
  const sessions = await openSessions(pageUrl);
  const pc = columns.includes('v86') && wanted(options.parts, 'kernels') ? await v86Session() : undefined;
  try {
    if (wanted(options.parts, 'kernels')) {
      for (const kernel of kernels) await runKernel(samples, kernel, scale, sessions, pc);
    }
    if (wanted(options.parts, 'programs')) for (const program of programs) await runProgram(program, sessions);
    if (wanted(options.parts, 'latencies')) {
      const costs = LATENCIES.map((latency) => ({ name: latency.name, job: () => latencyJob(latency) }));
      await runCosts(costs, 'latency', sessions);
    }
    if (wanted(options.parts, 'processes')) {
      const costs = PROCESS_COSTS.map((cost) => ({
        name: cost.name,
        job: (column: string) => processJob(cost, column),
      }));
      await runCosts(costs, 'process', sessions);
    }
    if (wanted(options.parts, 'page') && columns.includes('chromium'))
      await runStarts(samples, pageUrl, options.engine);
    await noteShares(sessions.get('chromium') as MachineSession | undefined);
  } finally {
    await Promise.all([...sessions.values(), ...(pc === undefined ? [] : [pc])].map((session) => session.close()));
  }
}

async function noteShares(machine: MachineSession | undefined): Promise<void> {
  const statistics = await machine?.statistics();
  engine = statistics?.engine?.description ?? engine;
  for (const [tier, ms] of Object.entries(statistics?.cpu?.tierMs ?? {})) {
    if (tier !== 'idle') tierMs[tier] = (tierMs[tier] ?? 0) + ms;
  }
}

function figures(): Figures {
  const totalMs = Object.values(tierMs).reduce((sum, ms) => sum + ms, 0);
  const shares = Object.fromEntries(
    Object.entries(tierMs).map(([tier, ms]) => [tier, Number((ms / totalMs).toFixed(4))]),
  );
  return { host: hostText(), rounds: done, engine, rows: samples.rows(), shares };
}

function hostText(): string {
  const browser = execFileSync(process.env['CHROMIUM'] ?? '/usr/bin/chromium', ['--version'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return `${cpus()[0]?.model.trim() ?? 'unknown processor'}, Node ${process.versions.node}, ${browser.trim()}`;
}

/** Replaces what stands between the two marks of the README. */
function saveAll(measured: Figures): void {
  writeFileSync('bench/baseline.json', `${JSON.stringify(measured, undefined, 2)}\n`);
  writeFileSync('bench/chart.svg', svgChart(measured));
  const [before = '', rest = ''] = readFileSync('bench/README.md', 'utf8').split(/(?<=<!-- figures -->\n)/);
  const after = rest.slice(rest.indexOf('<!-- end of figures -->'));
  writeFileSync('bench/README.md', `${before}\n${markdownTable(measured)}\n${after}`);
}

const startMs = performance.now();
let done = 0;
while (done < rounds) {
  await runRound(options.page);
  done++;
  const tookS = (performance.now() - startMs) / 1_000;
  say(`round ${done} of ${rounds}, ${Math.round(tookS)} s`);
  if ((tookS / done) * (done + 1) > Number(options.minutes) * 60) break; // another would take longer than is wanted
}
const measured = figures();
process.stdout.write(markdownTable(measured));
if (options.save) saveAll(measured);
process.exit();
