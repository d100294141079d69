/** Both ends of a door over a MessagePort, with a scripted guest behind the worker's end. */
import { afterEach, describe, expect, test } from 'vitest';
import type { HostConnection } from '../../guest-kernel/index.ts';
import { DOOR_WINDOW_BYTES } from '../protocol/door.ts';
import { DoorClient, DoorError } from './door-client.ts';
import { GuestDoor } from './guest-door.ts';

/** A guest's end of one connection: what it got, and what it says. */
class ScriptedGuest implements HostConnection {
  received = '';
  isClosed = false;
  isPaused = false;
  #onData: (bytes: Uint8Array) => void = () => undefined;
  #onEnd: (reason: 'closed' | 'reset') => void = () => undefined;

  send(bytes: Uint8Array): void {
    this.received += Buffer.from(bytes).toString('latin1');
  }
  end(): void {
    this.isClosed = true;
  }
  close(): void {
    this.isClosed = true;
  }
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
  onData(listener: (bytes: Uint8Array) => void): void {
    this.#onData = listener;
  }
  onEnd(listener: (reason: 'closed' | 'reset') => void): void {
    this.#onEnd = listener;
  }
  says(text: string): void {
    this.#onData(new Uint8Array(Buffer.from(text, 'latin1')));
  }
  ends(reason: 'closed' | 'reset'): void {
    this.#onEnd(reason);
  }
}

let close: (() => void) | undefined;

afterEach(() => close?.());

function openDoor() {
  const guests: ScriptedGuest[] = [];
  const kernel = {
    connect: (port: number) => {
      if (port !== 80) return undefined;
      const guest = new ScriptedGuest();
      guests.push(guest);
      return guest;
    },
  };
  const { port1, port2 } = new MessageChannel();
  const door = new GuestDoor(kernel, 80, port2);
  const client = new DoorClient(port1);
  close = () => port1.close();
  const guest = async (index = 0): Promise<ScriptedGuest> => {
    await expect.poll(() => guests[index]?.received ?? '').toContain('\r\n\r\n');
    return guests[index];
  };
  return { client, door, guest, kernel };
}

const url = (path: string): string => `http://80.localhost:5000${path}`;

