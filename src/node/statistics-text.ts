/** The statistics of a machine as a table for stderr. */
import type { CpuStatistics, EngineReport, KernelStatistics } from '../guest-kernel/index.ts';

/** Lines like `instructions      1,234,567  (56.7 Mips)`. */
export function statisticsText(engine: EngineReport, statistics: KernelStatistics): string {
  const { cpu } = statistics;
  const runMs = guestMs(cpu);
  const totalMs = runMs + cpu.tierMs.kernel + cpu.tierMs.translating;
  const share = (ms: number): string => `${ms.toFixed(1)} ms  (${((100 * ms) / Math.max(totalMs, 1e-9)).toFixed(1)} %)`;
  const rows: readonly (readonly [string, string])[] = [
    ['engine', engine.description],
    ['instructions', `${count(cpu.retired)}  (${(cpu.retired / 1000 / Math.max(runMs, 1e-9)).toFixed(1)} Mips)`],
    ['blocks decoded', count(cpu.blocksDecoded)],
    ['blocks compiled', count(cpu.blocksCompiled)],
    [
      'regions compiled',
      `${count(cpu.regionsCompiled)}  (live ${count(cpu.live.regions)}, dropped ${count(cpu.regionsDropped)})`,
    ],
    [
      'modules compiled',
      `${count(cpu.modulesCompiled)}  (live ${count(cpu.live.modules)}, from the store ${count(cpu.modulesReused)})`,
    ],
    ['code generated', `${count(cpu.bytesGenerated)} bytes  (live ${count(cpu.live.bytes)})`],
    ['code flushes', count(cpu.flushes)],
    ['region entries', count(cpu.entries)],
    ['cold blocks', count(cpu.coldBlocks)],
    ...Object.entries(cpu.exits).map(([cause, times]) => [`exits: ${cause}`, count(times)] as const),
    ...TIMED.map(([tier, title]) => [`time: ${title}`, share(cpu.tierMs[tier])] as const),
  ];
  return rows.map(([name, value]) => `${name.padEnd(24)}${value}\n`).join('');
}

const TIMED = [
  ['regions', 'compiled regions'],
  ['cold', 'cold tier'],
  ['reference', 'reference'],
  ['translating', 'translating'],
  ['kernel', 'kernel'],
] as const;

function guestMs({ tierMs }: CpuStatistics): number {
  return tierMs.regions + tierMs.cold + tierMs.reference;
}

function count(value: number): string {
  return value.toLocaleString('en');
}
