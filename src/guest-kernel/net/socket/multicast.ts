/**
 * Multicast of a socket (ip(7), ipv6(7)): its groups, and where what it sends to one goes. There is one interface, lo, which
 * no route leads groups to: who sends or joins says so.
 *
 *   struct ip_mreqn:   0 imr_multiaddr u32   4 imr_address u32   8 imr_ifindex i32 (absent in struct ip_mreq)
 *   struct ipv6_mreq:  0 ipv6mr_multiaddr    16 ipv6mr_interface i32
 *   struct group_req:  0 gr_interface u32    8 gr_group sockaddr_storage
 */
import { byteStringFrom } from '../../../emulator/util/bytes.ts';
import { EADDRINUSE, EADDRNOTAVAIL, EINVAL, ENOBUFS, ENODEV, EPROTO } from '../../abi/errno.ts';
import * as abi from '../../abi/socket.ts';
import { type Host, isMapped, isMulticast, LOOPBACK4, mapped } from '../host.ts';
import { LOOPBACK } from '../interfaces.ts';
import type { Network } from '../network.ts';

const IP_MREQ_BYTES = 8;
const IP_MREQN_BYTES = 12;
const IPV6_MREQ_BYTES = 20;
const GROUP_REQ_BYTES = 136;
/** net.ipv4.igmp_max_memberships */
const MOST_GROUPS = 20;
/** net.core.optmem_max, which the groups of IPv6 are taken out of, 56 bytes each. */
const MOST_GROUPS6 = 365;

interface GroupRequest {
  readonly group: Host;
  /** An IPv4 address of the interface; 0: any. */
  readonly address: number;
  /** 0: any. */
  readonly index: number;
}

export class Multicast {
  readonly #network: Network;
  readonly #groups = new Set<Host>();
  /** IP_MULTICAST_IF. */
  #address = 0;
  #index = 0;

  constructor(network: Network) {
    this.#network = network;
  }

  /** IP_MULTICAST_IF, as it is told. */
  get address(): number {
    return this.#address;
  }

  /** Whether packets to groups have a way out. */
  get hasInterface(): boolean {
    return this.#index !== 0;
  }

  /** What packets to groups come from. */
  get source(): Host {
    return this.#address === 0 ? LOOPBACK4 : mapped(this.#address);
  }

  isMember(group: Host): boolean {
    return this.#groups.has(group);
  }

  /** @returns whether the option is one of these. @throws EPROTO, EINVAL, ENODEV, EADDRINUSE, EADDRNOTAVAIL, ENOBUFS */
  setOption(isStream: boolean, level: number, name: number, value: Uint8Array): boolean {
    const isV4 = level === abi.IPPROTO_IP;
    if (isV4 && name === abi.IP_MULTICAST_IF) this.#setInterface(isStream, value);
    else if (isV4 ? name === abi.IP_ADD_MEMBERSHIP : name === abi.IPV6_ADD_MEMBERSHIP) {
      if (isStream) throw EPROTO;
      this.#join(isV4 ? loadRequest(value) : loadRequest6(value));
    } else if (isV4 ? name === abi.IP_DROP_MEMBERSHIP : name === abi.IPV6_DROP_MEMBERSHIP) {
      if (isStream) throw EPROTO;
      this.#leave(isV4 ? loadRequest(value) : loadRequest6(value));
    } else if (name === abi.MCAST_JOIN_GROUP) this.#join(loadGroupRequest(value, isV4));
    else if (name === abi.MCAST_LEAVE_GROUP) this.#leave(loadGroupRequest(value, isV4));
    else return false;
    return true;
  }

  /** The socket closes. */
  leaveAll(): void {
    for (const group of this.#groups) this.#forget(group);
  }

  // Linux net/ipv4/igmp.c: __ip_mc_join_group; net/ipv6/mcast.c: __ipv6_sock_mc_join.
  #join(request: GroupRequest): void {
    const { group } = request;
    if (!isMulticast(group)) throw EINVAL;
    if (!isLoopback(request)) throw ENODEV;
    if (this.#groups.has(group)) throw EADDRINUSE;
    if (this.#groups.size >= (isMapped(group) ? MOST_GROUPS : MOST_GROUPS6)) throw ENOBUFS;
    this.#groups.add(group);
    const { groups } = this.#network;
    groups.set(group, (groups.get(group) ?? 0) + 1);
  }

  #leave(request: GroupRequest): void {
    const { group, address, index } = request;
    const isV6 = !isMapped(group);
    if (isV6 && !isMulticast(group)) throw EINVAL;
    if (!isV6 && address === 0 && index === 0) throw ENODEV;
    const isOther = !isLoopback(request) && !(isV6 && index === 0);
    if (isOther || !this.#groups.has(group)) throw EADDRNOTAVAIL;
    this.#forget(group);
  }

  #forget(group: Host): void {
    this.#groups.delete(group);
    const { groups } = this.#network;
    const left = (groups.get(group) ?? 1) - 1;
    if (left === 0) groups.delete(group);
    else groups.set(group, left);
  }

  // Linux do_ip_setsockopt, IP_MULTICAST_IF: a bare address will do, or an index.
  #setInterface(isStream: boolean, value: Uint8Array): void {
    if (isStream || value.length < 4) throw EINVAL;
    const view = viewOf(value);
    const isWhole = value.length >= IP_MREQ_BYTES;
    const address = view.getUint32(isWhole ? 4 : 0);
    const index = value.length >= IP_MREQN_BYTES ? view.getInt32(8, true) : 0;
    const isNone = address === 0 && index === 0;
    if (!isNone && !isLoopback({ address, index })) throw EADDRNOTAVAIL;
    this.#address = address;
    this.#index = isNone ? 0 : LOOPBACK.index;
  }
}

/** Whether the request names lo (Linux ip_mc_find_dev). */
function isLoopback({ address, index }: Pick<GroupRequest, 'address' | 'index'>): boolean {
  return index === 0 ? address >>> 24 === 127 : index === LOOPBACK.index;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function loadRequest(value: Uint8Array): GroupRequest {
  if (value.length < IP_MREQ_BYTES) throw EINVAL;
  const view = viewOf(value);
  const index = value.length >= IP_MREQN_BYTES ? view.getInt32(8, true) : 0;
  return { group: mapped(view.getUint32(0)), address: view.getUint32(4), index };
}

function loadRequest6(value: Uint8Array): GroupRequest {
  if (value.length < IPV6_MREQ_BYTES) throw EINVAL;
  return { group: byteStringFrom(value.subarray(0, 16)), address: 0, index: viewOf(value).getInt32(16, true) };
}

function loadGroupRequest(value: Uint8Array, isV4: boolean): GroupRequest {
  if (value.length < GROUP_REQ_BYTES) throw EINVAL;
  const view = viewOf(value);
  const index = view.getInt32(0, true);
  if (view.getUint16(8, true) !== (isV4 ? abi.AF_INET : abi.AF_INET6)) throw isV4 ? EINVAL : EADDRNOTAVAIL;
  const group = isV4 ? mapped(view.getUint32(12)) : byteStringFrom(value.subarray(16, 32));
  return { group, address: 0, index };
}
