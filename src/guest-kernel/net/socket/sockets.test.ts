import { describe, expect, test } from 'vitest';
import { bytesOf, byteStringFrom } from '../../../emulator/util/bytes.ts';
import * as errno from '../../abi/errno.ts';
import { O_NONBLOCK } from '../../abi/fcntl.ts';
import { POLLHUP, POLLIN, POLLOUT, POLLRDHUP } from '../../abi/poll.ts';
import { SIGPIPE } from '../../abi/signal.ts';
import * as abi from '../../abi/socket.ts';
import { INADDR_ANY, INADDR_LOOPBACK, type InetAddress, type UnixAddress } from '../../abi/socket-address.ts';
import { isBlocked } from '../../program/blocked.ts';
import type { Call, OpenFile } from '../../vfs/open-file.ts';
import { connectFromHost } from '../host-door.ts';
import { Network } from '../network.ts';
import type { ReceivedMessage, Socket } from './socket.ts';
import { TcpSocket } from './tcp-socket.ts';
import { UdpSocket } from './udp-socket.ts';
import { UnixDatagramSocket } from './unix-datagram-socket.ts';
import { UnixSeqpacketSocket } from './unix-seqpacket-socket.ts';
import { UnixStreamSocket } from './unix-stream-socket.ts';

const unix = (path: string): UnixAddress => ({ family: abi.AF_UNIX, path });
const ME = { pid: 2, uid: 0, gid: 0 };
const LOCAL = (port: number, host = INADDR_LOOPBACK): InetAddress => ({ family: abi.AF_INET, host, port });

function call(options: Partial<Call> = {}): Call & { raised: number[] } {
  const raised: number[] = [];
  return {
    progress: undefined,
    isInterrupted: false,
    nowNs: 0,
    threadId: 1,
    raise: (signal) => raised.push(signal),
    raised,
    ...options,
  };
}

function server(network: Network, port: number, backlog = 5, host: number = INADDR_LOOPBACK): TcpSocket {
  const socket = new TcpSocket(network);
  socket.bind(LOCAL(port, host));
  socket.listen(backlog);
  return socket;
}

function connected(network = new Network()): { client: TcpSocket; peer: TcpSocket; listener: TcpSocket } {
  const listener = server(network, 80);
  const client = new TcpSocket(network);
  expect(client.connect(call(), LOCAL(80))).toBe(0);
  const peer = listener.accept(call());
  if (isBlocked(peer)) throw new Error('nobody to accept');
  return { client, peer, listener };
}

function text(socket: Socket, flags = abi.MSG_DONTWAIT, size = 64): string {
  const dst = new Uint8Array(size);
  const count = socket.receive(call(), dst, flags, {});
  if (isBlocked(count)) return '(blocked)';
  return byteStringFrom(dst.subarray(0, count));
}

function outcome(run: () => unknown): unknown {
  try {
    const result = run();
    return isBlocked(result) ? 'blocked' : result;
  } catch (error) {
    return error instanceof errno.Errno ? error.name : error;
  }
}

const on = (socket: Socket, name: number): void => socket.setOption(abi.SOL_SOCKET, name, Uint8Array.of(1, 0, 0, 0));

