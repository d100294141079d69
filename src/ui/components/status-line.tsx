import { TriangleAlert, X } from 'lucide-react';
import type { JSX } from 'react';
import { Button } from 'react-aria-components';
import type { Persistence } from '../../workers/protocol/machine.ts';
import { formatBytes } from '../launches.ts';
import type { Phase } from '../machine-store.ts';
import { useMachine, usePage } from '../page-context.tsx';

/** One sentence about the machine, boot progress, and what went wrong with the next step. */
export function StatusLine(): JSX.Element {
  const phase = useMachine((state) => state.phase);
  const notice = useMachine((state) => state.notice);
  return (
    <footer className="status-line">
      {phase.kind === 'failed' ? <Failure phase={phase} /> : <PhaseStatus phase={phase} />}
      {notice !== undefined && <Notice text={notice} />}
    </footer>
  );
}

function PhaseStatus({ phase }: { readonly phase: Exclude<Phase, { kind: 'failed' }> }): JSX.Element {
  const disk = useMachine((state) => state.disk);
  return (
    <div className="status-row">
      {phase.kind === 'starting' && (
        <progress aria-label="Boot progress" {...(phase.progress === undefined ? {} : { value: phase.progress })} />
      )}
      <output className="status-text">{phaseText(phase)}</output>
      {phase.kind === 'running' && disk !== undefined && (
        <span className="status-side">
          Disk: {formatBytes(disk.totalBytes - disk.freeBytes)} of {formatBytes(disk.totalBytes)} used
        </span>
      )}
    </div>
  );
}

function phaseText(phase: Exclude<Phase, { kind: 'failed' }>): string {
  switch (phase.kind) {
    case 'off':
      return 'The machine is off. Its disk is kept.';
    case 'starting':
      return STAGE_TEXT[phase.stage];
    case 'running':
      return `Booted in ${(phase.bootMs / 1000).toFixed(2)} s, engine ${phase.engine.description}. ${persistenceText(phase.persistence)}`;
    case 'stopping':
      return phase.reason === 'reboot' ? 'Rebooting…' : 'Shutting down…';
  }
}

const STAGE_TEXT = {
  disk: 'Loading the disk image…',
  kernel: 'Starting the kernel…',
  prompt: 'Starting the console…',
} as const;

function persistenceText(persistence: Persistence): string {
  if (persistence.kind === 'kept') return 'The disk is kept in this browser.';
  switch (persistence.reason) {
    case 'asked':
      return 'The disk is in memory, as asked, and forgotten with this page.';
    case 'busy':
      return 'Another tab uses the disk, so this machine works on a copy in memory, forgotten with this page.';
    case 'unavailable':
      return 'This browser gives no storage here, so changes to the disk are forgotten with this page.';
  }
}

function Failure({ phase }: { readonly phase: Extract<Phase, { kind: 'failed' }> }): JSX.Element {
  const { store } = usePage();
  const report = `${phase.message}\n\n${phase.detail}\n\n${navigator.userAgent}`;
  return (
    <div className="failure" role="alert">
      <TriangleAlert size={15} aria-hidden />
      <span className="status-text">{phase.message}</span>
      <Button className="link" onPress={() => store.powerOn()}>
        Start again
      </Button>
      <Button className="link" onPress={() => void navigator.clipboard.writeText(report)}>
        Copy report
      </Button>
    </div>
  );
}

function Notice({ text }: { readonly text: string }): JSX.Element {
  const { store } = usePage();
  return (
    <div className="notice" role="alert">
      <TriangleAlert size={15} aria-hidden />
      <span className="status-text">{text}</span>
      <Button className="icon-button small" aria-label="Dismiss" onPress={() => store.dismissNotice()}>
        <X size={14} />
      </Button>
    </div>
  );
}
