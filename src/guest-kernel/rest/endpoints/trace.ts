/** /trace: ours beside OSv's tracepoints: the system calls of guest programs, as strace tells them. */
import { utf8FromBytes } from '../../../emulator/util/bytes.ts';
import { type CallFilter, DEFAULT_CAPACITY, MAX_CAPACITY } from '../../trace/call-trace.ts';
import type { CallRecord } from '../../trace/strace.ts';
import { ApiError } from '../reply.ts';
import { del, get, object, optional, post, required, STRING, type Route, type RouteCall } from '../route.ts';

const FILTER = [
  optional('program', 'A pid, for that program and those it starts; or a part of the path'),
  optional('thread', 'Id of a thread', 'integer'),
  optional('names', 'Names of calls, separated by commas; !name leaves one out'),
  optional('errors', 'Only calls that failed', 'boolean'),
];
const DEFAULT_PAGE = 1_000;
/** Some 4 MB of JSON: more takes another look. */
const MAX_PAGE = 10_000;

export const trace: readonly Route[] = [
  get('/trace/syscalls', {
    summary: 'System calls that were recorded, oldest first; "next" is the "after" of the next look',
    parameters: [
      ...FILTER,
      optional('after', 'Number of the first record', 'integer'),
      optional('most', `At most so many (${DEFAULT_PAGE}; no more than ${MAX_PAGE})`, 'integer'),
    ],
    reply: object('SyscallTrace'),
    isOurs: true,
    run: (call) => {
      const { calls } = call.management;
      const most = call.has('most') ? call.number('most') : DEFAULT_PAGE;
      const { records, next, dropped } = calls.read(call.number('after'), Math.min(most, MAX_PAGE), filterOf(call));
      return { enabled: calls.state.isEnabled, next, dropped, list: records.map(recordModel) };
    },
  }),
  get('/trace/syscalls/status', {
    summary: 'Whether system calls are recorded, and which',
    reply: object('SyscallTraceState'),
    isOurs: true,
    run: stateModel,
  }),
  post('/trace/syscalls', {
    summary: 'Starts or ends recording and answers how it was before; off costs nothing, and the newest records stay',
    parameters: [
      required('enabled', 'Whether calls are recorded from now on', { type: 'boolean' }),
      ...FILTER,
      optional('size', `Most records that are kept (${DEFAULT_CAPACITY}, at most ${MAX_CAPACITY})`, 'integer'),
    ],
    reply: object('SyscallTraceState'),
    isOurs: true,
    run: (call) => {
      const { calls } = call.management;
      const before = stateModel(call);
      const size = call.has('size') ? call.number('size') : DEFAULT_CAPACITY;
      if (size < 1 || size > MAX_CAPACITY) throw new ApiError(400, `Invalid size, the maximum is ${MAX_CAPACITY}`);
      if (call.flag('enabled')) calls.start(filterOf(call), size);
      else calls.stop(size);
      return before;
    },
  }),
  del('/trace/syscalls', {
    summary: 'Forgets what was recorded',
    reply: STRING,
    isOurs: true,
    run: ({ management }) => management.calls.clear(),
  }),
];

function filterOf(call: RouteCall): CallFilter {
  return {
    ...(call.has('program') && { program: utf8FromBytes(call.text('program')) }),
    ...(call.has('thread') && { thread: call.number('thread') }),
    ...(call.has('names') && { names: call.text('names').split(',') }),
    ...(call.flag('errors') && { onlyErrors: true }),
  };
}

function stateModel({ management }: RouteCall): unknown {
  const { isEnabled, filter, capacity } = management.calls.state;
  return {
    enabled: isEnabled,
    program: filter.program ?? '',
    ...(filter.thread !== undefined && { thread: filter.thread }),
    names: filter.names ?? [],
    errors: filter.onlyErrors === true,
    size: capacity,
  };
}

function recordModel({ startNs, durationNs, ...record }: CallRecord): unknown {
  return { ...record, time_us: Math.floor(startNs / 1_000), duration_us: Math.round(durationNs / 1_000) };
}
