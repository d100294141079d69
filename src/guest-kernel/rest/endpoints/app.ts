/** /app: starting programs (facts 1.3), and what OSv's users asked for: their state, output and signals. */
import { byteStringFrom, utf8Decode, utf8FromBytes } from '../../../emulator/util/bytes.ts';
import { Errno } from '../../abi/errno.ts';
import { O_RDONLY } from '../../abi/fcntl.ts';
import { signalName, signalNumber } from '../../abi/signal.ts';
import { CommandLineError, parseCommandLine, type Command } from '../../program/command-line.ts';
import type { Wait } from '../../program/native-program.ts';
import type { ProgramInfo, StartOptions } from '../../program/programs.ts';
import { rootViewer } from '../management.ts';
import { ApiError } from '../reply.ts';
import {
  array,
  get,
  inPath,
  object,
  optional,
  post,
  put,
  required,
  STRING,
  type Route,
  type RouteCall,
} from '../route.ts';

const TID = inPath('tid', 'Id of the main thread, as PUT /app answered it', 'integer');
/** A runscript beyond this is none. */
const MAX_SCRIPT_BYTES = 256 * 1024;

export const app: readonly Route[] = [
  put('/app', {
    summary: 'Starts programs and answers the ids of their main threads, separated by blanks',
    parameters: [
      required('command', "Commands in the loader's grammar, separated by &"),
      optional('new_program', 'Shared objects: run in a namespace of their own', 'boolean'),
      optional('cwd', 'Ours: directory to start in'),
    ],
    reply: STRING,
    steps: startPrograms,
  }),
  get('/app', {
    summary: 'Running and ended programs, oldest first',
    reply: array(object('Program')),
    isOurs: true,
    run: ({ management }) => management.programs.list().map(programModel),
  }),
  get('/app/finished', {
    summary: '"0" while the thread runs, "1" when it does not (any more)',
    parameters: [required('tid', 'Id of a thread', { type: 'integer' })],
    reply: STRING,
    run: ({ management, number }) => {
      const tid = number('tid');
      const program = management.programs.find(tid);
      if (program !== undefined) return program.state.kind === 'running' ? '0' : '1';
      return management.programs.thread(tid) === undefined ? '1' : '0';
    },
  }),
  get('/app/{tid}', {
    summary: 'State of a program: running, exit code or signal, times',
    parameters: [TID],
    reply: object('Program'),
    isOurs: true,
    run: (call) => programModel(found(call)),
  }),
  get('/app/{tid}/output', {
    summary: 'The end of what a program wrote to stdout and stderr, at most 64 KiB',
    parameters: [TID],
    reply: object('Output'),
    isOurs: true,
    run: (call) => {
      const output = call.management.programs.output(found(call).tid);
      return { text: utf8Decode(output?.bytes ?? new Uint8Array(0)), dropped_bytes: output?.droppedBytes ?? 0 };
    },
  }),
  post('/app/{tid}/signal', {
    summary: 'Sends a signal to a program',
    parameters: [TID, required('signal', 'TERM, SIGTERM or 15')],
    reply: STRING,
    isOurs: true,
    run: (call) => {
      const signal = signalNumber(call.text('signal'));
      if (signal === undefined) throw new ApiError(400, `Unknown signal ${utf8FromBytes(call.text('signal'))}`);
      const { tid } = found(call);
      if (!call.management.programs.signal(tid, signal)) throw new ApiError(404, `Program ${tid} has ended`);
    },
  }),
];

function* startPrograms(call: RouteCall): Wait<string> {
  const commands = yield* call.sys.retry(() => parseCommands(call));
  if (commands.some(({ terminator }) => terminator === ';')) {
    throw new ApiError(400, 'The use of ; is not allowed, use & for multiple commands');
  }
  const options: StartOptions = {
    isNewProgram: call.flag('new_program'),
    ...(call.has('cwd') && { cwd: call.text('cwd') }),
  };
  const tids: number[] = [];
  // As OSv: what started before a failing command keeps running.
  for (const { words } of commands) {
    tids.push(yield* call.sys.retry(() => call.management.programs.start(words, options)));
  }
  return tids.join(' ');
}

function parseCommands(call: RouteCall): readonly Command[] {
  try {
    const { commands, assignments } = parseCommandLine(call.text('command'), {
      readScript: (path) => readScript(call, path),
    });
    const { environment } = call.management.programs;
    for (const { name, value, onlyIfUnset } of assignments) {
      if (!onlyIfUnset || !environment.has(name)) environment.set(name, value);
    }
    return commands;
  } catch (error) {
    if (!(error instanceof CommandLineError)) throw error;
    if (error.message.startsWith('Failed to open')) call.management.machine.log.notice(error.message);
    throw new ApiError(400, 'Bad formatted command');
  }
}

function readScript({ management }: RouteCall, path: string): string | undefined {
  const viewer = rootViewer(management);
  try {
    const { inode } = management.machine.vfs.walk(viewer, path).dentry;
    management.machine.vfs.open(viewer, path, O_RDONLY, 0).release();
    const bytes = new Uint8Array(Math.min(inode.attributes().sizeBytes, MAX_SCRIPT_BYTES));
    return byteStringFrom(bytes.subarray(0, inode.read(0, bytes)));
  } catch (error) {
    if (error instanceof Errno) return undefined;
    throw error;
  }
}

function found(call: RouteCall): ProgramInfo {
  const program = call.management.programs.find(call.number('tid'));
  if (program === undefined) throw new ApiError(404, `No program with thread ${call.number('tid')}`);
  return program;
}

function programModel(program: ProgramInfo): unknown {
  const { state } = program;
  return {
    tid: program.tid,
    pid: program.pid,
    command: utf8FromBytes(program.command),
    argv: program.argv.map(utf8FromBytes),
    namespace: program.namespaceId,
    native: program.isNative,
    state: state.kind,
    ...(state.kind === 'exited' && { exit_code: state.code }),
    ...(state.kind === 'killed' && { signal: state.signal, signal_name: signalName(state.signal) }),
    started_ms: program.startedMs,
    ...(program.endedMs !== undefined && { ended_ms: program.endedMs }),
    cpu_ms: program.cpuMs,
    threads: program.threads.length,
  };
}
