/** ICMP within the machine: raw sockets see each message, echo requests are answered (RFC 792, RFC 4443). */
import { bytesOf } from '../../../emulator/util/bytes.ts';
import { IPPROTO_ICMP, IPPROTO_ICMPV6 } from '../../abi/socket.ts';
import { ECHO, type ChecksumAddresses, ICMP_HEADER_BYTES, icmpIdentifier, withIcmpFields } from '../header/icmp.ts';
import { type Endpoint, isMapped } from '../host.ts';
import type { Network, Packet } from '../network.ts';

/** What an echo reply leaves with, whatever the request had. */
const REPLY_HOP_LIMIT = 64;

/** A packet of a protocol without ports, or with a program's own header, arrives. */
export function deliverRaw(network: Network, protocol: number, packet: Packet): void {
  network.count(packet.bytes.length);
  for (const socket of network.raw) {
    if (socket.takes(protocol, packet)) socket.deliver({ ...packet, bytes: packet.bytes.slice() });
  }
  const isV4 = isMapped(packet.to.host);
  if (protocol === (isV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6)) deliverIcmp(network, protocol, packet);
}

function deliverIcmp(network: Network, protocol: number, packet: Packet): void {
  const { bytes, from, to } = packet;
  if (bytes.length < ICMP_HEADER_BYTES || bytes[1] !== 0) return;
  const { request, reply } = isMapped(to.host) ? ECHO.ipv4 : ECHO.ipv6;
  if (bytes[0] === reply) {
    const asker = network.ping.find({ host: to.host, port: icmpIdentifier(bytes) }, from, (socket) =>
      socket.rank(from),
    );
    asker?.deliver(packet);
  } else if (bytes[0] === request) {
    const answer = withIcmpFields(bytes, { type: reply }, checksumAddresses(to, from));
    deliverRaw(network, protocol, { ...packet, bytes: answer, from: to, to: from, hopLimit: REPLY_HOP_LIMIT });
  }
}

/** What ICMPv6's checksum covers besides the message. */
export function checksumAddresses(from: Endpoint, to: Endpoint): ChecksumAddresses {
  return isMapped(to.host) ? undefined : [bytesOf(from.host), bytesOf(to.host)];
}
