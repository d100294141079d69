/**
 * The dashboard from the page's own assets, for sites that have no origin to spare for guest ports: the same code that
 * the guest serves, its fetch led to port 8000 through a door that the machine's page hands in.
 *
 * Only code of this site runs here; what the guest answers is data.
 */
import { DoorClient } from '../../workers/client.ts';
import type { HandshakeMessage } from '../../workers/protocol/door.ts';

/** This page stands at BASE + 'dashboard/', as the guest's does at '/dashboard/'. */
const BASE = new URL('..', location.href).href;

async function show(door: DoorClient): Promise<void> {
  window.fetch = async (input, init) => {
    const request = new Request(input, init);
    if (!request.url.startsWith(BASE)) throw new TypeError(`${request.url} does not belong to the machine`);
    return await door.fetch(new Request(`http://localhost:8000/${request.url.slice(BASE.length)}`, request));
  };
  await import('../../dashboard/main.tsx');
}

window.addEventListener('message', (event: MessageEvent<HandshakeMessage>) => {
  const [port] = event.ports;
  if (event.source !== window.parent || event.origin !== location.origin || port === undefined) return;
  show(new DoorClient(port)).catch((error: unknown) => {
    document.body.textContent = `The dashboard could not be loaded: ${String(error)}`;
  });
});
