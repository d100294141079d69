import { useSyncExternalStore, type JSX } from 'react';
import type { MachineLook } from './batch.ts';
import { CpuCard } from './cpu-card.tsx';
import { DiskCard } from './disk-card.tsx';
import { formatDuration } from './format.ts';
import type { FeedState, MachineFeed } from './machine-feed.ts';
import { MemoryCard } from './memory-card.tsx';
import { ProgramsCard } from './programs-card.tsx';
import { ThreadsCard } from './threads-card.tsx';

export function App({ feed }: { readonly feed: MachineFeed }): JSX.Element {
  const state = useSyncExternalStore(feed.subscribe, feed.state);
  return (
    <>
      <Head state={state} onPause={() => feed.setPaused(!state.isPaused)} />
      {state.problem !== undefined && (
        <p className="problem" role="alert">
          The machine does not answer; what is shown is the last that is known. {state.problem}
        </p>
      )}
      {state.look === undefined ? (
        <p className="waiting">Asking the machine…</p>
      ) : (
        <Cards look={state.look} state={state} />
      )}
    </>
  );
}

function Head({ state, onPause }: { readonly state: FeedState; readonly onPause: () => void }): JSX.Element {
  const { look } = state;
  return (
    <header className="head">
      <h1>OSv</h1>
      {look !== undefined && (
        <dl>
          <Fact name="Host name" value={look.hostname} />
          <Fact name="Version" value={look.version} />
          <Fact name="Up for" value={formatDuration(look.uptimeSeconds)} />
          <Fact name="Processors" value={String(look.processors)} />
          <Fact name="Hypervisor" value={look.hypervisor} />
        </dl>
      )}
      <button type="button" aria-pressed={state.isPaused} onClick={onPause}>
        {state.isPaused ? 'Resume' : 'Pause'}
      </button>
    </header>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-testid={name.toLowerCase().replace(' ', '-')}>{value}</dd>
    </div>
  );
}

function Cards({ look, state }: { readonly look: MachineLook; readonly state: FeedState }): JSX.Element {
  const { colors } = state;
  const now = state.samples.at(-1);
  return (
    <main>
      <CpuCard look={look} samples={state.samples} colors={colors} />
      <MemoryCard look={look} samples={state.samples} />
      <DiskCard disks={look.disks} />
      <ProgramsCard look={look} now={now} colors={colors} />
      <ThreadsCard look={look} now={now} />
    </main>
  );
}
