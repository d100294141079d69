/**
 * window.machine: the page for scripts (docs/automation.md). Everything a person can do with the machine, as calls that
 * take and return plain data, so that a browser driver can use them from outside.
 */
import type { EngineChoice, EngineReport, MachineStatistics } from '../workers/protocol/machine.ts';
import type { ProgramModel } from './guest-rest.ts';
import type { MachineState, MachineStore } from './machine-store.ts';
import type { ConsoleScreen } from './panels/console/console-screen.ts';
import type { PortDoors } from './port-doors.ts';

export interface RunOptions {
  readonly newProgram?: boolean;
}

export interface PowerOptions {
  /** For this start alone; absent: the page's setting. */
  readonly engine?: EngineChoice;
}

export interface FetchInit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface FetchReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface MachineAutomation {
  /** 'off', 'starting', 'running', 'stopping' or 'failed', with what belongs to it. */
  phase(): MachineState['phase'];
  /** Resolves when the prompt stands. */
  ready(): Promise<void>;
  readonly console: {
    /** Everything above and on the screen; wrapped lines are joined. */
    text(): string;
    /** As if typed; '\r' is Enter, '\x03' is ^C. */
    type(text: string): void;
    /** Resolves with the text when `pattern` (a regular expression) matches what was written since the last call. */
    waitFor(pattern: string, timeoutMs?: number): Promise<string>;
  };
  /** PUT /app. @returns thread ids; rejects with the guest's message */
  run(command: string, options?: RunOptions): Promise<readonly number[]>;
  programs(): Promise<readonly ProgramModel[]>;
  /** Resolves when the program has ended. */
  finished(tid: number): Promise<ProgramModel>;
  /** What the program wrote, as far as it is kept. */
  output(tid: number): Promise<string>;
  readonly files: {
    read(path: string): Promise<Uint8Array>;
    /** Creates or replaces; text is written as UTF-8. */
    write(path: string, content: Uint8Array | string): Promise<void>;
    remove(path: string): Promise<void>;
  };
  /** One HTTP exchange with a guest port; redirects are not followed. */
  fetch(port: number, path: string, init?: FetchInit): Promise<FetchReply>;
  /** Guest ports that programs listen on. */
  ports(): readonly number[];
  /** Address of a guest port's own origin, if this site has one. */
  url(port: number, path: string): string | undefined;
  /** Everything written so far is durable when this resolves. */
  sync(): Promise<void>;
  powerOn(options?: PowerOptions): Promise<void>;
  /** What programs run on, and why; undefined while the machine is off. */
  engine(): EngineReport | undefined;
  shutDown(reason: 'poweroff' | 'reboot'): Promise<void>;
  resetDisk(): Promise<void>;
  statistics(): Promise<MachineStatistics>;
  /** From now on `statistics().cpu.tierMs` grows, or no longer. */
  watchStatistics(isWatched: boolean): Promise<void>;
}

declare global {
  interface Window {
    machine?: MachineAutomation;
  }
}

const POLL_MS = 50; // a person would not notice, a test does not wait long

export function installAutomation(store: MachineStore, screen: ConsoleScreen, doors: PortDoors): void {
  window.machine = { ...powerCalls(store, doors), ...programCalls(store), console: consoleCalls(store, screen) };
}

function powerCalls(store: MachineStore, doors: PortDoors) {
  return {
    phase: () => store.state.phase,
    ready: async () => {
      await until(() => {
        const { phase } = store.state;
        if (phase.kind === 'failed') throw new Error(phase.message);
        return phase.kind === 'running' && store.state.listening.includes(8000);
      });
    },
    ports: () => store.state.listening,
    url: (port: number, path: string) => doors.url(port, path),
    sync: async () => await running(store.machine).sync(),
    powerOn: async (options?: PowerOptions) => await Promise.resolve(store.powerOn(undefined, options?.engine)),
    engine: () => (store.state.phase.kind === 'running' ? store.state.phase.engine : undefined),
    shutDown: async (reason: 'poweroff' | 'reboot') => await store.shutDown(reason),
    resetDisk: async () => await Promise.resolve(store.powerOn('reset')),
    statistics: async () => await running(store.machine).statistics(),
    watchStatistics: async (isWatched: boolean) =>
      await Promise.resolve(running(store.machine).watchStatistics(isWatched)),
  };
}

function programCalls(store: MachineStore) {
  return {
    run: async (command: string, options?: RunOptions) =>
      await running(store.rest).start(command, options?.newProgram ?? false),
    programs: async () => await running(store.rest).programs(),
    finished: async (tid: number) => await finished(store, tid),
    output: async (tid: number) => await running(store.rest).output(tid),
    files: {
      read: async (path: string) => await running(store.rest).readFile(path),
      write: async (path: string, content: Uint8Array | string) =>
        await running(store.rest).writeFile(path, new Blob([content as Uint8Array<ArrayBuffer> | string])),
      remove: async (path: string) => await running(store.rest).removeFile(path),
    },
    fetch: async (port: number, path: string, init?: FetchInit) => await fetchPort(store, port, path, init),
  };
}

function consoleCalls(store: MachineStore, screen: ConsoleScreen): MachineAutomation['console'] {
  let seen = 0;
  return {
    text: () => screen.text(),
    type: (text) => store.sendInput(text),
    waitFor: async (pattern, timeoutMs = 30_000) => {
      const expression = new RegExp(pattern);
      let match: RegExpExecArray | null = null;
      await until(() => {
        match = expression.exec(screen.text().slice(seen));
        return match !== null;
      }, timeoutMs);
      const text = screen.text().slice(seen);
      const found = match as RegExpExecArray | null;
      seen += found === null ? 0 : found.index + found[0].length;
      return text;
    },
  };
}

async function finished(store: MachineStore, tid: number): Promise<ProgramModel> {
  for (;;) {
    const program = await running(store.rest).program(tid);
    if (program.state !== 'running') return program;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function fetchPort(store: MachineStore, port: number, path: string, init?: FetchInit): Promise<FetchReply> {
  const request = new Request(`http://localhost:${port}${path}`, init);
  const response = await running(store.machine).door(port).fetch(request);
  return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
}

function running<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('The machine is off.');
  return part;
}

async function until(isTrue: () => boolean, timeoutMs = 60_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!isTrue()) {
    if (performance.now() > end) throw new Error(`Nothing came within ${timeoutMs} ms.`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
