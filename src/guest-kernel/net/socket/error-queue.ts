/** Errors that came back for packets, kept with them for recvmsg with MSG_ERRQUEUE (IP_RECVERR in ip(7)). */
import { concatenate } from '../../../emulator/util/bytes.ts';
import { EAGAIN, ECONNREFUSED, type Errno } from '../../abi/errno.ts';
import * as abi from '../../abi/socket.ts';
import { encodeSocketAddress, type Inet6Address, type InetAddress } from '../../abi/socket-address.ts';
import { type Endpoint, isMapped } from '../host.ts';
import type { ReceivedMessage } from './socket.ts';

interface QueuedError {
  /** What an ICMP message quotes of the packet. */
  readonly bytes: Uint8Array;
  readonly to: Endpoint;
  readonly error: Errno;
}

/** More than a program ever leaves unread; Linux bounds it by SO_RCVBUF. */
const MOST_ERRORS = 256;
/** Payload that fits 576 bytes with two IPv4 headers, ICMP's and UDP's, or 1,280 with those of IPv6 (RFC 792, RFC 4443). */
const QUOTED_BYTES = { ipv4: 520, ipv6: 1184 };
/** struct sock_extended_err: errno, origin, type, code, pad, info, data. */
const EXTENDED_ERROR_BYTES = 16;
/** Destination unreachable, port unreachable, and SO_EE_ORIGIN_ICMP or _ICMP6. */
const ICMP_PORT_UNREACHABLE = { origin: 2, type: 3, code: 3 };
const ICMPV6_PORT_UNREACHABLE = { origin: 3, type: 1, code: 4 };

export class ErrorQueue {
  readonly #errors: QueuedError[] = [];

  get length(): number {
    return this.#errors.length;
  }

  /** Nobody has the port that `bytes` were sent to. */
  portUnreachable(bytes: Uint8Array, to: Endpoint): void {
    if (this.#errors.length >= MOST_ERRORS) return;
    const quoted = isMapped(to.host) ? QUOTED_BYTES.ipv4 : QUOTED_BYTES.ipv6;
    this.#errors.push({ bytes: bytes.slice(0, quoted), to, error: ECONNREFUSED });
  }

  /**
   * Gives the oldest error: the packet's bytes, where it went, and what happened to it.
   * @param addressOf of the socket's family
   * @throws EAGAIN
   */
  // Linux net/ipv4/ip_sockglue.c: ip_recv_error, net/ipv6/datagram.c: ipv6_recv_error
  receive(
    dst: Uint8Array,
    message: ReceivedMessage,
    addressOf: (endpoint: Endpoint) => InetAddress | Inet6Address,
  ): number {
    const first = this.#errors.shift();
    if (first === undefined) throw EAGAIN;
    const { bytes, to } = first;
    const part = bytes.subarray(0, dst.length);
    dst.set(part);
    message.from = addressOf(to);
    message.fullBytes = bytes.length;
    message.flags = abi.MSG_ERRQUEUE;
    const offender = encodeSocketAddress(addressOf({ host: to.host, port: 0 }));
    const isV6 = message.from.family === abi.AF_INET6;
    message.control = [
      {
        level: isV6 ? abi.IPPROTO_IPV6 : abi.IPPROTO_IP,
        type: isV6 ? abi.IPV6_RECVERR : abi.IP_RECVERR,
        data: concatenate([extendedError(first), offender]),
      },
    ];
    return part.length;
  }
}

function extendedError({ to, error }: QueuedError): Uint8Array {
  const bytes = new Uint8Array(EXTENDED_ERROR_BYTES);
  const { origin, type, code } = isMapped(to.host) ? ICMP_PORT_UNREACHABLE : ICMPV6_PORT_UNREACHABLE;
  new DataView(bytes.buffer).setUint32(0, error.code, true);
  bytes.set([origin, type, code], 4);
  return bytes;
}
