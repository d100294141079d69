/**
 * Records which blocks of an image a boot needs up to the prompt, and which ones the machine then needs to be ready for
 * programs; the page fetches their chunks ahead.
 */
import { boot, HostError, type Kernel, type KernelPorts } from '../guest-kernel/index.ts';
import { hostClock } from './ports/clock.ts';
import { hostEntropy } from './ports/entropy.ts';
import { ThrowAwayDisk } from './ports/file-disk.ts';
import { driveKernel } from './drive.ts';

/** What the CLI prints when it is ready (facts 4.1). */
const PROMPT = '/# ';
const LONGEST_BOOT_MS = 30_000;
/** When nothing was read for so long, the machine is ready. */
const QUIET_MS = 1_000;

export interface BootRecord {
  /** Block numbers in the order in which they were first read. */
  readonly boot: readonly number[];
  readonly ready: readonly number[];
}

class RecordingDisk extends ThrowAwayDisk {
  readonly blocks = new Set<number>();

  override readNow(block: number): Uint8Array | undefined {
    this.blocks.add(block);
    return super.readNow(block);
  }
}

/** @throws HostError when no prompt comes */
export async function recordBoot(image: string): Promise<BootRecord> {
  const clock = hostClock();
  const disk = new RecordingDisk(image);
  let screen = '';
  let kernel: Kernel | undefined;
  await new Promise<void>((resolve, reject) => {
    const onScreen = (bytes: Uint8Array): void => {
      screen += Buffer.from(bytes).toString('latin1');
      if (screen.includes(PROMPT)) resolve();
    };
    const ports: KernelPorts = {
      clock,
      entropy: hostEntropy,
      console: {
        write: onScreen,
        onInput: () => ({ close: () => {} }),
        onResize: () => ({ close: () => {} }),
        size: () => ({ rows: 25, columns: 80 }),
      },
      disk,
      power: {
        onHalt: (_reason, report) => reject(new HostError(`The boot ended before the prompt.\n${screen}${report}`)),
      },
    };
    const machine = { memoryBytes: 2 * 1024 ** 3, hypervisor: 'node', firmwareVendor: 'OSv in a browser tab' };
    kernel = boot(ports, { ...machine, engine: 'auto' });
    driveKernel(kernel, () => clock.monotonicNs()).catch(reject);
    setTimeout(() => reject(new HostError(`No prompt came.\n${screen}`)), LONGEST_BOOT_MS).unref();
  });
  const all = [...disk.blocks];
  kernel?.makeReady();
  for (let count = -1; count !== disk.blocks.size;) {
    count = disk.blocks.size;
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  }
  return { boot: all, ready: [...disk.blocks].slice(all.length) };
}
