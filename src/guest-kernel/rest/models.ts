/** Shapes of the JSON objects the API answers, for /openapi.json and OSv's listings. Rows in OSv's order (facts 1.2). */
type Field = 'string' | 'long' | 'boolean' | 'float' | { readonly array: string };

const fields = (names: string, type: Field): Record<string, Field> =>
  Object.fromEntries(names.split(' ').map((name) => [name, type]));

export const MODELS: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  FileStatus: {
    ...fields('accessTime blockSize', 'long'),
    group: 'string',
    ...fields('length modificationTime', 'long'),
    ...fields('owner pathSuffix permission', 'string'),
    replication: 'long',
    ...fields('symlink type', 'string'),
  },
  DFStat: { ...fields('filesystem mount', 'string'), ...fields('btotal bfree ftotal ffree blocksize', 'long') },
  Interface: { ...fields('config data', 'string'), time: 'long' },
  Route: { ...fields('destination gateway flags netif', 'string'), ipv6: 'boolean' },
  Threads: { list: { array: 'Thread' }, time_ms: 'long' },
  Thread: {
    ...fields('id cpu cpu_ms switches migrations preemptions', 'long'),
    priority: 'float',
    stack_size: 'long',
    ...fields('status name', 'string'),
  },
  Program: {
    ...fields('tid pid', 'long'),
    command: 'string',
    argv: { array: 'string' },
    namespace: 'long',
    native: 'boolean',
    state: 'string',
    ...fields('exit_code signal', 'long'),
    signal_name: 'string',
    ...fields('started_ms ended_ms cpu_ms threads', 'long'),
  },
  Output: { text: 'string', dropped_bytes: 'long' },
  SyscallTraceState: {
    enabled: 'boolean',
    program: 'string',
    thread: 'long',
    names: { array: 'string' },
    errors: 'boolean',
    size: 'long',
  },
  SyscallTrace: { enabled: 'boolean', ...fields('next dropped', 'long'), list: { array: 'SyscallRecord' } },
  SyscallRecord: {
    ...fields('sequence time_us duration_us pid tid', 'long'),
    ...fields('program name args result error', 'string'),
  },
  BatchReply: { code: 'long', body: 'string' },
  Error: { message: 'string', code: 'long' },
};

/** Fields that a good answer may leave out. */
export const OPTIONAL_FIELDS: ReadonlySet<string> = new Set([
  'FileStatus.symlink',
  'Program.exit_code',
  'Program.signal',
  'Program.signal_name',
  'Program.ended_ms',
  'SyscallTraceState.thread',
  'SyscallRecord.error',
]);

export type { Field };
