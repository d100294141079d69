/** What the user launches from the page, and the files dropped onto it. */
import type { PoweredMachine } from '../workers/client.ts';
import type { ElfDescription } from '../workers/protocol/machine.ts';
import type { GuestRest, ProgramModel } from './guest-rest.ts';

/** A program started with the launcher. */
export interface Launch {
  readonly id: number;
  readonly command: string;
  readonly isNewProgram: boolean;
  readonly outcome:
    | { readonly kind: 'starting' }
    | { readonly kind: 'refused'; readonly message: string }
    | { readonly kind: 'started'; readonly programs: readonly ProgramModel[] };
  readonly tids: readonly number[];
}

/** A file dropped onto the page. */
export interface DroppedFile {
  readonly id: number;
  readonly name: string;
  readonly sizeBytes: number;
  /** Where it lies in the guest. */
  readonly path: string;
  readonly state:
    | { readonly kind: 'reading' }
    | { readonly kind: 'copying' }
    | { readonly kind: 'copied' }
    | { readonly kind: 'failed'; readonly message: string };
  readonly description: ElfDescription | undefined;
}

/** The part of the page's state that is written here. */
export interface LaunchState {
  /** Newest first. */
  readonly launches: readonly Launch[];
  readonly dropped: readonly DroppedFile[];
}

interface Owner {
  rest(): GuestRest | undefined;
  machine(): PoweredMachine | undefined;
  state(): LaunchState & { readonly programs: readonly ProgramModel[] };
  set(change: Partial<LaunchState>): void;
  refresh(): void;
}

const HISTORY = 20; // more than a person looks back, few enough to draw

export class Launches {
  readonly #owner: Owner;
  #nextId = 1;

  constructor(owner: Owner) {
    this.#owner = owner;
  }

  /** @returns the thread ids, or undefined when the guest refused (which the launch then says) */
  async start(command: string, isNewProgram: boolean): Promise<readonly number[] | undefined> {
    const launch: Launch = { id: this.#nextId++, command, isNewProgram, tids: [], outcome: { kind: 'starting' } };
    this.#owner.set({ launches: [launch, ...this.#owner.state().launches].slice(0, HISTORY) });
    try {
      const rest = this.#owner.rest();
      if (rest === undefined) throw new Error('The machine is off. Start it, then run the program again.');
      const tids = await rest.start(command, isNewProgram);
      this.#changeLaunch(launch.id, { tids, outcome: { kind: 'started', programs: [] } });
      this.#owner.refresh();
      return tids;
    } catch (error) {
      this.#changeLaunch(launch.id, { outcome: { kind: 'refused', message: sentence(error) } });
      return undefined;
    }
  }

  /** Copies a file to the root of the guest's disk and says what was found in it. */
  async drop(file: File): Promise<void> {
    const path = `/${file.name.replaceAll('/', '_')}`;
    const { id } = this.#addFile({ name: file.name, sizeBytes: file.size, path });
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      const description = await this.#owner.machine()?.describeElf(bytes);
      this.#changeFile(id, { description, state: { kind: 'copying' } });
      await this.#copy(file, path);
      this.#changeFile(id, { state: { kind: 'copied' } });
    } catch (error) {
      this.#changeFile(id, { state: { kind: 'failed', message: sentence(error) } });
    }
    this.#owner.refresh();
  }

  forgetFile(id: number): void {
    this.#owner.set({ dropped: this.#owner.state().dropped.filter((file) => file.id !== id) });
  }

  /** Brings the outcomes of launches up to date with the list of programs. */
  async follow(): Promise<void> {
    const { launches, programs } = this.#owner.state();
    const rest = this.#owner.rest();
    for (const launch of launches) {
      if (launch.outcome.kind !== 'started' || isOver(launch)) continue;
      const found = await Promise.all(
        launch.tids.map(async (tid) => programs.find((program) => program.tid === tid) ?? (await rest?.program(tid))),
      ).catch((): (ProgramModel | undefined)[] => []);
      const known = found.filter((program): program is ProgramModel => program !== undefined);
      this.#changeLaunch(launch.id, { outcome: { kind: 'started', programs: known } });
    }
  }

  async #copy(file: File, path: string): Promise<void> {
    const rest = this.#owner.rest();
    if (rest === undefined) throw new Error('The machine is off. Start it, then drop the file again.');
    const disk = (await rest.diskUsage()).find((usage) => usage.mount === '/');
    if (disk !== undefined && file.size > disk.freeBytes) {
      throw new Error(
        `${file.name} has ${formatBytes(file.size)}, but only ${formatBytes(disk.freeBytes)} are free on the disk of the machine. Remove files there, then drop it again.`,
      );
    }
    await rest.writeFile(path, file);
  }

  #addFile(file: Pick<DroppedFile, 'name' | 'sizeBytes' | 'path'>): DroppedFile {
    const added: DroppedFile = { id: this.#nextId++, ...file, state: { kind: 'reading' }, description: undefined };
    const others = this.#owner.state().dropped.filter((other) => other.path !== file.path);
    this.#owner.set({ dropped: [added, ...others].slice(0, HISTORY) });
    return added;
  }

  #changeFile(id: number, change: Partial<DroppedFile>): void {
    const dropped = this.#owner.state().dropped.map((file) => (file.id === id ? { ...file, ...change } : file));
    this.#owner.set({ dropped });
  }

  #changeLaunch(id: number, change: Partial<Launch>): void {
    const launches = this.#owner
      .state()
      .launches.map((launch) => (launch.id === id ? { ...launch, ...change } : launch));
    this.#owner.set({ launches });
  }
}

function isOver(launch: Launch): boolean {
  if (launch.outcome.kind !== 'started') return true;
  const { programs } = launch.outcome;
  return programs.length === launch.tids.length && programs.every((program) => program.state !== 'running');
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** '3.2 MB': powers of 1000, as disks are sold and browsers count. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}
