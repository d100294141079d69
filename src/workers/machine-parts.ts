/** The shipped machine: OSv's kernel on a disk in IndexedDB over an image fetched by chunk. */
import { HostError } from '../guest-kernel/index.ts';
import type { MachineParts } from './machine-host.ts';

export const machineParts: MachineParts = {
  openDisk: () => Promise.reject(new HostError('This build has no kernel yet.')),
  boot: () => {
    throw new HostError('This build has no kernel yet.');
  },
  describeElf: () => ({ kind: 'other', reason: 'This build can not read ELF files yet.' }),
};
