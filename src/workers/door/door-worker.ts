/**
 * Service Worker at a guest port's origin (http://8000.localhost:PORT/): answers every fetch there with what the guest
 * answers, over the MessagePort that the machine's page gave.
 *
 * The browser stops idle Service Workers, and the door is lost with them. Then a document at this origin that still
 * has a spare door hands it over ('needed'); a navigation falls back to the bootstrap page, which asks the machine's
 * page again. Only the files of the door itself go to the host's server.
 */
/// <reference lib="webworker" />
import type { ServiceWorkerMessage } from '../protocol/door.ts';
import { DoorClient, DoorError } from './door-client.ts';
import { errorPage, withShim } from './door-pages.ts';

declare const self: ServiceWorkerGlobalScope;

const OWN_FILES = /^\/osv-door(-page|-shim|-worker)?\.(html|js)$/;

/** A document answers from its event loop; a busy one may need a moment. */
const DOOR_WAIT_MS = 3_000;

/** A door that was silent for so long is asked whether it still leads anywhere before it is used. */
const TRUST_MS = 1_000;
const PING_MS = 1_500; // the machine's worker answers between two slices of 4 ms

let door: DoorClient | undefined;
let trustedUntilMs = 0;
let onInstalled: (() => void)[] = [];

self.addEventListener('install', () => void self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('message', (event) => {
  const message = event.data as ServiceWorkerMessage;
  const [port] = event.ports;
  if (message.osvDoor !== 'install' || port === undefined) return;
  door = new DoorClient(port);
  trustedUntilMs = performance.now() + TRUST_MS;
  for (const resume of onInstalled.splice(0)) resume();
  event.source?.postMessage({ osvDoor: 'installed' } satisfies ServiceWorkerMessage);
});

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (url.origin !== self.location.origin || OWN_FILES.test(url.pathname)) return;
  event.respondWith(answer(event.request));
});

async function answer(request: Request): Promise<Response> {
  const isNavigation = request.mode === 'navigate';
  if (!(await isDoorOpen())) await askForDoor();
  if (door === undefined) {
    if (isNavigation) return await fetch('/osv-door.html');
    return errorPage(503, 'This page lost its machine. Open it again from the page of the machine.');
  }
  try {
    const response = await door.fetch(request);
    return isNavigation || request.destination === 'document' ? await withShim(response) : response;
  } catch (error) {
    if (!(error instanceof DoorError)) throw error;
    return errorPage(error.failure === 'malformed' ? 502 : 503, error.message);
  }
}

/** The machine may have been switched off or started anew; a MessagePort does not tell in every browser. */
async function isDoorOpen(): Promise<boolean> {
  const asked = door;
  if (asked === undefined) return false;
  if (performance.now() < trustedUntilMs || (await asked.ping(PING_MS))) {
    trustedUntilMs = performance.now() + TRUST_MS;
    return true;
  }
  if (door === asked) door = undefined;
  return door !== undefined;
}

async function askForDoor(): Promise<void> {
  const documents = await self.clients.matchAll({ type: 'window' });
  if (documents.length === 0) return;
  const installed = new Promise<void>((resolve) => {
    onInstalled.push(resolve);
    setTimeout(resolve, DOOR_WAIT_MS);
  });
  for (const document of documents) document.postMessage({ osvDoor: 'needed' } satisfies ServiceWorkerMessage);
  await installed;
  onInstalled = [];
}
