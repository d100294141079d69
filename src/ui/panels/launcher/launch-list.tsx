import { Rocket } from 'lucide-react';
import { useEffect, type JSX } from 'react';
import { ProgramStateBadge } from '../../components/program-state.tsx';
import type { Launch } from '../../launches.ts';
import { useMachine, usePage } from '../../page-context.tsx';

/** What was started here, newest first, with its state. */
export function LaunchList(): JSX.Element {
  const { store } = usePage();
  const launches = useMachine((state) => state.launches);
  useEffect(() => store.watch(), [store]);
  if (launches.length === 0) {
    return (
      <div className="empty">
        <Rocket size={28} strokeWidth={1.5} aria-hidden />
        <p>Run a command, or drop a Linux program for x86-64 anywhere on this page.</p>
      </div>
    );
  }
  return (
    <section aria-label="Started here">
      <h2 className="section-title">Started here</h2>
      <ul className="rows" aria-live="polite">
        {launches.map((launch) => (
          <LaunchRow key={launch.id} launch={launch} />
        ))}
      </ul>
    </section>
  );
}

function LaunchRow({ launch }: { readonly launch: Launch }): JSX.Element {
  return (
    <li className="row">
      <span className="mono row-main" title={launch.command}>
        {launch.command}
      </span>
      {launch.isNewProgram && <span className="tag">new program</span>}
      <LaunchOutcome launch={launch} />
    </li>
  );
}

function LaunchOutcome({ launch }: { readonly launch: Launch }): JSX.Element {
  switch (launch.outcome.kind) {
    case 'starting':
      return <span className="muted">Starting…</span>;
    case 'refused':
      return (
        <p className="problem row-wide" role="alert">
          {launch.outcome.message}
        </p>
      );
    case 'started':
      return (
        <>
          {launch.outcome.programs.map((program) => (
            <ProgramStateBadge key={program.tid} program={program} />
          ))}
        </>
      );
  }
}
