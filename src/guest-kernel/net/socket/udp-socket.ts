/** UDP and UDP-Lite sockets (udp(7), udplite(7)). */
import { concatenate } from '../../../emulator/util/bytes.ts';
import { ECONNREFUSED, EINVAL, EMSGSIZE } from '../../abi/errno.ts';
import * as abi from '../../abi/socket.ts';
import type { PortTable } from '../loopback/port-table.ts';
import { type Endpoint, isMapped, isMulticast } from '../host.ts';
import type { Network, Packet, UdpHolder } from '../network.ts';
import { type PacketWishes, packetWishes } from './inet-ancillary.ts';
import type { InetFamily } from './inet-socket.ts';
import { PacketSocket } from './packet-socket.ts';
import type { SendOptions } from './socket.ts';

/** 65,535 less the IPv4 and UDP headers. */
const MAX_PAYLOAD = 65_507;
/** IPv6 does not count its header. */
const IPV4_HEADER_BYTES = 20;
const UDP_HEADER_BYTES = 8;

/** A packet that is not whole yet. */
interface HeldPacket {
  readonly to: Endpoint;
  readonly wishes: PacketWishes;
  readonly pieces: Uint8Array[];
  sizeBytes: number;
}

export class UdpSocket extends PacketSocket implements UdpHolder {
  readonly type = abi.SOCK_DGRAM;
  readonly protocol: number;
  protected override readonly optionLevels: readonly number[];
  readonly #ports: PortTable<UdpHolder>;
  /** What MSG_MORE or UDP_CORK keeps back, until the packet is whole. */
  #held: HeldPacket | undefined;

  constructor(network: Network, protocol: number = abi.IPPROTO_UDP, family: InetFamily = abi.AF_INET) {
    super(network, family);
    this.protocol = protocol;
    this.#ports = protocol === abi.IPPROTO_UDPLITE ? network.udpLite : network.udp;
    const levels = [protocol, abi.IPPROTO_UDP, abi.IPPROTO_IP];
    this.optionLevels = family === abi.AF_INET6 ? [...levels, abi.IPPROTO_IPV6] : levels;
  }

  override setOption(level: number, name: number, value: Uint8Array): void {
    super.setOption(level, name, value);
    const held = this.#held;
    if (level !== abi.IPPROTO_UDP || this.options.number(level, abi.UDP_CORK) !== 0 || held === undefined) return;
    this.#held = undefined;
    this.#sendPacket(concatenate(held.pieces), held.to, held.wishes);
  }

  protected transmit(src: Uint8Array, options: SendOptions): void {
    const packet = this.#held ?? this.#begin(options);
    const most = isMapped(packet.to.host) ? MAX_PAYLOAD : MAX_PAYLOAD + IPV4_HEADER_BYTES;
    if (packet.sizeBytes + src.length > most) throw EMSGSIZE;
    if (!this.isBound) this.hold({ host: this.local.host, port: 0 });
    if (src.length > 0) packet.pieces.push(src.slice());
    packet.sizeBytes += src.length;
    const isMore = (options.flags & abi.MSG_MORE) !== 0 || this.options.number(abi.IPPROTO_UDP, abi.UDP_CORK) !== 0;
    this.#held = isMore ? packet : undefined;
    if (!isMore) this.#sendPacket(concatenate(packet.pieces), packet.to, packet.wishes);
  }

  /** The filter sees the header too (Linux udp_queue_rcv_one_skb). */
  protected override filtered(packet: Packet): Uint8Array | undefined {
    if (this.filter.program === undefined) return packet.bytes;
    const header = new DataView(new ArrayBuffer(UDP_HEADER_BYTES));
    [packet.from.port, packet.to.port, UDP_HEADER_BYTES + packet.bytes.length].forEach((word, i) =>
      header.setUint16(2 * i, word),
    );
    const whole = concatenate([new Uint8Array(header.buffer), packet.bytes]);
    return this.filter.admit(whole, UDP_HEADER_BYTES)?.subarray(UDP_HEADER_BYTES);
  }

  #begin(options: SendOptions): HeldPacket {
    const to = this.target(options);
    if (to.port === 0) throw EINVAL;
    return { to, wishes: packetWishes(options.control ?? [], to.host), pieces: [], sizeBytes: 0 };
  }

  #sendPacket(bytes: Uint8Array, to: Endpoint, wishes: PacketWishes): void {
    this.network.count(bytes.length);
    const from = this.sourceOf(to, wishes);
    if (isMulticast(to.host)) return this.#sendToGroup({ bytes, from, to, ...this.headerFor(to, wishes) });
    const receiver = this.#ports.find(to, from, (holder) => holder.rank(from));
    if (receiver === undefined) this.#refused(bytes, to);
    else receiver.deliver({ bytes, from, to, ...this.headerFor(to, wishes) });
  }

  /** To all who would hear it, if there is a member (Linux ip_route_input_mc, __udp4_lib_mcast_deliver). */
  #sendToGroup(packet: Packet): void {
    const { from, to, bytes } = packet;
    if (!this.network.groups.has(to.host)) return;
    for (const receiver of this.#ports.hearers(to)) {
      if (receiver.rank(from) >= 0 && receiver.hears(to.host)) receiver.deliver({ ...packet, bytes: bytes.slice() });
    }
  }

  // ICMP's "port unreachable" reaches connected sockets, and those that ask for errors (udp(7), ip(7)).
  #refused(bytes: Uint8Array, to: Endpoint): void {
    const isQueued = this.wantsErrorsOf(to);
    if (isQueued) this.errors.portUnreachable(bytes, to);
    if (isQueued || this.remote !== undefined) this.fail(ECONNREFUSED);
  }

  protected dispose(): void {
    this.multicast.leaveAll();
    this.letGo();
  }

  protected takePort({ host, port }: Endpoint): number {
    return this.#ports.bind(this, host, port);
  }

  protected movePort({ host, port }: Endpoint): void {
    this.#ports.move(this, host, port);
  }

  protected giveBackPort(port: number): void {
    this.#ports.release(this, port);
  }
}