describe('a TCP connection', () => {
  test('carries bytes both ways and tells both addresses', () => {
    const { client, peer } = connected();
    expect(client.write(call(), bytesOf('ping'))).toBe(4);
    expect(text(peer)).toBe('ping');
    peer.write(call(), bytesOf('pong'));
    expect(text(client)).toBe('pong');
    expect(client.remoteAddress()).toEqual(LOCAL(80));
    expect(peer.remoteAddress()).toEqual(client.localAddress());
    expect(client.localAddress().port).toBeGreaterThanOrEqual(32768);
  });

  test('blocks an empty read, refuses it with EAGAIN when non-blocking, and wakes it when bytes come', () => {
    const { client, peer } = connected();
    expect(isBlocked(peer.read(call(), new Uint8Array(4)))).toBe(true);
    let woken = 0;
    peer.readiness.add({ onWake: () => void woken++ });
    client.write(call(), bytesOf('x'));
    expect(woken).toBe(1);
    expect(text(peer)).toBe('x');
    expect(outcome(() => peer.receive(call(), new Uint8Array(4), abi.MSG_DONTWAIT, {}))).toBe('EAGAIN');
  });

  test('takes no more than the buffers hold and goes on where a blocked write stopped', () => {
    const { client, peer } = connected();
    const big = new Uint8Array(400_000).map((_, i) => i);
    const first = client.write(call(), big);
    if (!isBlocked(first)) throw new Error('expected to block');
    expect(client.poll() & POLLOUT).toBe(0);
    const got = new Uint8Array(400_000);
    const one = peer.read(call(), got) as number;
    expect(client.poll() & POLLOUT).toBe(POLLOUT);
    expect(client.write(call({ progress: first.progress }), big)).toBe(400_000);
    expect(peer.read(call(), got.subarray(one))).toBe(400_000 - one);
    expect(got).toEqual(big);
  });

  test('half-closes: the peer reads to the end of file and can still answer', () => {
    const { client, peer } = connected();
    client.write(call(), bytesOf('last'));
    client.shutDown(abi.SHUT_WR);
    expect(peer.poll() & (POLLIN | POLLRDHUP | POLLHUP)).toBe(POLLIN | POLLRDHUP);
    expect(text(peer)).toBe('last');
    expect(text(peer)).toBe('');
    peer.write(call(), bytesOf('answer'));
    expect(text(client)).toBe('answer');
    const c = call();
    expect(outcome(() => client.write(c, bytesOf('more')))).toBe('EPIPE');
    expect(c.raised).toEqual([SIGPIPE]);
  });

  test('a write after the peer closed is lost, the next one is EPIPE; MSG_NOSIGNAL spares the signal', () => {
    const { client, peer } = connected();
    peer.release();
    expect(client.write(call(), bytesOf('late'))).toBe(4);
    const c = call();
    expect(outcome(() => client.send(c, bytesOf('x'), { flags: abi.MSG_NOSIGNAL }))).toBe('EPIPE');
    expect(c.raised).toEqual([]);
    expect(text(client)).toBe('');
  });

  test('closing with unread bytes, or lingering for 0 s, resets', () => {
    const a = connected();
    a.client.write(call(), bytesOf('unread'));
    a.peer.release();
    expect(outcome(() => a.client.read(call(), new Uint8Array(1)))).toBe('ECONNRESET');
    expect(text(a.client)).toBe('');
    const b = connected();
    b.peer.setOption(abi.SOL_SOCKET, abi.SO_LINGER, Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0));
    b.peer.release();
    expect(outcome(() => b.client.read(call(), new Uint8Array(1)))).toBe('ECONNRESET');
  });

  test('MSG_PEEK leaves the bytes, MSG_WAITALL waits for all of them', () => {
    const { client, peer } = connected();
    client.write(call(), bytesOf('abc'));
    expect(text(peer, abi.MSG_PEEK)).toBe('abc');
    const dst = new Uint8Array(5);
    const first = peer.receive(call(), dst, abi.MSG_WAITALL, {});
    if (!isBlocked(first)) throw new Error('expected to block');
    client.write(call(), bytesOf('defg'));
    expect(peer.receive(call({ progress: first.progress }), dst, abi.MSG_WAITALL, {})).toBe(5);
    expect(byteStringFrom(dst)).toBe('abcde');
    expect(text(peer)).toBe('fg');
  });

  test('SO_RCVTIMEO ends a wait with EAGAIN, a signal with EINTR', () => {
    const { peer } = connected();
    const timeval = new Uint8Array(16);
    new DataView(timeval.buffer).setBigInt64(8, 500_000n, true);
    peer.setOption(abi.SOL_SOCKET, abi.SO_RCVTIMEO, timeval);
    expect(peer.getOption(abi.SOL_SOCKET, abi.SO_RCVTIMEO)).toEqual(timeval);
    const waiting = peer.read(call({ nowNs: 1e9 }), new Uint8Array(1));
    if (!isBlocked(waiting)) throw new Error('expected to block');
    expect(waiting.deadlineNs).toBe(1.5e9);
    const late = call({ nowNs: 1.5e9, progress: waiting.progress });
    expect(outcome(() => peer.read(late, new Uint8Array(1)))).toBe('EAGAIN');
    expect(outcome(() => peer.read(call({ isInterrupted: true }), new Uint8Array(1)))).toBe('EINTR');
  });
});

