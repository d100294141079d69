/**
 * The machine's network: which sockets exist, which ports and names they hold. One per machine; sockets are made in
 * net/socket/. Today every packet stays inside (127.0.0.0/8); the real stack of roadmap/06 joins here.
 */
import type { ByteString } from '../../emulator/util/bytes.ts';
import { ECONNREFUSED, ENETUNREACH } from '../abi/errno.ts';
import { INADDR_ANY, INADDR_LOOPBACK, type InetAddress } from '../abi/socket.ts';
import type { ConnectRequest, Listener } from './loopback/listener.ts';
import type { Inode } from '../vfs/inode.ts';
import { PortTable, type PortHolder } from './loopback/port-table.ts';

/** The host's source ports lie above the guest's ephemeral range. */
const FIRST_HOST_PORT = 61_000;
const LAST_HOST_PORT = 65_535;

export interface TcpHolder extends PortHolder {
  readonly listener: Listener | undefined;
}

export interface UdpHolder extends PortHolder {
  /** Whether what comes from there is for this socket (a connected one hears its peer only). */
  hears(from: InetAddress): boolean;
  deliver(bytes: Uint8Array, from: InetAddress): void;
}

/** A bound Unix socket; net/socket/ tells the kinds apart. */
export interface UnixHolder {
  readonly type: number;
}

/** Bytes and packets that went over an interface, for /network/ifconfig. */
export interface TrafficCounters {
  packets: number;
  bytes: number;
}

export class Network {
  readonly tcp = new PortTable<TcpHolder>();
  readonly udp = new PortTable<UdpHolder>();
  readonly udpLite = new PortTable<UdpHolder>();
  /** Bound Unix sockets, by their inode or by their abstract name. */
  readonly unix = new Map<Inode | ByteString, UnixHolder>();
  /** lo0: what goes out comes in. */
  readonly loopback: TrafficCounters = { packets: 0, bytes: 0 };
  /** Port ids of netlink sockets. */
  readonly netlinkIds = new Set<number>();
  #nextSocketId = 1;
  #nextHostPort = FIRST_HOST_PORT;

  /** Number in 'socket:[n]' and its inode number. */
  nextSocketId(): number {
    return this.#nextSocketId++;
  }

  /** Source port of a connection through the host door; they go round. */
  nextHostPort(): number {
    const port = this.#nextHostPort;
    this.#nextHostPort = port === LAST_HOST_PORT ? FIRST_HOST_PORT : port + 1;
    return port;
  }

  /** Finds the listener of request.remote and queues the request there. @returns it, to withdraw from; or settles with ECONNREFUSED. */
  connectTcp(request: ConnectRequest): Listener | undefined {
    const { host, port } = request.remote;
    const listener = this.tcp.find(host, port, (holder) => holder.listener !== undefined)?.listener;
    if (listener === undefined) request.settled(ECONNREFUSED);
    else listener.enqueue(request);
    return listener;
  }

  /** Ports somebody listens on, rising. */
  listeningPorts(): readonly number[] {
    return this.tcp.ports((holder) => holder.listener !== undefined);
  }

  /** Notes traffic on lo0. */
  count(bytes: number): void {
    this.loopback.packets++;
    this.loopback.bytes += bytes;
  }
}

/** Where a packet for `host` goes: 0.0.0.0 means this machine. @throws ENETUNREACH for what no interface reaches */
export function routeTo(host: number): number {
  if (host === INADDR_ANY) return INADDR_LOOPBACK;
  if (!isLocalHost(host)) throw ENETUNREACH;
  return host;
}

/** 127.0.0.0/8. */
export function isLocalHost(host: number): boolean {
  return host >>> 24 === 127;
}
