import { Activity } from 'lucide-react';
import { useSyncExternalStore, type JSX } from 'react';
import { formatBytes } from '../../launches.ts';
import { usePage } from '../../page-context.tsx';
import type { Sample } from '../../statistics-feed.ts';
import type { MachineStatistics, Tier } from '../../../workers/protocol/machine.ts';
import { TimeChart } from './time-chart.tsx';
import './statistics.css';

/** Speed, where the time goes and what was translated, live. */
export function StatisticsPanel(): JSX.Element {
  const { store } = usePage();
  const samples = useSyncExternalStore(store.statistics.subscribe, store.statistics.snapshot);
  const latest = samples.at(-1);
  if (latest === undefined) {
    return (
      <div className="empty">
        <Activity size={28} strokeWidth={1.5} aria-hidden />
        <p>Figures of the machine appear here once it runs.</p>
      </div>
    );
  }
  return (
    <div className="panel-body">
      <Speed samples={samples} latest={latest} />
      <TimeShares samples={samples} latest={latest} />
      <Figures statistics={latest.statistics} />
    </div>
  );
}

interface SamplesProps {
  readonly samples: readonly Sample[];
  readonly latest: Sample;
}

const count = (value: number): string => Math.round(value).toLocaleString();
const percent = (share: number): string => `${Math.round(share * 100)} %`;

function Speed({ samples, latest }: SamplesProps): JSX.Element {
  const mips = [{ label: 'Mips', color: '--accent', values: samples.map((sample) => sample.mips) }];
  return (
    <section aria-label="Speed">
      <h2 className="section-title">Million instructions per second</h2>
      <p className="statistics-now numeric">{latest.mips === null ? 'idle' : count(latest.mips)}</p>
      <TimeChart
        label="Million instructions per second over the last two minutes"
        times={samples.map((sample) => sample.timeMs)}
        series={mips}
        format={count}
      />
    </section>
  );
}

const TIER_ROWS: readonly { readonly tier: Tier; readonly title: string; readonly color: string }[] = [
  { tier: 'kernel', title: 'Kernel', color: '--term-blue' },
  { tier: 'translating', title: 'Translating', color: '--term-yellow' },
  { tier: 'reference', title: 'Reference interpreter', color: '--term-red' },
  { tier: 'cold', title: 'Cold code', color: '--term-magenta' },
  { tier: 'regions', title: 'Compiled code', color: '--term-green' },
];

function TimeShares({ samples, latest }: SamplesProps): JSX.Element {
  const series = TIER_ROWS.map(({ tier, title, color }) => ({
    label: title,
    color,
    values: samples.map((sample) => sample.shares[tier]),
  }));
  return (
    <section aria-label="Where the time goes">
      <h2 className="section-title">Where the time goes</h2>
      <ul className="statistics-legend">
        {TIER_ROWS.map(({ tier, title, color }) => (
          <li key={tier}>
            <i style={{ background: `var(${color})` }} aria-hidden />
            {title} <span className="numeric">{percent(latest.shares[tier])}</span>
          </li>
        ))}
      </ul>
      <TimeChart
        label="Shares of the machine's time over the last two minutes"
        times={samples.map((sample) => sample.timeMs)}
        series={series}
        isStacked
        most={1}
        format={percent}
      />
    </section>
  );
}

function Figures({ statistics }: { readonly statistics: MachineStatistics }): JSX.Element {
  return (
    <section aria-label="Counters">
      <h2 className="section-title">Since the start</h2>
      <table className="statistics-table">
        <tbody>
          {figureRows(statistics).map(([title, value]) => (
            <tr key={title}>
              <th scope="row">{title}</th>
              <td className="numeric">{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function figureRows(statistics: MachineStatistics): readonly (readonly [title: string, value: string])[] {
  const { cpu, engine } = statistics;
  if (cpu === undefined) return [];
  return [
    ['Engine', engine?.description ?? ''],
    ['Instructions', count(cpu.retired)],
    ['Blocks decoded', count(cpu.blocksDecoded)],
    ['Blocks compiled', count(cpu.blocksCompiled)],
    ['Regions compiled', `${count(cpu.regionsCompiled)} (${count(cpu.live.regions)} live)`],
    ['Regions dropped', count(cpu.regionsDropped)],
    ['Modules compiled', `${count(cpu.modulesCompiled)} (${count(cpu.live.modules)} live)`],
    ['Modules found translated', count(cpu.modulesReused)],
    ['Code generated', `${formatBytes(cpu.bytesGenerated)} (${formatBytes(cpu.live.bytes)} live)`],
    ['Code dropped for room', count(cpu.flushes)],
    ['Time translating', `${count(cpu.translateMs)} ms`],
    ['Region entries', count(cpu.entries)],
    ['Cold blocks', count(cpu.coldBlocks)],
    ...Object.entries(cpu.exits).map(([cause, times]) => [`Exits: ${cause}`, count(times)] as const),
    ['Address spaces', count(statistics.namespaces)],
    ['Memory of programs', formatBytes(statistics.usedMemoryBytes)],
    ['Longest slice', `${count(statistics.longestSliceMs)} ms`],
  ];
}