describe('a door', () => {
  test('passes method, target, host and headers, and says that the connection ends', async () => {
    const { client, guest } = openDoor();
    const answer = client.fetch(new Request(url('/a/b?c=d'), { headers: { 'x-own': 'yes' } }));
    const { received } = await guest();
    expect(received).toMatch(/^GET \/a\/b\?c=d HTTP\/1\.1\r\n/);
    expect(received.toLowerCase()).toContain('\r\nhost: 80.localhost:5000\r\n');
    expect(received.toLowerCase()).toContain('\r\nx-own: yes\r\n');
    expect(received.toLowerCase()).toContain('\r\nconnection: close\r\n');
    (await guest()).says('HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n');
    expect((await answer).status).toBe(200);
  });

  const bodies: readonly (readonly [name: string, reply: string, closes: boolean, body: string])[] = [
    ['by length', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', false, 'hello'],
    [
      'by chunks',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n',
      false,
      'hello',
    ],
    ['by the end of the connection', 'HTTP/1.0 200 OK\r\n\r\nhello', true, 'hello'],
    [
      'after an interim answer',
      'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
      false,
      'ok',
    ],
    ['nothing with status 204', 'HTTP/1.1 204 No Content\r\n\r\n', false, ''],
  ];
  test.each(bodies)('reads a body %s, in whatever pieces it comes', async (_name, reply, closes, body) => {
    for (const pieceLength of [1, 7, reply.length]) {
      const { client, guest } = openDoor();
      const answer = client.fetch(new Request(url('/')));
      const connection = await guest();
      for (let at = 0; at < reply.length; at += pieceLength) connection.says(reply.slice(at, at + pieceLength));
      if (closes) connection.ends('closed');
      expect(await (await answer).text()).toBe(body);
      expect(connection.isClosed).toBe(true);
      close?.();
    }
  });

  test('uploads a body larger than its window', async () => {
    const { client, guest } = openDoor();
    const content = 'x'.repeat(3 * DOOR_WINDOW_BYTES);
    const answer = client.fetch(new Request(url('/file'), { method: 'POST', body: content }));
    const connection = await guest();
    await expect.poll(() => connection.received.length, { timeout: 5000 }).toBeGreaterThan(content.length);
    expect(connection.received).toContain(`Content-Length: ${content.length}\r\n`);
    connection.says('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    await answer;
  });

  test('stops the guest while nobody reads, and lets it go on after', async () => {
    const { client, guest } = openDoor();
    const answer = client.fetch(new Request(url('/big')));
    const connection = await guest();
    connection.says(`HTTP/1.0 200 OK\r\n\r\n${'y'.repeat(DOOR_WINDOW_BYTES)}`);
    const response = await answer;
    expect(connection.isPaused).toBe(true);
    const text = response.text();
    await expect.poll(() => connection.isPaused).toBe(false);
    connection.says('end');
    connection.ends('closed');
    expect(await text).toHaveLength(DOOR_WINDOW_BYTES + 3);
  });

  test('drops the connection when the reader goes away', async () => {
    const { client, guest } = openDoor();
    const answer = client.fetch(new Request(url('/events')));
    const connection = await guest();
    connection.says('HTTP/1.0 200 OK\r\n\r\ndata: 1\n\n');
    await (await answer).body?.cancel();
    await expect.poll(() => connection.isClosed).toBe(true);
  });

  const failures: readonly (readonly [name: string, act: (guest: ScriptedGuest) => void, failure: string])[] = [
    ['not HTTP', (guest) => guest.says('SSH-2.0-OpenSSH\r\n\r\n'), 'malformed'],
    ['an early end', (guest) => guest.ends('closed'), 'malformed'],
    ['a reset', (guest) => guest.ends('reset'), 'reset'],
  ];
  test.each(failures)('says what is wrong with %s', async (_name, act, failure) => {
    const { client, guest } = openDoor();
    const answer = client.fetch(new Request(url('/')));
    answer.catch(() => undefined);
    act(await guest());
    await expect(answer).rejects.toMatchObject({ name: 'DoorError', failure });
  });

  test('breaks a body that ends too early', async () => {
    const { client, guest } = openDoor();
    const answer = client.fetch(new Request(url('/')));
    const connection = await guest();
    connection.says('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
    const text = (await answer).text();
    connection.ends('closed');
    await expect(text).rejects.toBeInstanceOf(DoorError);
  });

  test('to a port where nothing listens fails at once', async () => {
    const { kernel } = openDoor();
    const { port1, port2 } = new MessageChannel();
    const other = new GuestDoor(kernel, 81, port2);
    const client = new DoorClient(port1);
    await expect(client.fetch(new Request(url('/')))).rejects.toMatchObject({ failure: 'no-listener' });
    other.close();
  });

  test('fails what is open when the machine goes off', async () => {
    const { client, door, guest } = openDoor();
    const answer = client.fetch(new Request(url('/')));
    await guest();
    answer.catch(() => undefined);
    door.close();
    await expect(answer).rejects.toMatchObject({ failure: 'halted' });
  });

  test('a header with a line break can not begin another request', async () => {
    const { kernel } = openDoor();
    const { port1, port2 } = new MessageChannel();
    const door = new GuestDoor(kernel, 80, port2);
    const replies: unknown[] = [];
    port1.addEventListener('message', (event) => replies.push(event.data));
    port1.start();
    const headers = [['x', '1\r\n\r\nDELETE / HTTP/1.1']] as const;
    port1.postMessage({ kind: 'request', id: 1, method: 'GET', target: '/', headers, bodyLength: 0 });
    await expect.poll(() => replies).toMatchObject([{ kind: 'failed', failure: 'malformed' }]);
    door.close();
  });

  test('answers a ping', async () => {
    const { client } = openDoor();
    expect(await client.ping(1000)).toBe(true);
  });
});
