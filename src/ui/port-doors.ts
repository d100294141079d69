/**
 * Opens guest ports at their own origins: the machine's page side of the port door.
 *
 * A document at http://N.localhost:PORT/ asks by postMessage; it gets a MessagePort into the machine only if the
 * message's origin is that of port N, so a guest's page reaches its own port and no other, and nothing else reaches
 * any. Documents are frames of this page or tabs that it opened; a tab loses its opener once it has its door, so what
 * the guest serves can not navigate this page away. It hears from this page now and then instead, and may answer that
 * it wants a new door: the browser stops idle Service Workers, and the door is lost with them.
 */
import type { HandshakeMessage } from '../workers/protocol/door.ts';

/** How to reach guest port N: another origin of the same server, or none. */
export function guestOrigin(page: Location | URL, port: number): string | undefined {
  if (!page.hostname.match(/^localhost$/)) return undefined;
  return `${page.protocol}//${port}.${page.host}`;
}

export interface DoorOpener {
  /** @returns undefined while the machine is off */
  openDoor(port: number): MessagePort | undefined;
}

/** A tab that needs a door hears within this time whom to ask; cheap, and soon enough for a person. */
const GREET_MS = 1_000;

export class PortDoors {
  readonly #opener: DoorOpener;
  /** Tabs that this page opened, and the guest port of each. */
  readonly #tabs = new Map<WindowProxy, number>();

  #probe: Promise<boolean> | undefined;

  constructor(opener: DoorOpener) {
    this.#opener = opener;
    window.addEventListener('message', (event: MessageEvent<unknown>) => this.#receive(event));
    setInterval(() => this.#greetTabs(), GREET_MS);
  }

  /**
   * Whether the server of this page answers at origins of guest ports: only one that knows the door has the picture
   * asked for here (scripts/serve.mjs), while a plain static server gives its own files or none.
   */
  hasOrigins(port: number): Promise<boolean> {
    this.#probe ??= probeOrigin(guestOrigin(window.location, port));
    return this.#probe;
  }

  /** @returns the address of a path on a guest port, or undefined when this site has no second origin */
  url(port: number, path: string): string | undefined {
    const origin = guestOrigin(window.location, port);
    return origin === undefined ? undefined : origin + path;
  }

  /** Opens a guest port in a tab of its own. */
  openTab(port: number, path: string): void {
    const url = this.url(port, path);
    if (url === undefined) return;
    const tab = window.open(url, '_blank');
    if (tab !== null) this.#tabs.set(tab, port);
  }

  #receive(event: MessageEvent<unknown>): void {
    const message = handshakeFrom(event.data);
    if (message === undefined || event.origin !== guestOrigin(window.location, message.port)) return;
    const source = event.source as WindowProxy | null;
    if (source !== null) this.#give(source, message.port);
  }

  #give(target: WindowProxy, port: number): void {
    const origin = guestOrigin(window.location, port);
    const door = this.#opener.openDoor(port);
    if (origin === undefined || door === undefined) return;
    target.postMessage({ osvDoor: 'port' } satisfies HandshakeMessage, origin, [door]);
  }

  #greetTabs(): void {
    for (const [tab, port] of this.#tabs) {
      const origin = guestOrigin(window.location, port);
      if (tab.closed) this.#tabs.delete(tab);
      else if (origin !== undefined) tab.postMessage({ osvDoor: 'here' } satisfies HandshakeMessage, origin);
    }
  }
}

async function probeOrigin(origin: string | undefined): Promise<boolean> {
  if (origin === undefined) return false;
  const picture = new Image();
  picture.src = `${origin}/osv-door-here.svg`;
  return await picture.decode().then(
    () => true,
    () => false,
  );
}

function handshakeFrom(data: unknown): Extract<HandshakeMessage, { osvDoor: 'wanted' }> | undefined {
  if (typeof data !== 'object' || data === null || !('osvDoor' in data) || !('port' in data)) return undefined;
  return data.osvDoor === 'wanted' && typeof data.port === 'number'
    ? { osvDoor: 'wanted', port: data.port }
    : undefined;
}
