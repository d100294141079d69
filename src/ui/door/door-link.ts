/**
 * How a document at a guest port's origin reaches the machine's page and gets a door.
 *
 * The machine's page is the parent of a frame; for a tab it is the opener at first, and later whoever at the machine's
 * origin says 'here'. Nobody else is listened to, and the guest's own scripts never see these messages.
 */
import type { HandshakeMessage } from '../../workers/protocol/door.ts';

export class DoorLink {
  readonly #port = Number(location.hostname.split('.', 1)[0]);
  /** http://8000.localhost:5000 belongs to http://localhost:5000. */
  readonly machineOrigin = `${location.protocol}//${location.host.slice(location.host.indexOf('.') + 1)}`;
  readonly #onDoor: (door: MessagePort) => void;
  #machinePage: Window | undefined;
  #isWanted = false;

  constructor(onDoor: (door: MessagePort) => void) {
    this.#onDoor = onDoor;
  }

  /** Must run before any script of the guest: it takes the opener away from them. */
  start(): this {
    this.#machinePage = window.parent === window ? ((window.opener as Window | null) ?? undefined) : window.parent;
    window.opener = null;
    window.addEventListener('message', (event) => this.#receive(event), { capture: true });
    return this;
  }

  /** Asks for a door, again whenever the machine's page shows itself, until one comes. */
  want(): void {
    this.#isWanted = true;
    this.#machinePage?.postMessage(
      { osvDoor: 'wanted', port: this.#port } satisfies HandshakeMessage,
      this.machineOrigin,
    );
  }

  #receive(event: MessageEvent<unknown>): void {
    if (event.origin !== this.machineOrigin || !isHandshake(event.data)) return;
    event.stopImmediatePropagation();
    const [door] = event.ports;
    if (event.data.osvDoor === 'port' && door !== undefined) {
      this.#isWanted = false;
      this.#onDoor(door);
    }
    if (event.data.osvDoor === 'here' && event.source !== null) {
      this.#machinePage = event.source as Window;
      if (this.#isWanted) this.want();
    }
  }
}

function isHandshake(data: unknown): data is HandshakeMessage {
  return typeof data === 'object' && data !== null && 'osvDoor' in data;
}
