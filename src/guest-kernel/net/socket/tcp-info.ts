/** struct tcp_info (linux/tcp.h), as getsockopt with TCP_INFO gives it. Pure. */
import { TCP_CLOSE, TCP_LISTEN, TCP_SYN_SENT } from '../../abi/tcp.ts';

/** What a connection within the machine has to tell: it loses nothing, waits for nobody and has no round trip. */
export interface TcpFacts {
  /** TCP_* of linux/tcp_states.h. */
  readonly state: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** How often something was sent and came. */
  readonly sends: number;
  readonly arrivals: number;
  /** Since the last one, ms. */
  readonly lastSentMs: number;
  readonly lastReceivedMs: number;
  /** Of a listener: who waits to be accepted, and how many may. */
  readonly backlog: number;
  readonly backlogLimit: number;
  /** Bytes that the peer has room for. */
  readonly windowBytes: number;
  readonly segmentBytes: number;
}

const TCP_INFO_BYTES = 232;
/** Timestamps, selective acknowledgements, window scaling: what Linux agrees on with itself. */
const OPTIONS_AGREED = 7;
const WINDOW_SCALES = 0x77; // 7 each way, as 212,992 bytes need
const LEAST_TIMEOUT_US = 204_000; // TCP_RTO_MIN and a clock tick
const DELAYED_ACK_US = 40_000;
const LOOPBACK_PATH_MTU = 65_535;
const INITIAL_WINDOW_SEGMENTS = 10; // RFC 6928
const REORDERING = 3;
const NEVER_REACHED = 0x7fff_ffff;
const UNLIMITED = 0xffff_ffff_ffff_ffffn;

export function encodeTcpInfo(facts: TcpFacts): Uint8Array {
  const bytes = new Uint8Array(TCP_INFO_BYTES);
  const view = new DataView(bytes.buffer);
  const u32 = (at: number, value: number): void => view.setUint32(at, value, true);
  const u64 = (at: number, value: number): void => view.setBigUint64(at, BigInt(value), true);
  bytes[0] = facts.state;
  u32(80, INITIAL_WINDOW_SEGMENTS);
  u32(88, REORDERING);
  view.setBigUint64(112, UNLIMITED, true);
  if (facts.state === TCP_LISTEN) {
    u32(24, facts.backlog); // tcpi_unacked and tcpi_sacked of a listener
    u32(28, facts.backlogLimit);
    return bytes;
  }
  u32(76, NEVER_REACHED); // tcpi_snd_ssthresh
  if (facts.state !== TCP_CLOSE && facts.state !== TCP_SYN_SENT) encodeConnection(facts, bytes, u32, u64);
  return bytes;
}

type Put = (at: number, value: number) => void;

function encodeConnection(facts: TcpFacts, bytes: Uint8Array, u32: Put, u64: Put): void {
  bytes[5] = OPTIONS_AGREED;
  bytes[6] = WINDOW_SCALES;
  u32(8, LEAST_TIMEOUT_US);
  u32(12, DELAYED_ACK_US);
  u32(16, Math.min(facts.segmentBytes, 32_768));
  u32(20, facts.receivedBytes === 0 ? 536 : Math.min(facts.receivedBytes, facts.segmentBytes));
  u32(44, facts.lastSentMs);
  u32(52, facts.lastReceivedMs);
  u32(56, Math.min(facts.lastSentMs, facts.lastReceivedMs)); // tcpi_last_ack_recv
  u32(60, LOOPBACK_PATH_MTU);
  u32(64, 65_495); // tcpi_rcv_ssthresh
  u32(84, facts.segmentBytes); // tcpi_advmss
  u32(96, 65_495); // tcpi_rcv_space
  u64(120, facts.sentBytes); // tcpi_bytes_acked: what was sent has arrived
  u64(128, facts.receivedBytes);
  u32(136, facts.sends + facts.arrivals);
  u32(140, facts.sends + facts.arrivals);
  u32(152, facts.arrivals);
  u32(156, facts.sends);
  u32(192, facts.sends); // tcpi_delivered
  u64(200, facts.sentBytes);
  u32(228, facts.windowBytes);
}
