/** Records which blocks of an image a boot needs up to the prompt; the page fetches their chunks ahead. */
import { boot, HostError, type KernelPorts } from '../guest-kernel/index.ts';
import { hostClock } from './ports/clock.ts';
import { hostEntropy } from './ports/entropy.ts';
import { ThrowAwayDisk } from './ports/file-disk.ts';
import { driveKernel } from './drive.ts';

/** What the CLI prints when it is ready (facts 4.1). */
const PROMPT = '/# ';
const LONGEST_BOOT_MS = 30_000;

class RecordingDisk extends ThrowAwayDisk {
  readonly blocks = new Set<number>();

  override readNow(block: number): Uint8Array {
    this.blocks.add(block);
    return super.readNow(block);
  }
}

/** @returns block numbers in the order in which they were first read. @throws HostError when no prompt comes */
export async function recordBoot(image: string): Promise<readonly number[]> {
  const clock = hostClock();
  const disk = new RecordingDisk(image);
  let screen = '';
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
    driveKernel(boot(ports, { ...machine, engine: 'auto' }), () => clock.monotonicNs()).catch(reject);
    setTimeout(() => reject(new HostError(`No prompt came.\n${screen}`)), LONGEST_BOOT_MS).unref();
  });
  return [...disk.blocks];
}