describe('connecting', () => {
  test('to a port without a listener is refused, elsewhere unreachable', () => {
    const socket = new TcpSocket(new Network());
    expect(outcome(() => socket.connect(call(), LOCAL(81)))).toBe('ECONNREFUSED');
    expect(outcome(() => socket.connect(call(), LOCAL(80, 0x08080808)))).toBe('ENETUNREACH');
  });

  test('without blocking says EINPROGRESS first; poll and SO_ERROR tell the outcome', () => {
    const network = new Network();
    server(network, 80);
    const good = new TcpSocket(network);
    good.flags |= O_NONBLOCK;
    expect(outcome(() => good.connect(call(), LOCAL(80)))).toBe('EINPROGRESS');
    expect(good.poll() & POLLOUT).toBe(POLLOUT);
    expect(good.getOption(abi.SOL_SOCKET, abi.SO_ERROR)).toEqual(Uint8Array.of(0, 0, 0, 0));
    expect(good.connect(call(), LOCAL(80))).toBe(0);
    expect(outcome(() => good.connect(call(), LOCAL(80)))).toBe('EISCONN');
    const bad = new TcpSocket(network);
    bad.flags |= O_NONBLOCK;
    expect(outcome(() => bad.connect(call(), LOCAL(81)))).toBe('EINPROGRESS');
    expect(bad.poll() & POLLHUP).toBe(POLLHUP);
    expect(bad.getOption(abi.SOL_SOCKET, abi.SO_ERROR)[0]).toBe(errno.ECONNREFUSED.code);
  });

  test('beyond the backlog waits until somebody is accepted; closing the listener refuses who waits', () => {
    const network = new Network();
    const listener = server(network, 80, 0);
    const first = new TcpSocket(network);
    expect(first.connect(call(), LOCAL(80))).toBe(0);
    const second = new TcpSocket(network);
    const waiting = second.connect(call(), LOCAL(80));
    if (!isBlocked(waiting)) throw new Error('expected to block');
    listener.accept(call());
    expect(second.connect(call({ progress: waiting.progress }), LOCAL(80))).toBe(0);
    const third = new TcpSocket(network);
    const stuck = third.connect(call(), LOCAL(80));
    if (!isBlocked(stuck)) throw new Error('expected to block');
    listener.release();
    expect(outcome(() => third.connect(call({ progress: stuck.progress }), LOCAL(80)))).toBe('ECONNREFUSED');
    expect(outcome(() => second.read(call(), new Uint8Array(1)))).toBe('ECONNRESET');
  });
});

describe('binding', () => {
  test('refuses a taken port, also through 0.0.0.0, and gives it back on close', () => {
    const network = new Network();
    const listener = server(network, 80, 5, INADDR_ANY);
    expect(outcome(() => new TcpSocket(network).bind(LOCAL(80)))).toBe('EADDRINUSE');
    listener.release();
    expect(outcome(() => new TcpSocket(network).bind(LOCAL(80)))).toBe(undefined);
    expect(outcome(() => new TcpSocket(network).bind(LOCAL(80, 0x01020304)))).toBe('EADDRNOTAVAIL');
  });

  test('SO_REUSEADDR shares a port until one listens; SO_REUSEPORT shares it always', () => {
    const network = new Network();
    const [a, b] = [new TcpSocket(network), new TcpSocket(network)];
    for (const socket of [a, b]) {
      on(socket, abi.SO_REUSEADDR);
      socket.bind(LOCAL(80));
    }
    a.listen(1);
    expect(outcome(() => b.listen(1))).toBe('EADDRINUSE');
    for (let i = 0; i < 2; i++) {
      const socket = new TcpSocket(network);
      on(socket, abi.SO_REUSEPORT);
      socket.bind(LOCAL(90));
      socket.listen(1);
    }
    expect(network.listeningPorts()).toEqual([80, 90]);
  });
});

