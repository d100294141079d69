/** The only door of the guest kernel for its hosts (src/workers, src/node). */
export {
  HostError,
  type BlockPort,
  type ClockPort,
  type Closable,
  type ConsolePort,
  type EntropyPort,
  type KernelPorts,
  type PowerPort,
  type TerminalSize,
} from './ports.ts';
export type { Kernel, HostConnection, BootOptions } from './kernel.ts';
// boot(ports, options): Kernel comes with boot.ts.
