/** What the management interfaces (REST, and the CLI through it) may do to the machine; boot.ts makes it. */
import type { ByteString } from '../../emulator/util/bytes.ts';
import type { Programs } from '../program/programs.ts';
import type { Machine } from '../program/thread.ts';
import type { CallTrace } from '../trace/call-trace.ts';
import { rootCredentials } from '../vfs/credentials.ts';
import type { Viewer } from '../vfs/vfs.ts';

export interface Management {
  readonly machine: Machine;
  readonly programs: Programs;
  /** What is observed of system calls. */
  readonly calls: CallTrace;
  /** 'none', 'browser', … as GET /hardware/hypervisor tells. */
  readonly hypervisor: string;
  readonly firmwareVendor: string;
  /** CPUID feature names, separated by blanks. */
  readonly cpuFlags: string;
  readonly cpuCount: number;
  /** The boot command line; POST /os/cmdline changes it here and in COMMAND_LINE_PATH. */
  commandLine: ByteString;
  /** Ends the machine soon, after the answer had a chance to leave. */
  shutDown(reason: 'poweroff' | 'reboot'): void;
}

/** Where the image keeps its command line; boot.ts reads it when the host gives none. */
export const COMMAND_LINE_PATH: ByteString = '/etc/osv-cmdline';

/** OSv's one user, looking from the root. */
export function rootViewer({ machine }: Management): Viewer {
  const { root } = machine.vfs;
  return {
    fs: { cwd: root, root, umask: 0 },
    credentials: rootCredentials(),
  };
}
