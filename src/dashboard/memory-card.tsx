import type { JSX } from 'react';
import type { MachineLook } from './batch.ts';
import { formatBytes } from './format.ts';
import { LineChart } from './line-chart.tsx';
import type { Sample } from './machine-feed.ts';

export function MemoryCard(props: { readonly look: MachineLook; readonly samples: readonly Sample[] }): JSX.Element {
  const { look, samples } = props;
  const used = look.memoryTotal - look.memoryFree;
  return (
    <section className="card" aria-labelledby="memory-title">
      <header>
        <h2 id="memory-title">Memory</h2>
        <p className="figure" data-testid="memory">
          {formatBytes(used)} <span className="muted">of {formatBytes(look.memoryTotal)}</span>
        </p>
      </header>
      <LineChart
        label={`Memory in use, now ${formatBytes(used)}`}
        times={samples.map(({ timeMs }) => timeMs)}
        lines={[
          { label: 'Used', color: '--line-1', values: samples.map(({ memoryUsed }) => memoryUsed), isFilled: true },
        ]}
        most={look.memoryTotal}
        format={formatBytes}
      />
    </section>
  );
}
