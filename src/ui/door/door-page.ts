/**
 * The bootstrap page that the server answers with at a guest port's origin as long as no Service Worker does.
 *
 * It registers the Service Worker, gets it a door from the machine's page, and loads the address again. Browsers that
 * block storage of third parties allow a frame no Service Worker; there it fetches the document through the door
 * itself and puts it in its place (framed-document.ts).
 */
import { DoorClient } from '../../workers/client.ts';
import { DoorLink } from './door-link.ts';
import { showFramedDocument } from './framed-document.ts';
import { countReload, forgetReloads } from './reload-count.ts';
import { linkServiceWorker } from './worker-link.ts';

/** A machine that runs answers in some milliseconds; after this the page says what it waits for. */
const PATIENCE_MS = 4_000;

async function openDoor(): Promise<void> {
  const link = (await hasServiceWorker()) ? linkServiceWorker(loadAgain) : linkDocument();
  link.want();
  setTimeout(() => sayWaiting(link.machineOrigin), PATIENCE_MS);
}

async function hasServiceWorker(): Promise<boolean> {
  try {
    await navigator.serviceWorker.register('/osv-door-worker.js', { scope: '/', updateViaCache: 'none' });
    await navigator.serviceWorker.ready;
    return true;
  } catch {
    return false; // no Service Workers here, or none for a frame of another site
  }
}

function loadAgain(): void {
  if (countReload()) location.reload();
  else {
    forgetReloads();
    say('The machine was reached, but its pages do not load. Reload this page to try again.');
  }
}

function linkDocument(): DoorLink {
  const link = new DoorLink((door) => {
    showFramedDocument(new DoorClient(door)).catch((error: unknown) => {
      say(error instanceof Error ? error.message : String(error));
    });
  });
  return link.start();
}

function sayWaiting(machineOrigin: string): void {
  const port = location.hostname.split('.', 1)[0];
  say(`This is port ${port} of a machine that runs in another page. Open it from there; this page goes on by itself.`);
  const link = document.querySelector<HTMLAnchorElement>('#machine');
  if (link === null) return;
  link.href = `${machineOrigin}/`;
  link.hidden = false;
}

function say(sentence: string): void {
  const element = document.querySelector('#status');
  if (element !== null) element.textContent = sentence;
}

openDoor().catch((error: unknown) => {
  say(`The way to the machine could not be opened: ${error instanceof Error ? error.message : String(error)}`);
});
