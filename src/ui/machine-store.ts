/**
 * The page's state and everything that changes it, without React: components select from `state` and call methods.
 *
 *   off ─▶ starting ─▶ running ─▶ stopping ─▶ off
 *            │            └──────────────────▶ starting   (reboot)
 *            └─▶ failed ◀── running                       (panic, broken worker)
 */
import { PoweredMachine, type ConsoleScreen } from '../workers/client.ts';
import type {
  CpuChoice,
  DiskChoice,
  EngineChoice,
  EngineReport,
  MachineEvent,
  Persistence,
  StartRequest,
} from '../workers/protocol/machine.ts';
import { GuestRest, type DiskUsage, type ProgramModel } from './guest-rest.ts';
import { loadImages, type ImageEntry } from './image-index.ts';
import { loadSettings, saveSettings, type Settings } from './settings.ts';
import { StatisticsFeed } from './statistics-feed.ts';
import { SyscallFeed } from './syscall-feed.ts';
import { Launches, type LaunchState } from './launches.ts';

export type Phase =
  | { readonly kind: 'off' }
  | { readonly kind: 'starting'; readonly stage: 'disk' | 'kernel' | 'prompt'; readonly progress?: number }
  | {
      readonly kind: 'running';
      readonly bootMs: number;
      readonly persistence: Persistence;
      readonly engine: EngineReport;
    }
  | { readonly kind: 'stopping'; readonly reason: 'poweroff' | 'reboot' }
  | { readonly kind: 'failed'; readonly message: string; readonly detail: string; readonly isPanic: boolean };

export interface MachineState extends LaunchState {
  readonly phase: Phase;
  readonly settings: Settings;
  readonly images: readonly ImageEntry[];
  /** Guest ports that programs listen on, rising. */
  readonly listening: readonly number[];
  readonly programs: readonly ProgramModel[];
  readonly disk: DiskUsage | undefined;
  /** A sentence about something that went wrong while the machine goes on. */
  readonly notice: string | undefined;
}

export interface MachineScreen extends ConsoleScreen {
  readonly rows: number;
  readonly columns: number;
}

/** How the page is asked to start the machine; from the address of the page, for links and tests. */
export interface StartOverrides {
  readonly disk?: DiskChoice;
  readonly quotaBytes?: number;
  readonly commandLine?: string;
  readonly image?: string;
  readonly engine?: EngineChoice;
  readonly cpu?: CpuChoice;
}

const REFRESH_MS = 1_000; // OSv's own dashboard asks twice a second; a list of programs is calm enough at half of it

