/**
 * What sockets of AF_INET and AF_INET6 share (ip(7), ipv6(7)): the address they are bound to, in either family's struct.
 * Inside there are only hosts and ports (net/host.ts), so an IPv6 socket that hears IPv4 needs nothing of its own.
 */
import { bytesOf, byteStringFrom } from '../../../emulator/util/bytes.ts';
import { EADDRNOTAVAIL, EAFNOSUPPORT, EINVAL, ENETUNREACH, ENODEV } from '../../abi/errno.ts';
import * as abi from '../../abi/socket.ts';
import type { Inet6Address, InetAddress, SocketAddress } from '../../abi/socket-address.ts';
import {
  ANY4,
  ANY6,
  type Endpoint,
  type Host,
  ipv4Of,
  isAny,
  isLinkLocal,
  isMapped,
  isMulticast,
  mapped,
} from '../host.ts';
import { isOwnHost, LOOPBACK, routeTo, sourceFor } from '../interfaces.ts';
import type { PortHolder } from '../loopback/port-table.ts';
import type { Network, Packet } from '../network.ts';
import type { PacketWishes } from './inet-ancillary.ts';
import { Multicast } from './multicast.ts';
import { Socket } from './socket.ts';

export type InetFamily = typeof abi.AF_INET | typeof abi.AF_INET6;

const HEADER_OPTIONS = {
  ipv4: { level: abi.IPPROTO_IP, hopLimit: abi.IP_TTL, groupHopLimit: abi.IP_MULTICAST_TTL, trafficClass: abi.IP_TOS },
  ipv6: {
    level: abi.IPPROTO_IPV6,
    hopLimit: abi.IPV6_UNICAST_HOPS,
    groupHopLimit: abi.IPV6_MULTICAST_HOPS,
    trafficClass: abi.IPV6_TCLASS,
  },
} as const;

export abstract class InetSocket extends Socket implements PortHolder {
  readonly family: InetFamily;
  protected readonly multicast: Multicast;
  protected local: Endpoint;
  /** The port in the table that is ours to give back. */
  #heldPort: number | undefined;
  /** What bind(2) chose: it outlives a connection. */
  #chosen: Partial<Endpoint> = {};

  constructor(network: Network, family: InetFamily) {
    super(network);
    this.family = family;
    this.multicast = new Multicast(network);
    this.local = { host: this.anyHost, port: 0 };
  }

  /** Takes a port of the protocol. @returns it. @throws EADDRINUSE */
  protected abstract takePort(endpoint: Endpoint): number;
  protected abstract movePort(endpoint: Endpoint): void;
  protected abstract giveBackPort(port: number): void;
  /** Connected, connecting or listening: too late for bind(2). */
  protected abstract readonly isBusy: boolean;

  get reuseAddress(): boolean {
    return this.options.socket(abi.SO_REUSEADDR) !== 0;
  }

  get reusePort(): boolean {
    return this.options.socket(abi.SO_REUSEPORT) !== 0;
  }

  get isV6Only(): boolean {
    return this.family === abi.AF_INET6 && this.options.number(abi.IPPROTO_IPV6, abi.IPV6_V6ONLY) !== 0;
  }

  protected get isBound(): boolean {
    return this.#heldPort !== undefined;
  }

