import { Copy, Pause, Play, ScrollText, Trash2 } from 'lucide-react';
import { useState, useSyncExternalStore, type JSX } from 'react';
import { Input, Label, Switch, TextField } from 'react-aria-components';
import { IconButton } from '../../components/icon-button.tsx';
import type { CallFilter } from '../../guest-rest.ts';
import { usePage } from '../../page-context.tsx';
import { lineOf, type SyscallFeed, type SyscallView } from '../../syscall-feed.ts';
import { CallList } from './call-list.tsx';
import './trace.css';

/** The system calls of programs, live: what a program asks of the kernel, and what it is answered. */
export function TracePanel(): JSX.Element {
  const { syscalls } = usePage().store;
  const view = useSyncExternalStore(syscalls.subscribe, syscalls.snapshot);
  return (
    <div className="panel-body trace">
      <Controls feed={syscalls} view={view} />
      <Filter feed={syscalls} filter={view.filter} />
      {view.problem !== undefined && (
        <p className="problem" role="alert">
          {view.problem}
        </p>
      )}
      {view.records.length === 0 ? <Nothing view={view} /> : <CallList view={view} />}
    </div>
  );
}

interface ControlsProps {
  readonly feed: SyscallFeed;
  readonly view: SyscallView;
}

function Controls({ feed, view }: ControlsProps): JSX.Element {
  const { isAvailable, isRecording, isPaused, records } = view;
  const copy = (): void => void navigator.clipboard.writeText(`${records.map(lineOf).join('\n')}\n`);
  return (
    <div className="trace-controls">
      <Switch
        className="switch"
        isSelected={isRecording}
        isDisabled={!isAvailable}
        onChange={(isOn) => void feed.record(isOn)}
      >
        <span className="switch-track" aria-hidden />
        Record
      </Switch>
      <span className="muted numeric trace-count" role="status">
        {records.length > 0 && `${records.length.toLocaleString()} calls`}
        {view.dropped > 0 && `, ${view.dropped.toLocaleString()} missed`}
      </span>
      <IconButton label={isPaused ? 'Go on' : 'Pause'} onPress={() => feed.pause(!isPaused)}>
        {isPaused ? <Play size={15} /> : <Pause size={15} />}
      </IconButton>
      <IconButton label="Copy" isDisabled={records.length === 0} onPress={copy}>
        <Copy size={15} />
      </IconButton>
      <IconButton label="Clear" isDisabled={records.length === 0} onPress={() => void feed.clear()}>
        <Trash2 size={15} />
      </IconButton>
    </div>
  );
}

interface FilterProps {
  readonly feed: SyscallFeed;
  readonly filter: CallFilter;
}

function Filter({ feed, filter }: FilterProps): JSX.Element {
  return (
    <div className="trace-filter" role="search" aria-label="Filter">
      <FilterField feed={feed} filter={filter} field="program" label="Program" hint="pid or path" />
      <FilterField feed={feed} filter={filter} field="thread" label="Thread" hint="id" />
      <FilterField feed={feed} filter={filter} field="names" label="Calls" hint="openat, !read" />
      <Switch
        className="switch"
        isSelected={filter.onlyErrors}
        onChange={(onlyErrors) => void feed.filter({ onlyErrors })}
      >
        <span className="switch-track" aria-hidden />
        Only failed
      </Switch>
    </div>
  );
}

interface FilterFieldProps extends FilterProps {
  readonly field: 'program' | 'thread' | 'names';
  readonly label: string;
  readonly hint: string;
}

/** Takes effect on Enter and when the field is left, so that half a word filters nothing. */
function FilterField({ feed, filter, field, label, hint }: FilterFieldProps): JSX.Element {
  const [text, setText] = useState(filter[field]);
  const apply = (): void => {
    if (text !== filter[field]) void feed.filter({ [field]: text });
  };
  return (
    <TextField
      className="field"
      value={text}
      onChange={setText}
      onBlur={apply}
      onKeyDown={(event) => {
        if (event.key === 'Enter') apply();
      }}
    >
      <Label>{label}</Label>
      <Input className="mono" placeholder={hint} spellCheck="false" autoComplete="off" />
    </TextField>
  );
}

function Nothing({ view }: { readonly view: SyscallView }): JSX.Element {
  return (
    <div className="empty">
      <ScrollText size={28} strokeWidth={1.5} aria-hidden />
      <p>
        {view.isRecording
          ? 'Nothing yet: calls that the filter takes appear here.'
          : 'Switch recording on to see what programs ask of the kernel. Off, it costs them nothing.'}
      </p>
    </div>
  );
}
