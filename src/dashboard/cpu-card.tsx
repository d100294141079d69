import type { JSX } from 'react';
import type { MachineLook } from './batch.ts';
import { formatPercent } from './format.ts';
import { LineChart, type Line } from './line-chart.tsx';
import type { Sample } from './machine-feed.ts';

export function CpuCard(props: {
  readonly look: MachineLook;
  readonly samples: readonly Sample[];
  readonly colors: ReadonlyMap<number, string>;
}): JSX.Element {
  const { look, samples, colors } = props;
  const now = samples.at(-1);
  const all: Line = {
    label: 'All',
    color: '--line-all',
    values: samples.map(({ cpuPercent }) => cpuPercent),
    isFilled: true,
  };
  const shown = look.programs.filter(({ tid }) => colors.has(tid));
  const lines = shown.map((program) => ({
    label: program.command,
    color: colors.get(program.tid) ?? '',
    values: samples.map(({ programPercent }) => programPercent.get(program.tid) ?? null),
  }));
  return (
    <section className="card wide" aria-labelledby="cpu-title">
      <header>
        <h2 id="cpu-title">CPU</h2>
        <p className="figure" data-testid="cpu">
          {formatPercent(now?.cpuPercent ?? 0)}
        </p>
      </header>
      <LineChart
        label={`CPU time of all programs, now ${formatPercent(now?.cpuPercent ?? 0)}`}
        times={samples.map(({ timeMs }) => timeMs)}
        lines={[all, ...lines]}
        most={look.processors * 100}
        format={formatPercent}
      />
      <ul className="legend">
        <li>
          <i style={{ background: 'var(--line-all)' }} />
          All
        </li>
        {shown.map(({ tid, command }) => (
          <li key={tid}>
            <i style={{ background: `var(${colors.get(tid)})` }} />
            <span className="name">{command}</span>
            <span className="muted">{formatPercent(now?.programPercent.get(tid) ?? 0)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
