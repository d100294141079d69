/** What /proc needs to know of the machine; boot.ts makes it from the running machine. */
import type { CpuDescription } from '../../../emulator/index.ts';
import type { ByteString } from '../../../emulator/util/bytes.ts';
import type { Program, Task } from '../../program/thread.ts';
import type { Timestamp } from '../../vfs/inode.ts';
import type { Vfs } from '../../vfs/vfs.ts';

export interface ProcSource {
  now(): Timestamp;
  readonly uptimeNs: number;
  readonly memoryBytes: number;
  readonly freeMemoryBytes: number;
  readonly hostname: ByteString;
  /** Realtime seconds at boot. */
  readonly bootTimeSeconds: number;
  /** The thread whose call is being served (/proc/self). */
  current(): Task | undefined;
  /** Running programs, by rising pid. */
  programs(): readonly Program[];
  readonly vfs: Vfs;
  /** Kinds for /proc/filesystems; those without a device are 'nodev'. */
  readonly filesystemTypes: readonly { readonly name: string; readonly isOnDisk: boolean }[];
  /** 'K=V' of a program. */
  environment(program: Program): readonly ByteString[];
  /** 64 hexadecimal digits would be a UUID source; one line of random for /proc/sys/kernel/random/uuid. */
  randomUuid(): ByteString;
  /** For /proc/cpuinfo. */
  readonly cpu: CpuDescription;
}
