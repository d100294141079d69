/** The only door of the guest kernel for its hosts (src/workers, src/node). */
export {
  HostError,
  type BlockPort,
  type ClockPort,
  type Closable,
  type ConsolePort,
  type EntropyPort,
  type HostStdio,
  type KernelPorts,
  type PowerPort,
  type TerminalKind,
  type TerminalSize,
} from './ports.ts';
// For filesystems that a host brings.
export { CPU_LEVELS, type CpuLevel } from '../emulator/index.ts';
export * as errnos from './abi/errno.ts';
export type { Filesystem, FilesystemUsage, Inode } from './vfs/inode.ts';
// The HTTP/1 codec, for the port gateway.
export { formatChunk, formatRequestHead, formatResponseHead, LAST_CHUNK } from './net/http/format.ts';
export {
  HttpError,
  HttpHeaders,
  keepsAlive,
  type HttpEvent,
  type RequestHead,
  type ResponseHead,
} from './net/http/message.ts';
export { HttpParser } from './net/http/parser.ts';
export type {
  Kernel,
  HostConnection,
  BootOptions,
  EngineReport,
  KernelStatistics,
  RunRequest,
  SliceResult,
} from './kernel.ts';
export { boot } from './boot.ts';
// For tests of the whole machine.
export { CallRestarts } from './syscalls/call-restarts.ts';
export type { CallFilter } from './trace/call-trace.ts';
export type { CodeStorePort, CpuStatistics, KeptModule } from '../emulator/index.ts';
export { describeElf, type ElfDescription } from './loader/describe-elf.ts';
