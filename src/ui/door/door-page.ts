/**
 * The bootstrap page that the server answers with at a guest port's origin as long as no Service Worker does:
 * registers the Service Worker, gets it a door from the machine's page, and loads the address again.
 */
import type { ServiceWorkerMessage } from '../../workers/protocol/door.ts';
import { DoorLink } from './door-link.ts';

/** A machine that runs answers in some milliseconds; after this the page says what it waits for. */
const PATIENCE_MS = 4_000;

/** More reloads than this in a row mean that the door never comes to work. */
const MOST_RELOADS = 3;
const RELOADS_KEY = 'osv-door-reloads';

async function openDoor(): Promise<void> {
  if (!('serviceWorker' in navigator)) {
    say('This browser gives no Service Workers here, so pages of the machine can not be shown at this address.');
    return;
  }
  const link = new DoorLink().start();
  const reloads = Number(sessionStorage.getItem(RELOADS_KEY) ?? 0);
  navigator.serviceWorker.addEventListener('message', (event: MessageEvent<ServiceWorkerMessage>) => {
    if (event.data.osvDoor !== 'installed') return;
    sessionStorage.setItem(RELOADS_KEY, String(reloads + 1));
    setTimeout(() => location.reload(), 0);
  });
  navigator.serviceWorker.startMessages();
  if (reloads >= MOST_RELOADS) {
    sessionStorage.removeItem(RELOADS_KEY);
    say('The machine was reached, but its pages do not load. Reload this page to try again.');
    return;
  }
  await navigator.serviceWorker.register('/osv-door-worker.js', { scope: '/', updateViaCache: 'none' });
  await navigator.serviceWorker.ready;
  link.want();
  setTimeout(() => {
    sessionStorage.removeItem(RELOADS_KEY);
    const port = location.hostname.split('.', 1)[0];
    say(
      `This is port ${port} of a machine that runs in another page. Open it from there; this page goes on by itself.`,
    );
    showMachine(link.machineOrigin);
  }, PATIENCE_MS);
}

function say(sentence: string): void {
  const element = document.querySelector('#status');
  if (element !== null) element.textContent = sentence;
}

function showMachine(origin: string): void {
  const link = document.querySelector<HTMLAnchorElement>('#machine');
  if (link === null) return;
  link.href = `${origin}/`;
  link.hidden = false;
}

openDoor().catch((error: unknown) => {
  say(`The way to the machine could not be opened: ${error instanceof Error ? error.message : String(error)}`);
});
