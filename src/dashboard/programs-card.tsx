import type { JSX } from 'react';
import type { MachineLook, ProgramModel } from './batch.ts';
import { formatCpuTime, formatDuration, formatPercent } from './format.ts';
import type { Sample } from './machine-feed.ts';

/** Running programs first, the newest before the older ones. */
export function ProgramsCard(props: {
  readonly look: MachineLook;
  readonly now: Sample | undefined;
  readonly colors: ReadonlyMap<number, string>;
}): JSX.Element {
  const { look, now, colors } = props;
  const programs = look.programs.toSorted(
    (a, b) => Number(b.state === 'running') - Number(a.state === 'running') || b.tid - a.tid,
  );
  return (
    <section className="card wide" aria-labelledby="programs-title">
      <header>
        <h2 id="programs-title">Programs</h2>
        <p className="muted">{programs.filter(({ state }) => state === 'running').length} running</p>
      </header>
      <div className="scroll" tabIndex={0} role="region" aria-labelledby="programs-title">
        <table>
          <thead>
            <tr>
              <th>Program</th>
              <th className="number">Id</th>
              <th>State</th>
              <th className="number">CPU</th>
              <th className="number">CPU time</th>
              <th className="number">Threads</th>
              <th className="number">Ran for</th>
            </tr>
          </thead>
          <tbody>
            {programs.map((program) => (
              <tr key={program.tid}>
                <td className="mono command">
                  {colors.has(program.tid) && (
                    <i className="swatch" style={{ background: `var(${colors.get(program.tid)})` }} />
                  )}
                  {program.command}
                </td>
                <td className="number">{program.tid}</td>
                <td>
                  <State program={program} />
                </td>
                <td className="number">
                  {program.state === 'running' ? formatPercent(now?.programPercent.get(program.tid) ?? 0) : ''}
                </td>
                <td className="number">{formatCpuTime(program.cpu_ms)}</td>
                <td className="number">{program.state === 'running' ? program.threads : ''}</td>
                <td className="number">
                  {formatDuration(((program.ended_ms ?? look.threads.time_ms) - program.started_ms) / 1000)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function State({ program }: { readonly program: ProgramModel }): JSX.Element {
  if (program.state === 'running') return <span className="badge good">running</span>;
  if (program.state === 'killed') return <span className="badge bad">{program.signal_name ?? 'killed'}</span>;
  const isGood = program.exit_code === 0;
  return <span className={isGood ? 'badge' : 'badge bad'}>exit {program.exit_code}</span>;
}