  override bind(address: SocketAddress): void {
    const endpoint = this.#endpointToBind(address);
    // Linux __inet6_bind looks at the address last, __inet_bind first.
    if (this.family === abi.AF_INET) this.#checkBindable(endpoint, 0);
    if (this.isBound || this.isBusy) throw EINVAL;
    if (this.family === abi.AF_INET6) this.#checkBindable(endpoint, scopeOf(address));
    this.hold(endpoint);
    this.#chosen = {
      ...(!isAny(endpoint.host) && { host: endpoint.host }),
      ...(endpoint.port !== 0 && { port: endpoint.port }),
    };
  }

  override localAddress(): InetAddress | Inet6Address {
    return this.addressOf(this.local);
  }

  override setOption(level: number, name: number, value: Uint8Array): void {
    if (level === abi.SOL_SOCKET && name === abi.SO_BINDTODEVICE) return this.#bindToDevice(value);
    const hasLevel = level !== abi.SOL_SOCKET && this.optionLevels.includes(level);
    const isGroupLevel = hasLevel && (level === abi.IPPROTO_IP || level === abi.IPPROTO_IPV6);
    if (isGroupLevel && this.multicast.setOption(this.type === abi.SOCK_STREAM, level, name, value)) return;
    const isV6Only = level === abi.IPPROTO_IPV6 && name === abi.IPV6_V6ONLY;
    if (isV6Only && this.isBound) throw EINVAL;
    super.setOption(level, name, value);
  }

  override getOption(level: number, name: number): Uint8Array {
    if (level === abi.SOL_SOCKET && name === abi.SO_BINDTODEVICE)
      return bytesOf(this.options.socket(abi.SO_BINDTOIFINDEX) === 0 ? '' : `${LOOPBACK.name}\0`);
    if (level === abi.IPPROTO_IP && name === abi.IP_MULTICAST_IF && this.optionLevels.includes(level)) {
      const address = new DataView(new ArrayBuffer(4));
      address.setUint32(0, this.multicast.address);
      return new Uint8Array(address.buffer);
    }
    const isMtu = level === abi.IPPROTO_IP ? name === abi.IP_MTU : level === abi.IPPROTO_IPV6 && name === abi.IPV6_MTU;
    if (isMtu && this.optionLevels.includes(level)) {
      this.remoteAddress();
      return new Uint8Array(Int32Array.of(LOOPBACK.mtu).buffer);
    }
    return super.getOption(level, name);
  }

  /** The endpoint in the struct of this socket's family. */
  protected addressOf({ host, port }: Endpoint): InetAddress | Inet6Address {
    if (this.family === abi.AF_INET) return { family: abi.AF_INET, host: ipv4Of(host), port };
    const scopeId = isLinkLocal(host) ? LOOPBACK.index : 0;
    return { family: abi.AF_INET6, host, port, flowInfo: 0, scopeId };
  }

  /**
   * Where to connect or send to.
   * @throws EAFNOSUPPORT, EINVAL, ENETUNREACH
   */
  protected destination(address: SocketAddress): Endpoint {
    const { host, port } = this.#endpointOf(address);
    if (this.family === abi.AF_INET6 && host === ANY6 && isMapped(this.local.host))
      return { host: routeTo(ANY4), port };
    if (isMapped(host) && this.isV6Only) throw ENETUNREACH;
    if (isLinkLocal(host) && scopeOf(address) === 0) throw EINVAL;
    // Linux ip6_dst_lookup_tail: what comes from an IPv4 address goes to one.
    if (!isAny(this.local.host) && isMapped(this.local.host) !== isMapped(host))
      throw isMapped(host) ? ENETUNREACH : EAFNOSUPPORT;
    return { host: isMulticast(host) ? this.#routeToGroup(host) : routeTo(host), port };
  }

  /** @throws ENETUNREACH */
  #routeToGroup(host: Host): Host {
    const hasWay = this.multicast.hasInterface || this.options.socket(abi.SO_BINDTOIFINDEX) !== 0;
    if (!hasWay || !isMapped(host) || this.type === abi.SOCK_STREAM) throw ENETUNREACH;
    return host;
  }

  /** The address that packets to `host` come from. */
  protected sourceFor(host: Host): Host {
    return isMulticast(host) ? this.multicast.source : sourceFor(host);
  }

  /** What a packet of this socket says besides addresses and bytes. */
  protected headerFor(to: Endpoint, wishes: PacketWishes): Pick<Packet, 'hopLimit' | 'trafficClass'> {
    const isV4 = isMapped(to.host);
    const { level, hopLimit, groupHopLimit, trafficClass } = isV4 ? HEADER_OPTIONS.ipv4 : HEADER_OPTIONS.ipv6;
    return {
      hopLimit: wishes.hopLimit ?? this.options.number(level, isMulticast(to.host) ? groupHopLimit : hopLimit),
      trafficClass: wishes.trafficClass ?? this.options.number(level, trafficClass),
    };
  }

  /** Whether errors of packets to `to` are to be queued. */
  protected wantsErrorsOf(to: Endpoint): boolean {
    const [level, name] = isMapped(to.host) ? [abi.IPPROTO_IP, abi.IP_RECVERR] : [abi.IPPROTO_IPV6, abi.IPV6_RECVERR];
    return this.options.number(level, name) !== 0;
  }

  /** Takes a port where there is none yet, and the address that packets to `remote` come from. */
  protected settleFor(remote: Endpoint): void {
    if (!this.isBound) this.hold({ host: this.local.host, port: 0 });
    if (!isAny(this.local.host)) return;
    this.local = { ...this.local, host: this.sourceFor(remote.host) };
    this.movePort(this.local);
  }

  /** A connection ended: what bind(2) did not choose is free again (Linux inet_reset_saddr, tcp_disconnect). */
  protected unsettle(): void {
    const { host = this.anyHost, port } = this.#chosen;
    if (port === undefined) this.letGo();
    this.local = { host, port: port ?? 0 };
    if (this.isBound) this.movePort(this.local);
  }

  protected hold({ host, port }: Endpoint): void {
    const held = this.takePort({ host, port });
    this.#heldPort = held;
    this.local = { host, port: held };
  }

  protected letGo(): void {
    if (this.#heldPort === undefined) return;
    this.giveBackPort(this.#heldPort);
    this.#heldPort = undefined;
  }

  private get anyHost(): string {
    return this.family === abi.AF_INET ? ANY4 : ANY6;
  }

  #bindToDevice(value: Uint8Array): void {
    const name = byteStringFrom(value).split('\0')[0] ?? '';
    if (name !== '' && name !== LOOPBACK.name) throw ENODEV;
    const index = Int32Array.of(name === '' ? 0 : LOOPBACK.index);
    super.setOption(abi.SOL_SOCKET, abi.SO_BINDTOIFINDEX, new Uint8Array(index.buffer));
  }

  #endpointToBind(address: SocketAddress): Endpoint {
    if (this.family === abi.AF_INET6 && address.family === abi.AF_INET) throw EINVAL; // too short
    // Linux __inet_bind: compatibility with programs that leave the family out, for 0.0.0.0 only.
    if (address.family === 'other' && address.inet !== undefined && address.inet.host !== 0) throw EAFNOSUPPORT;
    return this.#endpointOf(address);
  }

  #endpointOf(address: SocketAddress): Endpoint {
    if (address.family === abi.AF_INET) return { host: mapped(address.host), port: address.port };
    if (this.family === abi.AF_INET6) {
      if (address.family === abi.AF_INET6) return address;
      throw address.family === 'other' && address.sizeBytes < abi.SIN6_LEN_RFC2133 ? EINVAL : EAFNOSUPPORT;
    }
    if (address.family !== 'other') throw EAFNOSUPPORT;
    if (address.sizeBytes < 16) throw EINVAL;
    if (address.inet === undefined) throw EAFNOSUPPORT;
    return { host: mapped(address.inet.host), port: address.inet.port };
  }

  #checkBindable({ host }: Endpoint, scopeId: number): void {
    if (isMapped(host) && this.isV6Only) throw EINVAL;
    if (isAny(host) || isOwnHost(host) || this.#mayBindAnywhere()) return;
    if (isMulticast(host)) {
      if (this.family === abi.AF_INET6 && this.type === abi.SOCK_STREAM) throw EINVAL;
      return;
    }
    throw isLinkLocal(host) && scopeId === 0 ? EINVAL : EADDRNOTAVAIL;
  }

  #mayBindAnywhere(): boolean {
    if (this.options.number(abi.IPPROTO_IP, abi.IP_FREEBIND) !== 0) return true;
    return this.family === abi.AF_INET6 && this.options.number(abi.IPPROTO_IPV6, abi.IPV6_FREEBIND) !== 0;
  }
}

function scopeOf(address: SocketAddress): number {
  return address.family === abi.AF_INET6 ? address.scopeId : 0;
}
