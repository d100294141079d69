/** A document at a guest port's origin and the origin's Service Worker: brings it doors when it needs them. */
import type { ServiceWorkerMessage } from '../../workers/protocol/door.ts';
import { DoorLink } from './door-link.ts';

/** @param onInstalled the Service Worker has a door now */
export function linkServiceWorker(onInstalled: () => void): DoorLink {
  const link = new DoorLink((door) => void install(door)).start();
  navigator.serviceWorker.addEventListener('message', (event: MessageEvent<ServiceWorkerMessage>) => {
    if (event.data.osvDoor === 'needed') link.want();
    if (event.data.osvDoor === 'installed') onInstalled();
  });
  navigator.serviceWorker.startMessages();
  return link;
}

async function install(door: MessagePort): Promise<void> {
  const { active } = await navigator.serviceWorker.ready;
  active?.postMessage({ osvDoor: 'install' } satisfies ServiceWorkerMessage, [door]);
}
