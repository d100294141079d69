/**
 * The page's end of a machine: starts the worker, hands over the console and opens port doors.
 *
 * A PoweredMachine is one power-on life; when it halted or failed, `dispose` it and power on another.
 */
import * as Comlink from 'comlink';
import { DoorClient } from './door/door-client.ts';
import { CONSOLE_WINDOW_BYTES, type ConsoleToPage, type ConsoleToWorker } from './protocol/console-stream.ts';
import type { MachineEvent, MachineHost, MachineStatistics, ElfDescription, StartRequest } from './protocol/machine.ts';

export { DoorClient } from './door/door-client.ts';

/** What the page draws console output on. */
export interface ConsoleScreen {
  /** Draws, then calls `drawn`. */
  write(bytes: Uint8Array, drawn: () => void): void;
}

/** Telling of every message would double the traffic of a flood; a quarter window keeps the worker going. */
const TELL_DRAWN_BYTES = CONSOLE_WINDOW_BYTES / 4;

export class PoweredMachine {
  readonly #worker: Worker;
  readonly #host: Comlink.Remote<MachineHost>;
  readonly #console: MessagePort;
  readonly #doors = new Map<number, DoorClient>();
  #drawnBytes = 0;

  constructor(request: StartRequest, onEvent: (event: MachineEvent) => void, screen: ConsoleScreen) {
    this.#worker = new Worker(new URL('./vm.worker.ts', import.meta.url), { type: 'module', name: 'machine' });
    this.#worker.addEventListener('error', (event) => {
      onEvent({ kind: 'failed', message: 'The machine stopped because its program broke.', detail: event.message });
    });
    this.#host = Comlink.wrap<MachineHost>(this.#worker);
    const { port1, port2 } = new MessageChannel();
    this.#console = port1;
    port1.addEventListener('message', (event: MessageEvent<ConsoleToPage>) => this.#draw(event.data.bytes, screen));
    port1.start();
    this.#host.start(request, Comlink.proxy(onEvent), Comlink.transfer(port2, [port2])).catch((error: unknown) => {
      onEvent({ kind: 'failed', message: 'The machine could not be reached.', detail: String(error) });
    });
  }

  sendInput(bytes: Uint8Array): void {
    this.#tellConsole({ kind: 'input', bytes });
  }

  resize(rows: number, columns: number): void {
    this.#tellConsole({ kind: 'resize', rows, columns });
  }

  /** The page's own way to a guest port. */
  door(port: number): DoorClient {
    let door = this.#doors.get(port);
    if (door === undefined) {
      door = new DoorClient(this.openDoor(port));
      this.#doors.set(port, door);
    }
    return door;
  }

  /** @returns the client's end of a new door, to be given to a guest port's origin */
  openDoor(port: number): MessagePort {
    const { port1, port2 } = new MessageChannel();
    void this.#host.openDoor(port, Comlink.transfer(port2, [port2]));
    return port1;
  }

  async shutDown(reason: 'poweroff' | 'reboot'): Promise<void> {
    await this.#host.shutDown(reason);
  }

  async sync(): Promise<void> {
    await this.#host.sync();
  }

  /** Takes the bytes over. */
  async describeElf(file: Uint8Array<ArrayBuffer>): Promise<ElfDescription> {
    return await this.#host.describeElf(Comlink.transfer(file, [file.buffer]));
  }

  async statistics(): Promise<MachineStatistics> {
    return await this.#host.statistics();
  }

  /** Time by tier is taken while somebody looks. */
  watchStatistics(isWatched: boolean): void {
    void this.#host.watchStatistics(isWatched);
  }

  /** Pulls the plug: what was not committed to the disk is lost. */
  dispose(): void {
    this.#worker.terminate();
    this.#console.close();
  }

  #draw(bytes: Uint8Array, screen: ConsoleScreen): void {
    screen.write(bytes, () => {
      this.#drawnBytes += bytes.length;
      if (this.#drawnBytes >= TELL_DRAWN_BYTES || bytes.length < TELL_DRAWN_BYTES) this.#tellDrawn();
    });
  }

  #tellDrawn(): void {
    this.#tellConsole({ kind: 'drawn', bytes: this.#drawnBytes });
    this.#drawnBytes = 0;
  }

  #tellConsole(message: ConsoleToWorker): void {
    this.#console.postMessage(message);
  }
}