describe('operations on the wrong kind of socket', () => {
  const rows: [string, (network: Network) => unknown, string][] = [
    ['read unconnected', (n) => new TcpSocket(n).read(call(), new Uint8Array(1)), 'ENOTCONN'],
    ['write unconnected', (n) => new TcpSocket(n).write(call(), new Uint8Array(1)), 'EPIPE'],
    ['accept without listen', (n) => new TcpSocket(n).accept(call()), 'EINVAL'],
    ['shutdown unconnected', (n) => new TcpSocket(n).shutDown(2), 'ENOTCONN'],
    ['getpeername unconnected', (n) => new TcpSocket(n).remoteAddress(), 'ENOTCONN'],
    ['listen on UDP', (n) => new UdpSocket(n).listen(1), 'EOPNOTSUPP'],
    ['send on UDP without an address', (n) => new UdpSocket(n).write(call(), new Uint8Array(1)), 'EDESTADDRREQ'],
    [
      'send on a Unix socket unconnected',
      (n) => new UnixStreamSocket(n, ME).write(call(), new Uint8Array(1)),
      'ENOTCONN',
    ],
    ['an unknown option', (n) => new TcpSocket(n).getOption(1, 9999), 'ENOPROTOOPT'],
    ['an option too short', (n) => outcome(() => new TcpSocket(n).setOption(1, 2, new Uint8Array(2))), 'EINVAL'],
  ];
  test.each(rows)('%s', (_, run, expected) => expect(outcome(() => run(new Network()))).toBe(expected));
});

describe('UDP', () => {
  test('delivers whole messages with their sender; a short buffer cuts', () => {
    const network = new Network();
    const receiver = new UdpSocket(network);
    receiver.bind(LOCAL(53));
    const sender = new UdpSocket(network);
    sender.send(call(), bytesOf('question'), { flags: 0, to: LOCAL(53) });
    sender.send(call(), bytesOf(''), { flags: 0, to: LOCAL(53) });
    const message = {};
    const dst = new Uint8Array(4);
    expect(receiver.receive(call(), dst, abi.MSG_TRUNC, message)).toBe(8);
    expect(byteStringFrom(dst)).toBe('ques');
    const from = { ...sender.localAddress(), host: INADDR_LOOPBACK };
    expect(message).toEqual({ from, fullBytes: 8, files: [], control: [] });
    expect(text(receiver)).toBe('');
    expect(isBlocked(receiver.read(call(), dst))).toBe(true);
  });

  test('a connected socket hears of a closed port and of its peer only', () => {
    const network = new Network();
    const socket = new UdpSocket(network);
    socket.connect(call(), LOCAL(99));
    socket.write(call(), bytesOf('anybody?'));
    expect(outcome(() => socket.read(call(), new Uint8Array(1)))).toBe('ECONNREFUSED');
    const stranger = new UdpSocket(network);
    stranger.send(call(), bytesOf('spam'), { flags: 0, to: socket.localAddress() });
    expect(outcome(() => socket.receive(call(), new Uint8Array(1), abi.MSG_DONTWAIT, {}))).toBe('EAGAIN');
  });
});

describe('UDP-Lite', () => {
  test('has ports of its own', () => {
    const network = new Network();
    const [plain, lite] = [new UdpSocket(network), new UdpSocket(network, abi.IPPROTO_UDPLITE)];
    plain.bind(LOCAL(53));
    lite.bind(LOCAL(53));
    const sender = new UdpSocket(network, abi.IPPROTO_UDPLITE);
    sender.send(call(), bytesOf('lite'), { flags: 0, to: LOCAL(53) });
    expect(text(lite)).toBe('lite');
    expect(outcome(() => plain.receive(call(), new Uint8Array(9), abi.MSG_DONTWAIT, {}))).toBe('EAGAIN');
  });

  // udplite(7)
  test.each([
    [0, 0],
    [3, 8],
    [20, 20],
    [100_000, 65_535],
  ])('a checksum over %i bytes covers %i', (wanted, expected) => {
    const socket = new UdpSocket(new Network(), abi.IPPROTO_UDPLITE);
    const option = [abi.IPPROTO_UDPLITE, abi.UDPLITE_RECV_CSCOV] as const;
    socket.setOption(...option, new Uint8Array(Int32Array.of(wanted).buffer));
    expect(new Int32Array(socket.getOption(...option).buffer)[0]).toBe(expected);
  });

  test('coverage is no option of UDP', () => {
    const socket = new UdpSocket(new Network());
    expect(outcome(() => socket.setOption(abi.IPPROTO_UDPLITE, 10, new Uint8Array(4)))).toBe('ENOPROTOOPT');
  });
});

