/**
 * The port door: HTTP exchanges with one guest port over a MessagePort (DESIGN decision 11).
 *
 *   client                                   worker
 *   request ─────────────────────────────▶   connects, sends the head
 *   body* ───────────────────────────────▶   at most DOOR_WINDOW_BYTES before body-taken
 *            ◀───────────────── body-taken
 *            ◀─── response, data*, end     (or failed, at any time)
 *   taken ───────────────────────────────▶   at most DOOR_WINDOW_BYTES of data before taken
 *   cancel ──────────────────────────────▶   drops the connection
 *
 * Clients are the page itself and the Service Worker at the guest port's origin. `ping` is answered by `pong`, so that
 * either side can tell a dead partner.
 */

/** Covers the round trip of some 0.1 ms at 1 GB/s with room to spare, and bounds what one exchange can hold. */
export const DOOR_WINDOW_BYTES = 1024 * 1024;

export type HeaderList = readonly (readonly [name: string, value: string])[];

export type DoorToWorker =
  | {
      readonly kind: 'request';
      readonly id: number;
      readonly method: string;
      /** Path and query as they stand in the request line. */
      readonly target: string;
      readonly headers: HeaderList;
      /** Bytes of body messages that follow. */
      readonly bodyLength: number;
    }
  | { readonly kind: 'body'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: 'taken'; readonly id: number; readonly bytes: number }
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'ping'; readonly id: number };

export type DoorFailure = 'no-listener' | 'reset' | 'malformed' | 'halted';

export type DoorToClient =
  | {
      readonly kind: 'response';
      readonly id: number;
      readonly status: number;
      readonly statusText: string;
      readonly headers: HeaderList;
    }
  | { readonly kind: 'data'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: 'end'; readonly id: number }
  | { readonly kind: 'body-taken'; readonly id: number; readonly bytes: number }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: DoorFailure; readonly message: string }
  | { readonly kind: 'pong'; readonly id: number };

/** Messages between the machine's page and documents at a guest origin, by window.postMessage. */
export type HandshakeMessage =
  /** Guest origin → machine's page: a door is wanted for this port. */
  | { readonly osvDoor: 'wanted'; readonly port: number }
  /** Machine's page → guest origin, with the MessagePort. */
  | { readonly osvDoor: 'port' }
  /** Machine's page → tab that it opened, now and then: here is who to ask. */
  | { readonly osvDoor: 'here' };

/** Messages between the door's Service Worker and documents at its origin. */
export type ServiceWorkerMessage =
  /** Document → worker, with the MessagePort. */
  | { readonly osvDoor: 'install' }
  /** Worker → document: the door works. */
  | { readonly osvDoor: 'installed' }
  /** Worker → documents: the worker was restarted and has no door. */
  | { readonly osvDoor: 'needed' };
