/**
 * Echo messages of ICMP (RFC 792) and ICMPv6 (RFC 4443), which differ in type numbers and in that ICMPv6's checksum covers
 * the addresses:   0 type · 1 code · 2 checksum · 4 identifier · 6 sequence · 8 data
 */
import { internetChecksum } from './checksum.ts';

export const ICMP_HEADER_BYTES = 8;
export const ECHO = { ipv4: { request: 8, reply: 0 }, ipv6: { request: 128, reply: 129 } } as const;
const IPPROTO_ICMPV6 = 58;

/** Addresses of an ICMPv6 message, 16 bytes each; ICMP has none in its checksum. */
export type ChecksumAddresses = readonly [source: Uint8Array, destination: Uint8Array] | undefined;

/** The message with another type or identifier, and with its right checksum. */
export function withIcmpFields(
  message: Uint8Array,
  fields: { readonly type?: number; readonly identifier?: number },
  addresses: ChecksumAddresses,
): Uint8Array {
  const bytes = message.slice();
  const view = new DataView(bytes.buffer);
  if (fields.type !== undefined) bytes[0] = fields.type;
  if (fields.identifier !== undefined) view.setUint16(4, fields.identifier);
  view.setUint16(2, 0);
  view.setUint16(2, internetChecksum(...pseudoHeader(bytes.length, addresses), bytes));
  return bytes;
}

/** RFC 8200, 8.1 */
function pseudoHeader(messageBytes: number, addresses: ChecksumAddresses): readonly Uint8Array[] {
  if (addresses === undefined) return [];
  const tail = new Uint8Array(8);
  const view = new DataView(tail.buffer);
  view.setUint32(0, messageBytes);
  tail[7] = IPPROTO_ICMPV6;
  return [...addresses, tail];
}

export function icmpIdentifier(message: Uint8Array): number {
  return ((message[4] ?? 0) << 8) | (message[5] ?? 0);
}