describe('Unix sockets', () => {
  test('a pair carries bytes and descriptors at their place in the stream', () => {
    const [a, b] = UnixStreamSocket.pair(new Network(), ME);
    const file = { retain() {}, release() {} } as unknown as OpenFile;
    a.write(call(), bytesOf('plain'));
    a.send(call(), bytesOf('with'), { flags: 0, files: [file] });
    a.write(call(), bytesOf('after'));
    const message: ReceivedMessage = {};
    const dst = new Uint8Array(64);
    expect(b.receive(call(), dst, 0, message)).toBe(9);
    expect(byteStringFrom(dst.subarray(0, 9))).toBe('plainwith');
    expect(message.files).toEqual([file]);
    expect(text(b)).toBe('after');
    expect(b.peerCredentials()).toEqual(ME);
    a.release();
    expect(text(b)).toBe('');
    expect(outcome(() => b.write(call(), bytesOf('x')))).toBe('EPIPE');
  });

  test('an abstract name connects a stream, refuses others, and is free after close', () => {
    const network = new Network();
    const listener = new UnixStreamSocket(network, ME);
    listener.bind(unix('\0door'));
    listener.listen(1);
    expect(outcome(() => new UnixStreamSocket(network, ME).bind(unix('\0door')))).toBe('EADDRINUSE');
    expect(outcome(() => new UnixDatagramSocket(network, ME).connect(call(), unix('\0door')))).toBe('ECONNREFUSED');
    const client = new UnixStreamSocket(network, ME);
    expect(client.connect(call(), unix('\0door'))).toBe(0);
    const peer = listener.accept(call());
    if (isBlocked(peer)) throw new Error('nobody');
    client.write(call(), bytesOf('hi'));
    expect(text(peer)).toBe('hi');
    expect(client.remoteAddress()).toEqual(unix('\0door'));
    listener.release();
    expect(outcome(() => new UnixStreamSocket(network, ME).connect(call(), unix('\0door')))).toBe('ECONNREFUSED');
  });

  test('datagrams keep their boundaries; a closed seqpacket peer is end of file', () => {
    const [a, b] = UnixSeqpacketSocket.pair(new Network(), ME);
    a.write(call(), bytesOf('one'));
    a.write(call(), bytesOf('two'));
    expect([text(b), text(b)]).toEqual(['one', 'two']);
    a.release();
    expect(b.poll() & POLLHUP).toBe(POLLHUP);
    expect(text(b)).toBe('');
    expect(outcome(() => b.write(call(), bytesOf('x')))).toBe('EPIPE');
  });
});

describe('the host door', () => {
  test('answers undefined where nobody listens', () => {
    expect(connectFromHost(new Network(), 8000)).toBeUndefined();
  });

  test('is a connection like any other, both ways, with half-close and more than a window of bytes', () => {
    const network = new Network();
    const listener = server(network, 8000, 5, INADDR_ANY);
    const host = connectFromHost(network, 8000);
    if (host === undefined) throw new Error('refused');
    const received: string[] = [];
    host.onData((bytes) => received.push(byteStringFrom(bytes)));
    host.onEnd((reason) => received.push(reason));
    const peer = listener.accept(call());
    if (isBlocked(peer)) throw new Error('nobody');
    host.send(new Uint8Array(700_000));
    host.end();
    let total = 0;
    for (;;) {
      const count = peer.read(call(), new Uint8Array(100_000));
      if (isBlocked(count)) throw new Error('stuck');
      if (count === 0) break;
      total += count;
    }
    expect(total).toBe(700_000);
    peer.write(call(), bytesOf('hello'));
    peer.release();
    expect(received).toEqual(['hello', 'closed']);
  });

  test('pausing stops the data and lets the guest block; closing resets the guest', () => {
    const network = new Network();
    const listener = server(network, 8000);
    const host = connectFromHost(network, 8000);
    if (host === undefined) throw new Error('refused');
    let total = 0;
    host.onData((bytes) => (total += bytes.length));
    const peer = listener.accept(call());
    if (isBlocked(peer)) throw new Error('nobody');
    host.pause();
    const waiting = peer.write(call(), new Uint8Array(400_000));
    expect([isBlocked(waiting), total]).toEqual([true, 0]);
    host.resume();
    expect(total).toBeGreaterThan(200_000);
    host.close();
    expect(outcome(() => peer.read(call(), new Uint8Array(1)))).toBe('ECONNRESET');
  });
});
