/** An executable as a file, and on its way into a memory: what starting a program and execve have in common. */
import type { ByteString } from '../../emulator/util/bytes.ts';
import type { ElfSource } from '../loader/elf.ts';
import { type LoadedFile, type LoadRequest, type StartPoint, loadProgram } from '../loader/load-program.ts';
import type { MemoryMap } from '../mm/memory-map.ts';
import type { Inode } from '../vfs/inode.ts';
import { readFile } from '../vfs/shared-pages.ts';
import type { RunningMachine } from './running-machine.ts';

const RANDOM_BYTES = 16;
/** TASK_COMM_LEN without the NUL. */
const NAME_BYTES = 15;

export interface ExecutableImage {
  readonly program: LoadedFile;
  readonly interpreter: LoadedFile | undefined;
}

export interface LoadParts {
  readonly image: ExecutableImage;
  readonly argv: readonly ByteString[];
  readonly environment: readonly ByteString[];
  /** RLIMIT_STACK. */
  readonly stackLimitBytes?: number;
  /** As whom it runs; absent: root. */
  readonly credentials?: NonNullable<LoadRequest['credentials']>;
}

/** Maps the program into an empty memory. @throws ENOMEM, E2BIG */
export function loadInto(machine: RunningMachine, map: MemoryMap, parts: LoadParts): StartPoint {
  const random = new Uint8Array(RANDOM_BYTES);
  // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- EntropyPort.fill, not an array's
  machine.entropy.fill(random);
  return loadProgram(map, {
    ...parts.image,
    argv: parts.argv,
    environment: parts.environment,
    ...(parts.stackLimitBytes === undefined ? {} : { stackLimitBytes: parts.stackLimitBytes }),
    ...(parts.credentials === undefined ? {} : { credentials: parts.credentials }),
    random,
    realtimeOffsetNs: machine.clock.realtimeNs() - BigInt(Math.round(machine.clock.monotonicNs())),
  });
}

/** comm of a program: the last part of its path. */
export function baseName(path: ByteString): ByteString {
  return path.slice(path.lastIndexOf('/') + 1).slice(0, NAME_BYTES);
}

export function sourceOf(inode: Inode, sizeBytes: number): ElfSource {
  return {
    sizeBytes,
    read(offset, size) {
      const bytes = new Uint8Array(Math.max(0, Math.min(size, sizeBytes - offset)));
      return bytes.subarray(0, bytes.length === 0 ? 0 : readFile(inode, offset, bytes));
    },
  };
}
