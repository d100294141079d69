/** core(5): a program that dies of certain signals leaves a file, where RLIMIT_CORE and kernel.core_pattern allow it. */
import type { ByteString } from '../../emulator/util/bytes.ts';
import { Errno } from '../abi/errno.ts';
import { O_CREAT, O_NOFOLLOW, O_TRUNC, O_WRONLY } from '../abi/fcntl.ts';
import { RLIMIT_CORE } from '../abi/resource.ts';
import { S_IFMT, S_IFREG } from '../abi/stat.ts';
import type { Call } from '../vfs/open-file.ts';
import { isBlocked } from './blocked.ts';
import { coreImage } from './core-image.ts';
import type { GuestTask } from './guest-task.ts';
import type { SignalInfo } from './signals.ts';

/** Linux min_coredump: less than a page is not worth a file. */
const LEAST_BYTES = 4096;
const CALL: Call = { progress: undefined, isInterrupted: false, nowNs: 0, threadId: 0, raise: () => {} };

/**
 * @param tasks threads of the program, the one that dies first
 * @returns whether there is a core now
 * @throws NotResident: to be called again
 */
export function dumpCore(tasks: readonly [GuestTask, ...GuestTask[]], info: SignalInfo): boolean {
  const [task] = tasks;
  const { machine, program } = task;
  const pattern = machine.settings.corePattern;
  const limit = program.limits.soft(RLIMIT_CORE);
  if (limit < LEAST_BYTES || pattern === '') return false;
  if (pattern.startsWith('|')) {
    machine.log.info(`${program.path}: core_pattern asks for a pipe; no core is written`);
    return false;
  }
  const path = expandPattern(pattern, task, info.signal);
  try {
    return writeCore(tasks, info, path, limit);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    machine.log.info(`${program.path}: core ${path}: ${error.message}`);
    return false;
  }
}

function writeCore(
  tasks: readonly [GuestTask, ...GuestTask[]],
  info: SignalInfo,
  path: ByteString,
  limit: number,
): boolean {
  const [task] = tasks;
  const file = task.machine.vfs.open(task, path, O_CREAT | O_WRONLY | O_TRUNC | O_NOFOLLOW, 0o600);
  try {
    if ((file.attributes().mode & S_IFMT) !== S_IFREG || file.writeAt === undefined) return false;
    for (const { offset, bytes } of coreImage(tasks, info)) {
      const allowed = bytes.subarray(0, Math.max(0, limit - offset));
      for (let done = 0; done < allowed.length;) {
        const written = file.writeAt(CALL, offset + done, allowed.subarray(done));
        if (isBlocked(written)) return false;
        done += written;
      }
    }
    return true;
  } finally {
    file.release();
  }
}

/** core(5), "Naming of core dump files". */
function expandPattern(pattern: ByteString, { id, program, machine }: GuestTask, signal: number): ByteString {
  const { uid, gid } = program.credentials;
  const words: Readonly<Record<string, string | number>> = {
    '%': '%',
    c: program.limits.soft(RLIMIT_CORE),
    e: program.threads.get(program.pid)?.name ?? program.lastName,
    E: program.path.replaceAll('/', '!'),
    g: gid,
    h: machine.hostname,
    i: id,
    I: id,
    p: program.pid,
    P: program.pid,
    s: signal,
    t: Math.floor(machine.realtimeMs() / 1000),
    u: uid,
  };
  return pattern.replaceAll(/%(.?)/g, (_all, letter: string) => String(words[letter] ?? ''));
}
