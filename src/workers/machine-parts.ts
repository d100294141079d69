/** The shipped machine: OSv's kernel on a disk in IndexedDB over an image fetched by chunk. */
import { boot, describeElf, type ElfDescription as KernelDescription } from '../guest-kernel/index.ts';
import type { MachineParts } from './machine-host.ts';
import { CodeCache } from './ports/code-cache.ts';
import { fetchHandlers } from './ports/fetch-handlers.ts';
import { openDisk } from './ports/open-disk.ts';
import type { ElfDescription, NeededLibrary } from './protocol/machine.ts';

export const machineParts: MachineParts = {
  openDisk,
  prepared: fetchHandlers(),
  boot,
  openCodeCache,
  describeElf: (file, glibcPresent) => plainDescription(describeElf(file), glibcPresent),
};

/** The name of the built worker tells its content. While the page is being written it does not, and nothing is kept. */
function openCodeCache(when: Promise<void>): CodeCache | undefined {
  return /-[\w-]{8}\.js$/.test(import.meta.url) ? new CodeCache(import.meta.url, { when }) : undefined;
}

function plainDescription(found: KernelDescription, glibcPresent: string | undefined): ElfDescription {
  if (found.kind === 'not-runnable') return { kind: 'other', reason: found.reason };
  return {
    kind: 'elf',
    type: found.form,
    interpreter: found.interpreter,
    needed: found.needed.map((name) => neededLibrary(name, found.versions)),
    isRunnable: found.form !== 'shared object' || found.hasMain || found.interpreter !== undefined,
    glibcNeeded: found.glibc,
    glibcPresent,
  };
}

function neededLibrary(
  name: string,
  versions: readonly { readonly library: string; readonly version: string }[],
): NeededLibrary {
  return { name, versions: versions.filter(({ library }) => library === name).map(({ version }) => version) };
}
