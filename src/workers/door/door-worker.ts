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

const OWN_FILES = /^\/osv-door(-page|-shim|-worker|-here)?\.(html|js|svg)$/;

/** A document answers from its event loop; a busy one may need a moment. */
const DOOR_WAIT_MS = 3_000;

/** A door that gives no answer for so long is asked whether it still leads anywhere, and again as often. */
const DOUBT_MS = 1_000;
const PING_MS = 1_500; // the machine's worker answers between two slices of 4 ms

let door: DoorClient | undefined;
let onInstalled: (() => void)[] = [];

self.addEventListener('install', () => void self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('message', (event) => {
  const message = event.data as ServiceWorkerMessage;
  const [port] = event.ports;
  if (message.osvDoor !== 'install' || port === undefined) return;
  door = new DoorClient(port);
  for (const resume of onInstalled.splice(0)) resume();
  event.source?.postMessage({ osvDoor: 'installed' } satisfies ServiceWorkerMessage);
});

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (url.origin !== self.location.origin || OWN_FILES.test(url.pathname)) return;
  event.respondWith(answer(event.request));
});

async function answer(request: Request): Promise<Response> {
  if (door === undefined) await askForDoor();
  const response = await answerThrough(door, request);
  if (response !== undefined) return response;
  if (request.mode === 'navigate') return await fetch('/osv-door.html');
  // The request may have reached the guest before the door was lost: only what changes nothing is asked again.
  if (request.method === 'GET' || request.method === 'HEAD') {
    await askForDoor();
    const second = await answerThrough(door, request);
    if (second !== undefined) return second;
  }
  return errorPage(503, 'This page lost its machine. Open it again from the page of the machine.');
}

/** @returns undefined when the door leads nowhere (any more) */
async function answerThrough(used: DoorClient | undefined, request: Request): Promise<Response | undefined> {
  if (used === undefined) return undefined;
  try {
    const fetching = used.fetch(request.clone());
    const response = await Promise.race([fetching, lost(used, fetching)]);
    if (response === undefined) {
      if (door === used) door = undefined;
      return undefined;
    }
    return request.mode === 'navigate' ? await withShim(response) : response;
  } catch (error) {
    if (!(error instanceof DoorError)) throw error;
    if (error.failure === 'halted') return undefined;
    return errorPage(error.failure === 'malformed' ? 502 : 503, error.message);
  }
}

/** Resolves when the door does not answer pings any more: the machine was switched off or started anew. */
async function lost(used: DoorClient, fetching: Promise<Response>): Promise<undefined> {
  let isAnswered = false;
  const answered = (): void => {
    isAnswered = true;
  };
  fetching.then(answered, answered);
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, DOUBT_MS));
    if (isAnswered || !(await used.ping(PING_MS))) return undefined;
  }
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
