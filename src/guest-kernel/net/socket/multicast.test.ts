import { expect, test } from 'vitest';
import * as abi from '../../abi/socket.ts';
import { Network } from '../network.ts';
import { Multicast } from './multicast.ts';

function join4(multicast: Multicast, n: number): void {
  const request = Uint8Array.of(224, 0, 1, n, 127, 0, 0, 1);
  multicast.setOption(false, abi.IPPROTO_IP, abi.IP_ADD_MEMBERSHIP, request);
}

function join6(multicast: Multicast, n: number): void {
  const request = new Uint8Array(20);
  request.set([0xff, 0x02, n >> 8, n & 0xff]);
  request[16] = 1; // lo
  multicast.setOption(false, abi.IPPROTO_IPV6, abi.IPV6_ADD_MEMBERSHIP, request);
}

test.each([
  ['IPv4', join4, 20],
  ['IPv6', join6, 365],
] as const)('a socket is in so many groups of %s and no more, and leaves all', (_family, join, most) => {
  const network = new Network();
  const multicast = new Multicast(network);
  for (let n = 0; n < most; n++) join(multicast, n);
  expect(() => join(multicast, most)).toThrow(expect.objectContaining({ name: 'ENOBUFS' }));
  expect(network.groups.size).toBe(most);
  multicast.leaveAll();
  expect(network.groups.size).toBe(0);
});
