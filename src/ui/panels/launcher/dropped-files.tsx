import { FileCode2, FileWarning, Play, X } from 'lucide-react';
import type { JSX } from 'react';
import { Button, ProgressBar } from 'react-aria-components';
import type { ElfDescription } from '../../../workers/protocol/machine.ts';
import { formatBytes, type DroppedFile } from '../../launches.ts';
import { useMachine, usePage } from '../../page-context.tsx';

/** Files dropped onto the page: what was found in them, and the ways to run them. */
export function DroppedFiles(): JSX.Element | null {
  const dropped = useMachine((state) => state.dropped);
  if (dropped.length === 0) return null;
  return (
    <section aria-label="Added files">
      <h2 className="section-title">Added files</h2>
      <ul className="cards">
        {dropped.map((file) => (
          <DroppedFileCard key={file.id} file={file} />
        ))}
      </ul>
    </section>
  );
}

function DroppedFileCard({ file }: { readonly file: DroppedFile }): JSX.Element {
  const { store } = usePage();
  const Icon = file.state.kind === 'failed' ? FileWarning : FileCode2;
  return (
    <li className="card" aria-label={file.name}>
      <div className="card-head">
        <Icon size={18} aria-hidden />
        <strong className="mono">{file.path}</strong>
        <span className="muted">{formatBytes(file.sizeBytes)}</span>
        <Button
          className="icon-button small"
          aria-label={`Forget ${file.name}`}
          onPress={() => store.launches.forgetFile(file.id)}
        >
          <X size={14} />
        </Button>
      </div>
      {file.description !== undefined && <Description description={file.description} />}
      <FileState file={file} />
    </li>
  );
}

function FileState({ file }: { readonly file: DroppedFile }): JSX.Element | null {
  switch (file.state.kind) {
    case 'reading':
      return <ProgressBar className="progress-text" aria-label={`Reading ${file.name}`} isIndeterminate />;
    case 'copying':
      return <p className="muted">Copying to the disk…</p>;
    case 'failed':
      return (
        <p className="problem" role="alert">
          {file.state.message}
        </p>
      );
    case 'copied':
      return <RunButtons file={file} />;
  }
}

function RunButtons({ file }: { readonly file: DroppedFile }): JSX.Element {
  const { store } = usePage();
  const { description } = file;
  if (description?.kind !== 'elf' || !description.isRunnable) return <p className="muted">Copied.</p>;
  const run = (isNewProgram: boolean): void => void store.launches.start(file.path, isNewProgram);
  return (
    <div className="card-actions">
      <Button className="button primary" onPress={() => run(false)}>
        <Play size={14} aria-hidden /> Run
      </Button>
      {description.type === 'shared object' && (
        <Button className="button" onPress={() => run(true)}>
          Run as new program
        </Button>
      )}
    </div>
  );
}

function Description({ description }: { readonly description: ElfDescription }): JSX.Element {
  if (description.kind === 'other') return <p className="muted">{description.reason}</p>;
  const { type, interpreter, needed, isRunnable, glibcNeeded, glibcPresent } = description;
  const isTooOld =
    glibcNeeded !== undefined && glibcPresent !== undefined && compareVersions(glibcNeeded, glibcPresent) > 0;
  return (
    <>
      <dl className="facts">
        <dt>Type</dt>
        <dd>
          {type}
          {!isRunnable && ', without main'}
        </dd>
        {interpreter !== undefined && (
          <>
            <dt>Interpreter</dt>
            <dd className="mono">{interpreter}</dd>
          </>
        )}
        {needed.length > 0 && (
          <>
            <dt>Needs</dt>
            <dd>
              {needed.map(({ name, versions }) => (
                <div key={name}>
                  <span className="mono">{name}</span> <span className="muted">{versions.join(', ')}</span>
                </div>
              ))}
            </dd>
          </>
        )}
      </dl>
      {isTooOld && (
        <p className="problem" role="alert">
          This needs GLIBC_{glibcNeeded}, this image has {glibcPresent}. Build it on an older system or with -static.
        </p>
      )}
    </>
  );
}

/** '2.9' before '2.36'. */
function compareVersions(a: string, b: string): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
