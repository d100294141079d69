/** /os: version, time, memory, threads, power (facts 1.2). */
import { bytesOf, utf8FromBytes } from '../../../emulator/util/bytes.ts';
import { O_CREAT, O_TRUNC, O_WRONLY } from '../../abi/fcntl.ts';
import type { ThreadInfo } from '../../program/programs.ts';
import { OSV_VERSION } from '../../version.ts';
import { formatDate } from '../calendar.ts';
import { COMMAND_LINE_PATH } from '../management.ts';
import { ApiError } from '../reply.ts';
import { get, LONG, object, post, required, STRING, type Route, type RouteCall } from '../route.ts';

/** OSv keeps the line in 1,024 bytes of its disk. */
const MAX_COMMAND_LINE = 1024;
/** What OSv says of a thread that is on no CPU. */
const NO_CPU = 0xffff_ffff;

const power = (path: string, summary: string, reason: 'poweroff' | 'reboot'): Route =>
  post(path, { summary, reply: STRING, run: ({ management }) => management.shutDown(reason) });

export const os: readonly Route[] = [
  get('/os/name', { summary: 'Name of the operating system', reply: STRING, run: () => 'OSv' }),
  get('/os/version', { summary: 'Version of the operating system', reply: STRING, run: () => OSV_VERSION }),
  get('/os/vendor', { summary: 'Who makes it', reply: STRING, run: () => 'Cloudius Systems' }),
  get('/os/uptime', {
    summary: 'Seconds since boot',
    reply: LONG,
    run: ({ management }) => Math.floor(management.machine.clock.monotonicNs() / 1e9),
  }),
  get('/os/date', {
    summary: 'Date and time of the machine',
    reply: STRING,
    run: ({ management }) => formatDate(Number(management.machine.clock.realtimeNs() / 1_000_000_000n)),
  }),
  get('/os/memory/total', {
    summary: 'Bytes of memory',
    reply: LONG,
    run: ({ management }) => management.machine.memoryBytes,
  }),
  get('/os/memory/free', {
    summary: 'Bytes of memory that no program holds',
    reply: LONG,
    run: ({ management }) => management.machine.freeMemoryBytes,
  }),
  get('/os/memory/balloon', { summary: 'Bytes in the JVM balloon: always 0 here', reply: LONG, run: () => 0 }),
  power('/os/poweroff', 'Ends the machine', 'poweroff'),
  power('/os/shutdown', 'Ends programs and the machine', 'poweroff'),
  power('/os/reboot', 'Starts the machine again', 'reboot'),
  get('/os/dmesg', {
    summary: 'What the kernel said, the last 50 KiB',
    reply: STRING,
    run: ({ management }) => management.machine.log.text(),
  }),
  get('/os/hostname', {
    summary: 'Name of the machine',
    reply: STRING,
    run: ({ management }) => utf8FromBytes(management.machine.hostname),
  }),
  post('/os/hostname', {
    summary: 'Names the machine',
    parameters: [required('name', 'The new name')],
    reply: STRING,
    run: ({ management, text }) => {
      management.machine.hostname = text('name').slice(0, 64); // sethostname(2): HOST_NAME_MAX
    },
  }),
  get('/os/threads', {
    summary: 'Every thread, with the time of the answer',
    reply: object('Threads'),
    run: ({ management }) => ({
      list: management.programs.threads().map(threadModel),
      time_ms: Number(management.machine.clock.realtimeNs() / 1_000_000n),
    }),
  }),
  get('/os/cmdline', {
    summary: 'The boot command line',
    reply: STRING,
    run: ({ management }) => utf8FromBytes(management.commandLine),
  }),
  post('/os/cmdline', {
    summary: 'Sets the boot command line, for this and later boots',
    parameters: [required('cmdline', 'The whole line')],
    reply: STRING,
    steps: function* (call: RouteCall) {
      const line = call.text('cmdline');
      if (line.length >= MAX_COMMAND_LINE) throw new ApiError(400, 'command line too long');
      const fd = yield* call.sys.open(COMMAND_LINE_PATH, O_WRONLY | O_CREAT | O_TRUNC, 0o644);
      try {
        yield* call.sys.write(fd, bytesOf(`${line}\n`));
      } finally {
        call.sys.close(fd);
      }
      call.management.commandLine = line;
      return utf8FromBytes(line);
    },
  }),
];

function threadModel(thread: ThreadInfo): Record<string, unknown> {
  return {
    id: thread.id,
    cpu: thread.status === 'terminated' ? NO_CPU : 0,
    cpu_ms: thread.cpuMs,
    switches: thread.switches,
    migrations: 0,
    preemptions: thread.preemptions,
    priority: thread.priority,
    stack_size: thread.stackSizeBytes,
    status: thread.status,
    name: utf8FromBytes(thread.name),
  };
}
