/** /network: interfaces and routes in OSv's models (facts 1.2). Only lo0 exists until the real stack comes. */
import { LOOPBACK } from '../../net/interfaces.ts';
import type { Management } from '../management.ts';
import { ApiError } from '../reply.ts';
import { array, get, inPath, object, type Route } from '../route.ts';

export const network: readonly Route[] = [
  get('/network/ifconfig', {
    summary: 'All interfaces',
    reply: array(object('Interface')),
    run: ({ management }) => [loopback(management)],
  }),
  get('/network/ifconfig/{intf}', {
    summary: 'One interface',
    parameters: [inPath('intf', 'Its name')],
    reply: object('Interface'),
    run: ({ management, text }) => {
      if (text('intf') !== 'lo0') throw new ApiError(404, `Interface ${text('intf')} not found`);
      return loopback(management);
    },
  }),
  get('/network/route', {
    summary: 'The routing table',
    reply: array(object('Route')),
    run: () => [{ destination: '127.0.0.1', gateway: 'link#1', flags: 'UH', netif: 'lo0', ipv6: false }],
  }),
];

function loopback({ machine }: Management): unknown {
  const { packets, bytes } = machine.network.loopback;
  return {
    config: {
      name: 'lo0',
      addr: '127.0.0.1',
      mask: '255.0.0.0',
      broadcast: '',
      flags: '8049<UP,LOOPBACK,RUNNING,MULTICAST>',
      mtu: String(LOOPBACK.mtu),
      phys_addr: '',
    },
    data: { ...ZEROES, ifi_type: 24, ifi_link_state: 2, ifi_mtu: LOOPBACK.mtu, ...traffic(packets, bytes) },
    time: Math.floor(machine.clock.monotonicNs() / 1000),
  };
}

function traffic(packets: number, bytes: number): Record<string, number> {
  return { ifi_ipackets: packets, ifi_opackets: packets, ifi_ibytes: bytes, ifi_obytes: bytes };
}

const HISTOGRAM = { packets_8: 0, packets_16: 0, packets_32: 0, packets_64: 0, packets_128: 0, packets_256: 0 };

// What a loopback interface never has (errors, queues, wake-ups), in the order of OSv's model.
const ZEROES: Readonly<Record<string, unknown>> = {
  ...Object.fromEntries(
    (
      'physical addrlen hdrlen metric baudrate ierrors oerrors collisions imcasts omcasts iqdrops noproto hwassist ' +
      'epoch ibh_wakeups oworker_kicks oworker_wakeups oworker_packets okicks oqueue_is_full'
    )
      .split(' ')
      .map((name) => [`ifi_${name}`, 0]),
  ),
  ifi_iwakeup_stats: HISTOGRAM,
  ifi_owakeup_stats: HISTOGRAM,
};
