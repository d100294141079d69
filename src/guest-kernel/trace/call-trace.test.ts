import { expect, it } from 'vitest';
import type { CallObserver } from '../syscalls/dispatch.ts';
import { CallTrace } from './call-trace.ts';

const clock = { monotonicNs: () => 5_000, realtimeNs: () => 0n };

/** A trace and a way to make calls, which go nowhere while nobody observes. */
function traced(): {
  trace: CallTrace;
  call: (pid: number, name: string, result?: number, parentPid?: number) => void;
} {
  const seen: { observer: CallObserver | undefined } = { observer: undefined };
  const trace = new CallTrace(clock, (observer) => (seen.observer = observer));
  return {
    trace,
    call(pid, name, result = 0, parentPid = 1) {
      const cpuState = { high: () => (result < 0 ? -1 : 0), low: () => result };
      const thread = { id: pid + 1000, cpuState, program: { pid, parentPid, path: `/bin/program${pid}` } } as never;
      const running = { row: { nr: 0, name, args: {}, support: 'full', run: () => 0 }, args: {} } as const;
      seen.observer?.leave(thread, running, seen.observer.enter(thread, running), true);
    },
  };
}

const names = (trace: CallTrace, filter = {}): readonly string[] =>
  trace.read(0, 100, filter).records.map(({ name }) => name);

it('records nothing while it is off, and keeps what it has when it is stopped', () => {
  const { trace, call } = traced();
  call(200, 'before');
  trace.start();
  call(200, 'during');
  trace.stop();
  call(200, 'after');
  expect(names(trace)).toEqual(['during']);
  trace.clear();
  expect(names(trace)).toEqual([]);
});

it('gives the room of a large ring back when it stops', () => {
  const { trace, call } = traced();
  trace.start({}, 100);
  for (let i = 0; i < 100; i++) call(200, `call${i}`);
  trace.stop(3);
  expect(names(trace)).toEqual(['call97', 'call98', 'call99']);
  expect(trace.state).toMatchObject({ isEnabled: false, capacity: 3 });
});

it('is a ring: the newest stay, and a reader hears how many it missed', () => {
  const { trace, call } = traced();
  trace.start({}, 10);
  for (let i = 0; i < 100; i++) call(200, `call${i}`);
  const page = trace.read(50, 1000);
  expect(page.next).toBe(100);
  expect(page.records.length).toBeLessThanOrEqual(15);
  expect(page.records.length).toBeGreaterThanOrEqual(10);
  expect(page.dropped).toBe(50 - page.records.length);
  expect(page.records.at(-1)?.name).toBe('call99');
  expect(trace.read(page.next, 1000)).toEqual({ records: [], next: 100, dropped: 0 });
  expect(trace.read(1e15, 1000).next).toBe(100);
});

it('a page ends where it is full, and the next begins there', () => {
  const { trace, call } = traced();
  trace.start();
  for (let i = 0; i < 5; i++) call(200, `call${i}`);
  const first = trace.read(0, 2);
  expect(first.records.map(({ name }) => name)).toEqual(['call0', 'call1']);
  expect(trace.read(first.next, 2).records.map(({ name }) => name)).toEqual(['call2', 'call3']);
});

it('filters by program with what it started, part of a path, thread, names and errors', () => {
  const { trace, call } = traced();
  trace.start();
  call(200, 'fork', 300);
  call(300, 'openat', -2, 200);
  call(301, 'read', 5, 300);
  call(400, 'close');
  expect(names(trace, { program: '200' })).toEqual(['fork', 'openat', 'read']);
  expect(names(trace, { program: 'program40' })).toEqual(['close']);
  expect(names(trace, { thread: 1301 })).toEqual(['read']);
  expect(names(trace, { names: ['read', 'close'] })).toEqual(['read', 'close']);
  expect(names(trace, { names: ['!read'] })).toEqual(['fork', 'openat', 'close']);
  expect(names(trace, { onlyErrors: true })).toEqual(['openat']);
  trace.start({ onlyErrors: true });
  call(400, 'good');
  call(400, 'bad', -9);
  expect(names(trace).slice(4)).toEqual(['bad']);
});

it('finds what a program started after both have changed hands', () => {
  const { trace, call } = traced();
  trace.start({ program: '200' });
  call(201, 'before', 0, 200);
  call(201, 'orphaned', 0, 1);
  call(202, 'stranger', 0, 1);
  expect(names(trace)).toEqual(['before', 'orphaned']);
});

it('forgets the parents of the oldest of very many programs', () => {
  const { trace, call } = traced();
  trace.start({ program: '200' });
  call(201, 'first', 0, 200);
  for (let pid = 1_000; pid < 1_000 + 20_000; pid++) call(pid, 'other', 0, 1);
  call(201, 'much later', 0, 1);
  expect(names(trace)).toEqual(['first']);
});
