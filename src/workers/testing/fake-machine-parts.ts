/** MachineParts around the fake kernel: an empty disk in memory. */
import type { BlockPort } from '../../guest-kernel/index.ts';
import type { MachineParts } from '../machine-host.ts';
import { bootFakeKernel } from './fake-kernel.ts';

const emptyDisk: BlockPort = {
  blockCount: 0,
  isReadOnly: true,
  readNow: () => undefined,
  fetch: (_blocks, done) => done(),
  commit: (_blocks, done) => done(),
};

export const machineParts: MachineParts = {
  openDisk: (request) =>
    Promise.resolve({
      disk: emptyDisk,
      persistence: request.disk === 'memory' ? { kind: 'memory', reason: 'asked' } : { kind: 'kept' },
      glibcVersion: '2.36',
      close: () => Promise.resolve(),
    }),
  boot: bootFakeKernel,
  describeElf: (file, glibcPresent) =>
    file[0] === 0x7f
      ? {
          kind: 'elf',
          type: 'shared object',
          interpreter: undefined,
          needed: [{ name: 'libc.so.6', versions: ['GLIBC_2.38'] }],
          isRunnable: true,
          glibcNeeded: '2.38',
          glibcPresent,
        }
      : { kind: 'other', reason: 'This is not an ELF file.' },
};