export class MachineStore {
  readonly #screen: MachineScreen;
  readonly #overrides: StartOverrides;
  readonly #listeners = new Set<() => void>();
  readonly launches: Launches;
  readonly statistics = new StatisticsFeed(() => this.#machine);
  readonly syscalls = new SyscallFeed(() => (this.#state.listening.includes(8000) ? this.#rest : undefined));
  #machine: PoweredMachine | undefined;
  #rest: GuestRest | undefined;
  #watchers = 0;
  #refreshTimer: ReturnType<typeof setTimeout> | undefined;
  #state: MachineState = {
    phase: { kind: 'off' },
    settings: loadSettings(),
    images: [],
    listening: [],
    programs: [],
    disk: undefined,
    launches: [],
    dropped: [],
    notice: undefined,
  };

  constructor(screen: MachineScreen, overrides: StartOverrides) {
    this.#screen = screen;
    this.#overrides = overrides;
    this.launches = new Launches({
      rest: () => this.#rest,
      machine: () => this.#machine,
      state: () => this.#state,
      set: (change) => this.#set(change),
      refresh: () => this.refresh(),
    });
  }

  get state(): MachineState {
    return this.#state;
  }

  get machine(): PoweredMachine | undefined {
    return this.#machine;
  }

  get rest(): GuestRest | undefined {
    return this.#rest;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): MachineState => this.#state;

  /** Starts at once: what the machine needs it fetches itself, and says what is missing. */
  powerOn(disk: DiskChoice = this.#overrides.disk ?? 'keep', engine?: EngineChoice): void {
    this.#unplug();
    this.#set({ phase: { kind: 'starting', stage: 'disk' }, listening: [], programs: [], launches: [], dropped: [] });
    this.#start({ ...this.#request(disk), ...(engine === undefined ? {} : { engine }) });
  }

  /** For the choice of an image; without the list there is none, and the machine says why. */
  async loadImages(): Promise<void> {
    this.#set({ images: await loadImages().catch(() => []) });
  }

  async shutDown(reason: 'poweroff' | 'reboot'): Promise<void> {
    if (this.#machine === undefined) return;
    this.#set({ phase: { kind: 'stopping', reason } });
    await this.#machine.shutDown(reason);
  }

  /** Takes the power away at once: for a machine that does not shut down. */
  pullThePlug(): void {
    this.#unplug();
    this.#set({ phase: { kind: 'off' }, listening: [], programs: [] });
  }

  changeSettings(change: Partial<Settings>): void {
    const settings = { ...this.#state.settings, ...change };
    saveSettings(settings);
    this.#set({ settings });
  }

  dismissNotice(): void {
    this.#set({ notice: undefined });
  }

  sendInput(text: string): void {
    this.#machine?.sendInput(new TextEncoder().encode(text));
  }

  /** While somebody watches, programs and disk usage are kept fresh. @returns the end of watching */
  watch(): () => void {
    if (++this.#watchers === 1) this.refresh();
    return () => {
      if (--this.#watchers === 0) clearTimeout(this.#refreshTimer);
    };
  }

  refresh(): void {
    clearTimeout(this.#refreshTimer);
    void this.#refresh().finally(() => {
      clearTimeout(this.#refreshTimer);
      if (this.#watchers > 0) this.#refreshTimer = setTimeout(() => this.refresh(), REFRESH_MS);
    });
  }

  async #refresh(): Promise<void> {
    const rest = this.#rest;
    if (rest === undefined || this.#state.phase.kind !== 'running' || !this.#state.listening.includes(8000)) return;
    const [programs, disks] = await Promise.allSettled([rest.programs(), rest.diskUsage()]);
    if (rest !== this.#rest) return;
    if (programs.status === 'fulfilled') this.#set({ programs: programs.value });
    if (disks.status === 'fulfilled') this.#set({ disk: disks.value.find((disk) => disk.mount === '/') });
    await this.launches.follow();
  }

  #request(disk: DiskChoice): StartRequest {
    const { settings } = this.#state;
    const { quotaBytes, commandLine, cpu = settings.cpu } = this.#overrides;
    return {
      imagesUrl: new URL('images/', document.baseURI).href,
      image: this.#overrides.image ?? settings.image,
      engine: this.#overrides.engine ?? settings.engine,
      ...(cpu === 'auto' ? {} : { cpu }),
      memoryBytes: settings.memoryMiB * 2 ** 20,
      disk,
      rows: this.#screen.rows,
      columns: this.#screen.columns,
      ...(quotaBytes === undefined ? {} : { quotaBytes }),
      ...(commandLine === undefined ? {} : { commandLine }),
    };
  }

  #start(request: StartRequest): void {
    const machine = new PoweredMachine(request, (event) => this.#receive(machine, event), this.#screen);
    this.#machine = machine;
    this.#rest = new GuestRest(machine.door(8000));
  }

  #receive(machine: PoweredMachine, event: MachineEvent): void {
    if (machine !== this.#machine) return;
    switch (event.kind) {
      case 'boot':
        this.#set({ phase: bootPhase(event) });
        break;
      case 'running':
        this.#set({ phase: event, notice: event.engine.notice });
        break;
      case 'ports':
        this.#set({ listening: event.listening });
        if (this.#watchers > 0) this.refresh();
        break;
      case 'disk-trouble':
        this.#set({ notice: event.message });
        break;
      case 'halted':
        this.#halted(event.reason, event.report);
        break;
      case 'failed':
        this.#fail(event.message, event.detail, false);
        break;
    }
  }

  #halted(reason: 'poweroff' | 'reboot' | 'panic', report: string): void {
    if (reason === 'reboot') this.powerOn('keep');
    else if (reason === 'poweroff') this.pullThePlug();
    else
      this.#fail('The kernel of the machine stopped because of an error of its own. Its disk is intact.', report, true);
  }

  #fail(message: string, cause: unknown, isPanic: boolean): void {
    this.#unplug();
    const detail = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    this.#set({ phase: { kind: 'failed', message, detail, isPanic }, listening: [], programs: [] });
  }

  #unplug(): void {
    this.#machine?.dispose();
    this.#machine = undefined;
    this.#rest = undefined;
  }

  #set(change: Partial<MachineState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

function bootPhase(event: Extract<MachineEvent, { kind: 'boot' }>): Phase {
  const { stage, doneBytes, totalBytes } = event;
  if (doneBytes === undefined || totalBytes === undefined || totalBytes === 0) return { kind: 'starting', stage };
  return { kind: 'starting', stage, progress: doneBytes / totalBytes };
}
