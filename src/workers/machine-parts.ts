/** The shipped machine: OSv's kernel on a disk over an image fetched by chunk. */
import { boot, describeElf, HostError, type ElfDescription as KernelDescription } from '../guest-kernel/index.ts';
import type { MachineParts, OpenedDisk } from './machine-host.ts';
import { ChunkedImage, fetchOk } from './ports/chunked-image.ts';
import { MemoryDisk } from './ports/memory-disk.ts';
import type { ElfDescription, NeededLibrary, StartRequest } from './protocol/machine.ts';

interface ImageEntry {
  readonly name: string;
  readonly layout: string;
  readonly glibc?: string;
}

async function openDisk(
  request: StartRequest,
  onProgress: (doneBytes: number, totalBytes: number) => void,
): Promise<OpenedDisk> {
  const indexUrl = new URL('index.json', request.imagesUrl);
  const index = (await (await fetchOk(indexUrl)).json()) as { readonly images: readonly ImageEntry[] };
  const entry = index.images.find((image) => image.name === request.image);
  if (entry === undefined) throw new HostError(`This site has no disk image named ${request.image}.`);
  const image = await ChunkedImage.open(new URL(entry.layout, indexUrl));
  await image.fetchBoot(onProgress);
  return {
    disk: new MemoryDisk(image),
    persistence: { kind: 'memory', reason: 'asked' },
    glibcVersion: entry.glibc,
    close: () => Promise.resolve(),
  };
}

export const machineParts: MachineParts = {
  openDisk,
  boot,
  describeElf: (file, glibcPresent) => plainDescription(describeElf(file), glibcPresent),
};

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
