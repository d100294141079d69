import { useState, type JSX } from 'react';
import { formatCpuTime, formatPercent } from './format.ts';
import type { MachineLook } from './batch.ts';
import type { Sample } from './machine-feed.ts';

/** All threads, the busiest first; the field above narrows them by name or id. */
export function ThreadsCard(props: { readonly look: MachineLook; readonly now: Sample | undefined }): JSX.Element {
  const { look, now } = props;
  const [wanted, setWanted] = useState('');
  const share = (id: number): number => now?.threadPercent.get(id) ?? 0;
  const threads = look.threads.list
    .filter(({ id, name }) => wanted === '' || `${id} ${name}`.toLowerCase().includes(wanted.toLowerCase()))
    .toSorted((a, b) => Math.round(share(b.id)) - Math.round(share(a.id)) || a.id - b.id);
  return (
    <section className="card wide" aria-labelledby="threads-title">
      <header>
        <h2 id="threads-title">Threads</h2>
        <input
          type="search"
          placeholder="Find by name or id"
          aria-label="Find threads"
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
        />
      </header>
      <div className="scroll" tabIndex={0} role="region" aria-labelledby="threads-title">
        <table>
          <thead>
            <tr>
              <th className="number">Id</th>
              <th>Name</th>
              <th>State</th>
              <th>CPU</th>
              <th className="number">CPU time</th>
              <th className="number">Switches</th>
            </tr>
          </thead>
          <tbody>
            {threads.map((thread) => (
              <tr key={thread.id}>
                <td className="number">{thread.id}</td>
                <td className="mono">{thread.name}</td>
                <td>
                  <span className={`badge ${thread.status === 'waiting' ? '' : 'good'}`}>{thread.status}</span>
                </td>
                <td>
                  <div className="share">
                    <div className="meter" aria-hidden>
                      <i style={{ width: `${share(thread.id)}%` }} />
                    </div>
                    <span>{formatPercent(share(thread.id))}</span>
                  </div>
                </td>
                <td className="number">{formatCpuTime(thread.cpu_ms)}</td>
                <td className="number">{thread.switches.toLocaleString('en')}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {threads.length === 0 && <p className="muted">No thread of that name.</p>}
      </div>
    </section>
  );
}
