import { ChevronRight, ListTree, OctagonX } from 'lucide-react';
import { useEffect, useState, type JSX } from 'react';
import { Button } from 'react-aria-components';
import { ProgramStateBadge } from '../../components/program-state.tsx';
import type { ProgramModel } from '../../guest-rest.ts';
import { useMachine, usePage } from '../../page-context.tsx';
import './programs.css';

/** Every program of the machine: state, time used, output, and the way to end it. */
export function ProgramsPanel(): JSX.Element {
  const { store } = usePage();
  const programs = useMachine((state) => state.programs);
  const [opened, open] = useState<number | undefined>(undefined);
  useEffect(() => store.watch(), [store]);

  if (programs.length === 0) {
    return (
      <div className="empty">
        <ListTree size={28} strokeWidth={1.5} aria-hidden />
        <p>Programs of the machine appear here once it runs.</p>
      </div>
    );
  }
  return (
    <div className="panel-body">
      <ul className="program-list" aria-label="Programs">
        {programs.toReversed().map((program) => (
          <ProgramRow
            key={program.tid}
            program={program}
            isOpen={opened === program.tid}
            onToggle={() => open(opened === program.tid ? undefined : program.tid)}
          />
        ))}
      </ul>
    </div>
  );
}

interface ProgramRowProps {
  readonly program: ProgramModel;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

function ProgramRow({ program, isOpen, onToggle }: ProgramRowProps): JSX.Element {
  const { store } = usePage();
  return (
    <li className="program" data-open={isOpen || undefined}>
      <div className="program-head">
        <Button className="program-toggle" aria-expanded={isOpen} onPress={onToggle}>
          <ChevronRight size={14} aria-hidden />
          <span className="mono program-command">{program.command}</span>
        </Button>
        <span className="muted numeric" title="Thread id">
          {program.tid}
        </span>
        <span className="numeric" title="Processor time">
          {formatCpu(program.cpuMs)}
        </span>
        <ProgramStateBadge program={program} />
        {program.state === 'running' && (
          <Button
            className="icon-button small danger"
            aria-label={`End ${program.command}`}
            onPress={() => void endProgram(program.tid)}
          >
            <OctagonX size={15} />
          </Button>
        )}
      </div>
      {isOpen && <ProgramOutput program={program} />}
    </li>
  );

  async function endProgram(tid: number): Promise<void> {
    await store.rest?.signal(tid, 'KILL').catch(() => undefined); // it may have ended by itself meanwhile
    store.refresh();
  }
}

function ProgramOutput({ program }: { readonly program: ProgramModel }): JSX.Element {
  const { store } = usePage();
  const [output, setOutput] = useState<string | undefined>(undefined);
  useEffect(() => {
    let isCurrent = true;
    const load = async (): Promise<void> => {
      const text = await store.rest?.output(program.tid).catch((error: unknown) => String(error));
      if (isCurrent) setOutput(text);
    };
    void load();
    return () => {
      isCurrent = false;
    };
  }, [store, program]);
  if (output === undefined) return <p className="muted program-output">Loading…</p>;
  if (output === '') return <p className="muted program-output">It has written nothing.</p>;
  return (
    <pre className="program-output" aria-label={`Output of ${program.command}`}>
      {output}
    </pre>
  );
}

function formatCpu(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
