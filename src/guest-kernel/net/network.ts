/**
 * The machine's network: which sockets exist, which ports and names they hold. One per machine; sockets are made in
 * net/socket/. Today every packet stays inside (interfaces.ts); the real stack of roadmap/06 joins here.
 */
import { ENDLESS_MEMORY, type KeptMemory } from '../program/kept-memory.ts';
import type { ByteString } from '../../emulator/util/bytes.ts';
import { ECONNREFUSED } from '../abi/errno.ts';
import type { Endpoint, Host } from './host.ts';
import type { ConnectRequest, Listener } from './loopback/listener.ts';
import type { SocketFacts } from './socket/socket-facts.ts';
import type { Inode } from '../vfs/inode.ts';
import { PortTable, type PortHolder } from './loopback/port-table.ts';

/** The host's source ports lie above the guest's ephemeral range. */
const FIRST_HOST_PORT = 61_000;
const LAST_HOST_PORT = 65_535;

export interface TcpHolder extends PortHolder {
  readonly listener: Listener | undefined;
  /** Whether it is connected, from and to there. */
  hasConnection?(local: Endpoint, remote: Endpoint): boolean;
}

export interface UdpHolder extends PortHolder {
  /** How much what comes from there is for this socket, below 0: not at all (a connected one hears its peer only). */
  rank(from: Endpoint): number;
  /** Whether what comes for a group is for this socket too. */
  hears(group: Host): boolean;
  deliver(packet: Packet): void;
}

/** A raw socket. */
export interface RawHolder {
  takes(protocol: number, packet: Packet): boolean;
  deliver(packet: Packet): void;
}

/** A datagram on its way. */
export interface Packet {
  /** The receiver's to keep. */
  readonly bytes: Uint8Array;
  readonly from: Endpoint;
  readonly to: Endpoint;
  /** TTL of IPv4. */
  readonly hopLimit: number;
  /** TOS of IPv4. */
  readonly trafficClass: number;
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

const listens = ({ listener }: TcpHolder): number => (listener === undefined ? -1 : 0);

/** What the network asks of the machine. */
export interface NetworkHost {
  /** Who calls, as the other end of a Unix socket sees it (SCM_CREDENTIALS). */
  identityOf(threadId: number): PeerCredentials;
  /** Time of the day, ns. */
  realtimeNs(): bigint;
  monotonicNs(): number;
  /** All that some program holds, for who asks by NETLINK_SOCK_DIAG. */
  sockets(): readonly SocketFacts[];
  /** What lies in queues is taken out of it. */
  readonly memory: KeptMemory;
}

/** Who is at the other end of a Unix socket (struct ucred). */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  /** Of who made the socket. */
  readonly groups?: readonly number[];
}

const NOBODY_ASKS: NetworkHost = {
  identityOf: (pid) => ({ pid, uid: 0, gid: 0 }),
  realtimeNs: () => 0n,
  monotonicNs: () => 0,
  sockets: () => [],
  memory: ENDLESS_MEMORY,
};

export class Network {
  readonly host: NetworkHost;
  readonly tcp = new PortTable<TcpHolder>();
  readonly udp = new PortTable<UdpHolder>();
  readonly udpLite = new PortTable<UdpHolder>();
  /** Ping sockets by the identifier of their messages. */
  readonly ping = new PortTable<UdpHolder>();
  readonly raw = new Set<RawHolder>();
  /** Groups of multicast that somebody joined on lo, and how many sockets. */
  readonly groups = new Map<Host, number>();
  /** Bound Unix sockets, by their inode or by their abstract name. */
  readonly unix = new Map<Inode | ByteString, UnixHolder>();
  /** lo0: what goes out comes in. */
  readonly loopback: TrafficCounters = { packets: 0, bytes: 0 };
  /** Descriptors in messages that nobody has received, by the user who sent them. */
  readonly flyingFiles = new Map<number, number>();
  /** Port ids of netlink sockets. */
  readonly netlinkIds = new Set<number>();
  #nextSocketId = 1;
  #nextHostPort = FIRST_HOST_PORT;

  constructor(host: NetworkHost = NOBODY_ASKS) {
    this.host = host;
  }

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
    const listener = this.tcp.find(request.remote, request.local, listens)?.listener;
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
