/**
 * The header of IPv4 (RFC 791):
 *
 *   0 version, header words · 1 TOS · 2 total length · 4 id · 6 flags, fragment · 8 TTL · 9 protocol · 10 checksum
 *   12 source · 16 destination
 */
import { internetChecksum } from './checksum.ts';

const IPV4_HEADER_BYTES = 20;
const DONT_FRAGMENT = 0x4000;

export interface Ipv4Header {
  readonly trafficClass: number;
  readonly hopLimit: number;
  readonly protocol: number;
  readonly id: number;
  /** Addresses as unsigned numbers. */
  readonly source: number;
  readonly destination: number;
  readonly payloadBytes: number;
}

export function encodeIpv4Header(header: Ipv4Header): Uint8Array {
  const bytes = new Uint8Array(IPV4_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes[0] = 0x45;
  bytes[1] = header.trafficClass;
  view.setUint16(2, IPV4_HEADER_BYTES + header.payloadBytes);
  view.setUint16(4, header.id);
  view.setUint16(6, header.id === 0 ? DONT_FRAGMENT : 0);
  bytes[8] = header.hopLimit;
  bytes[9] = header.protocol;
  view.setUint32(12, header.source);
  view.setUint32(16, header.destination);
  view.setUint16(10, internetChecksum(bytes));
  return bytes;
}

/** @returns nothing where the bytes are no header, or less than it says */
export function decodeIpv4Header(bytes: Uint8Array): (Ipv4Header & { readonly headerBytes: number }) | undefined {
  const headerBytes = ((bytes[0] ?? 0) & 15) * 4;
  if (headerBytes < IPV4_HEADER_BYTES || bytes.length < headerBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    trafficClass: view.getUint8(1),
    hopLimit: view.getUint8(8),
    protocol: view.getUint8(9),
    id: view.getUint16(4),
    source: view.getUint32(12),
    destination: view.getUint32(16),
    payloadBytes: bytes.length - headerBytes,
    headerBytes,
  };
}
