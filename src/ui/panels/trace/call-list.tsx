import { memo, useEffect, useRef, type JSX } from 'react';
import type { CallRecord } from '../../guest-rest.ts';
import type { SyscallView } from '../../syscall-feed.ts';

/** Calls from the oldest to the newest; it follows the end unless somebody has scrolled up. */
export function CallList({ view }: { readonly view: SyscallView }): JSX.Element {
  const list = useRef<HTMLOListElement>(null);
  const isAtEnd = useRef(true);

  useEffect(() => {
    const element = list.current;
    if (element !== null && isAtEnd.current) element.scrollTop = element.scrollHeight;
  });

  return (
    <ol
      ref={list}
      className="call-list"
      aria-label="System calls"
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
        isAtEnd.current = scrollTop + clientHeight >= scrollHeight - 8;
      }}
    >
      {view.records.map((record) => (
        <CallRow key={record.sequence} record={record} />
      ))}
    </ol>
  );
}

const CallRow = memo(function CallRow({ record }: { readonly record: CallRecord }): JSX.Element {
  return (
    <li className="call" data-failed={record.isError || undefined} title={`${record.program}, program ${record.pid}`}>
      <span className="muted call-thread">{record.tid}</span>
      <span className="call-text">
        <b>{record.name}</b>({record.args}) = <span className="call-result">{record.result}</span>
      </span>
      <span className="muted call-time">{formatDuration(record.durationUs)}</span>
    </li>
  );
});

function formatDuration(us: number): string {
  if (us < 1_000) return `${us} µs`;
  return us < 1_000_000 ? `${(us / 1_000).toFixed(1)} ms` : `${(us / 1_000_000).toFixed(1)} s`;
}
