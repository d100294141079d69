/** BootOptions.run: one program with the host's streams, and the machine goes down when it has ended (`osv run`). */
import type { ByteString } from '../../emulator/util/bytes.ts';
import { EEXIST, Errno } from '../abi/errno.ts';
import { O_CREAT, O_TRUNC, O_WRONLY } from '../abi/fcntl.ts';
import { HostInput, HostOutput } from '../devices/host-stream.ts';
import type { RunRequest } from '../kernel.ts';
import type { HostStdio } from '../ports.ts';
import { rootCredentials } from '../vfs/credentials.ts';
import { FileTable } from '../vfs/file-table.ts';
import type { NativeCalls, Wait } from './native-program.ts';
import { rootContext } from './program-table.ts';
import { LaunchError, type Programs } from './programs.ts';
import type { RunningMachine } from './running-machine.ts';
import { terminalVariables } from './terminal-variables.ts';

const EXIT_NOT_STARTED = 127;

/** Body of a kernel thread: prepares, runs, tells the end. */
export function* runRequest(
  machine: RunningMachine,
  programs: Programs,
  request: RunRequest,
  sys: NativeCalls,
): Wait<void> {
  const trouble = yield* prepare(machine, request, sys);
  if (trouble !== undefined) return fail(trouble);
  const { argv, cwd, stdio } = request;
  const environment = stdio === undefined ? yield* withTerminal(machine, request, sys) : request.environment;
  for (const entry of environment) {
    const equals = entry.indexOf('=');
    programs.environment.set(entry.slice(0, equals), entry.slice(equals + 1));
  }
  const tid = yield* start();
  if (tid === undefined) return;
  request.onStart({ signal: (signal) => void programs.signal(tid, signal) });
  machine.tty.foreground = tid;
  yield* sys.waitProgram(tid);
  const state = programs.find(tid)?.state;
  if (state !== undefined && state.kind !== 'running') request.onEnd(state);

  function fail(why: string): undefined {
    machine.log.notice(why);
    request.onEnd({ kind: 'exited', code: EXIT_NOT_STARTED });
  }

  function* start(): Wait<number | undefined> {
    try {
      return yield* sys.retry(() => {
        const files = stdio === undefined ? undefined : hostFiles(machine, stdio);
        return programs.start(argv, {
          isNewProgram: false,
          environment,
          cwd,
          ...(files === undefined ? {} : { files }),
        });
      });
    } catch (error) {
      if (!(error instanceof LaunchError)) throw error;
      return fail(error.message);
    }
  }
}

/** Mounts and files of the request. @returns why one of them has no place on the image */
function* prepare(machine: RunningMachine, request: RunRequest, sys: NativeCalls): Wait<string | undefined> {
  let place: ByteString = '/';
  try {
    for (const { path, filesystem } of request.mounts) {
      place = path;
      yield* makeFolders(machine, sys, path);
      yield* sys.retry(() => machine.vfs.mount(filesystem, path, 'host', 'rw'));
    }
    for (const { path, mode, bytes } of request.files) {
      place = path;
      yield* makeFolders(machine, sys, path.slice(0, path.lastIndexOf('/')));
      const fd = yield* sys.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
      yield* sys.write(fd, bytes);
      sys.close(fd);
    }
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return `${place} cannot be put on the image: ${error.message}`;
  }
  return undefined;
}

/** The request's variables, and before them those of the terminal that it does not give itself. */
function* withTerminal(
  machine: RunningMachine,
  { environment }: RunRequest,
  sys: NativeCalls,
): Wait<readonly ByteString[]> {
  const given = new Set(environment.map((entry) => entry.slice(0, entry.indexOf('='))));
  const own = (yield* terminalVariables(machine, sys)).filter(([name]) => !given.has(name));
  return [...own.map(([name, value]) => `${name}=${value}`), ...environment];
}

function hostFiles({ keptMemory }: RunningMachine, stdio: HostStdio): FileTable {
  const files = new FileTable(keptMemory);
  files.add(new HostInput(stdio));
  files.add(new HostOutput(stdio, 'stdout'));
  files.add(new HostOutput(stdio, 'stderr'));
  return files;
}

/** mkdir -p. */
export function* makeFolders(machine: RunningMachine, sys: NativeCalls, path: ByteString): Wait<void> {
  const viewer = { fs: rootContext(machine), credentials: rootCredentials() };
  let folder = '';
  for (const name of path.split('/').filter((each) => each !== '')) {
    folder += `/${name}`;
    const at = { path: folder };
    try {
      yield* sys.retry(() => machine.vfs.mkdir(viewer, at, 0o755));
    } catch (error) {
      if (error !== EEXIST && !(error instanceof Errno && isThere(machine, folder))) throw error;
    }
  }
}

function isThere(machine: RunningMachine, path: ByteString): boolean {
  try {
    machine.vfs.walk({ fs: rootContext(machine), credentials: rootCredentials() }, path);
    return true;
  } catch {
    return false;
  }
}
