/**
 * core(5): a program that dies of certain signals leaves a file, or feeds a program, where RLIMIT_CORE and
 * kernel.core_pattern allow it. Its other threads run no more meanwhile, and the dying one writes a piece in each turn,
 * so that the rest of the machine goes on.
 */
import type { ByteString } from '../../emulator/util/bytes.ts';
import { EAGAIN, Errno } from '../abi/errno.ts';
import { O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_TRUNC, O_WRONLY } from '../abi/fcntl.ts';
import { RLIMIT_CORE } from '../abi/resource.ts';
import { S_IFMT, S_IFREG } from '../abi/stat.ts';
import { FileTable } from '../vfs/file-table.ts';
import type { Call, OpenFile } from '../vfs/open-file.ts';
import { type PipeFile, makePipe } from '../vfs/pipe.ts';
import { type Blocked, blocked, isBlocked } from './blocked.ts';
import { type CorePiece, coreImage } from './core-image.ts';
import type { GuestTask } from './guest-task.ts';
import { LaunchError } from './programs.ts';
import type { RunningProgram } from './running-program.ts';
import type { SignalInfo } from './signals.ts';

/** Linux min_coredump: less than a page is not worth a file. */
const LEAST_BYTES = 4096;
/** core(5): the RLIMIT_CORE of whoever is fed a core, so that its own death feeds nobody. */
const HELPER_LIMIT = 1;
/** What is written in one turn: about a millisecond. */
const TURN_BYTES = 1 << 20;
const ZEROS = new Uint8Array(65_536);
const CALL: Call = { progress: undefined, isInterrupted: false, nowNs: 0, threadId: 0, raise: () => {} };

/** Where a core goes. */
interface Target {
  /** @returns bytes taken of those that belong at `offset`, perhaps none. @throws Errno, NotResident */
  write(offset: number, bytes: Uint8Array): number | Blocked;
  /** Everything is written. @returns what is still to wait for */
  finish(): Blocked | undefined;
  close(): void;
}

/** 'more': to be called again; a boolean: it is over, and there is a core or not. */
export type DumpStep = 'more' | Blocked | boolean;

/** The dump of a program that dies; `tasks`: its threads, the dying one first. */
export class CoreDump {
  readonly #task: GuestTask;
  readonly #info: SignalInfo;
  readonly #pieces: Iterator<CorePiece>;
  #piece: CorePiece | undefined;
  #done = 0;
  #target: Target | undefined;

  constructor(tasks: readonly [GuestTask, ...GuestTask[]], info: SignalInfo) {
    [this.#task] = tasks;
    this.#info = info;
    this.#pieces = coreImage(tasks, info);
  }

  /** @throws NotResident: to be called again */
  advance(): DumpStep {
    try {
      this.#target ??= openTarget(this.#task, this.#info.signal);
      return this.#target === undefined ? false : this.#write(this.#target);
    } catch (error) {
      if (!(error instanceof Errno) && !(error instanceof LaunchError)) throw error;
      const { machine, program } = this.#task;
      machine.log.info(`${program.path}: core ${machine.settings.corePattern}: ${error.message}`);
      return false;
    }
  }

  close(): void {
    this.#target?.close();
    this.#target = undefined;
  }

  #write(target: Target): DumpStep {
    for (let written = 0; written < TURN_BYTES;) {
      const piece = this.#current();
      if (piece === undefined) return target.finish() ?? true;
      const count = target.write(
        piece.offset + this.#done,
        piece.bytes().subarray(this.#done, this.#done + TURN_BYTES),
      );
      if (isBlocked(count)) return count;
      this.#done += count;
      written += Math.max(count, LEAST_BYTES);
    }
    return 'more';
  }

  #current(): CorePiece | undefined {
    if (this.#piece !== undefined && this.#done < this.#piece.sizeBytes) return this.#piece;
    this.#done = 0;
    const next = this.#pieces.next();
    return (this.#piece = next.done === true ? undefined : next.value);
  }
}

/** Whether a program that dies now leaves a core. */
export function wantsCore({ machine, program }: GuestTask): boolean {
  const { corePattern } = machine.settings;
  if (!program.isDumpable) return false;
  const limit = program.limits.soft(RLIMIT_CORE);
  return corePattern.startsWith('|') ? limit !== HELPER_LIMIT : corePattern !== '' && limit >= LEAST_BYTES;
}

function openTarget(task: GuestTask, signal: number): Target | undefined {
  const { corePattern } = task.machine.settings;
  if (corePattern.startsWith('|')) return new PipeTarget(task, corePattern.slice(1), signal);
  const path = expandPattern(corePattern, task, signal);
  const file = task.machine.vfs.open(task, path, O_CREAT | O_WRONLY | O_TRUNC | O_NOFOLLOW, 0o600);
  if ((file.attributes().mode & S_IFMT) === S_IFREG && file.writeAt !== undefined) {
    return new FileTarget(file, task.program.limits.soft(RLIMIT_CORE));
  }
  file.release();
  return undefined;
}

class FileTarget implements Target {
  readonly #file: OpenFile;
  readonly #limit: number;

  constructor(file: OpenFile, limit: number) {
    this.#file = file;
    this.#limit = limit;
  }

  write(offset: number, bytes: Uint8Array): number | Blocked {
    const allowed = bytes.subarray(0, Math.max(0, this.#limit - offset));
    // What the limit cuts off counts as written.
    if (allowed.length === 0 || this.#file.writeAt === undefined) return bytes.length;
    return this.#file.writeAt(CALL, offset, allowed);
  }

  finish(): undefined {}

  close(): void {
    this.#file.release();
  }
}

/** core(5), "Piping core dumps to a program": it reads from descriptor 0, as root; the dying program stays until it ends. */
class PipeTarget implements Target {
  readonly #helper: RunningProgram;
  #writer: PipeFile | undefined;
  #position = 0;

  constructor(task: GuestTask, command: ByteString, signal: number) {
    const { machine } = task;
    const argv = command.split(' ').flatMap((word) => (word === '' ? [] : [expandPattern(word, task, signal)]));
    const [reader, writer] = makePipe(O_NONBLOCK, 0);
    reader.flags &= ~O_NONBLOCK;
    const files = new FileTable();
    files.add(reader);
    try {
      this.#helper = machine.startHelper(argv, files);
      this.#helper.limits.set(RLIMIT_CORE, [BigInt(HELPER_LIMIT), BigInt(HELPER_LIMIT)]);
    } catch (error) {
      files.release();
      writer.release();
      throw error;
    }
    this.#writer = writer;
  }

  write(offset: number, bytes: Uint8Array): number | Blocked {
    const writer = this.#writer;
    if (writer === undefined) return bytes.length;
    const gap = Math.min(offset - this.#position, ZEROS.length);
    try {
      const count = writer.write(CALL, gap > 0 ? ZEROS.subarray(0, gap) : bytes);
      if (isBlocked(count)) return count;
      this.#position += count;
      return gap > 0 ? 0 : count;
    } catch (error) {
      if (error !== EAGAIN) throw error;
      return blocked(writer.readiness);
    }
  }

  finish(): Blocked | undefined {
    this.close();
    return this.#helper.isRunning ? blocked(this.#helper.ended) : undefined;
  }

  close(): void {
    this.#writer?.release();
    this.#writer = undefined;
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
