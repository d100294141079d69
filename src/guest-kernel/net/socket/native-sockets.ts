/** TCP for native programs: what kern-side code calls where a guest program would make system calls. */
import { EINVAL, ENETUNREACH } from '../../abi/errno.ts';
import { AF_INET, SO_REUSEADDR, SOL_SOCKET } from '../../abi/socket.ts';
import { parseHost } from '../../abi/socket-address.ts';
import { isBlocked, type Blocked } from '../../program/blocked.ts';
import type { NativeSockets } from '../../program/native-program.ts';
import type { Call, OpenFile } from '../../vfs/open-file.ts';
import type { Network } from '../network.ts';
import { TcpSocket } from './tcp-socket.ts';

/** Between two runs of connectTcp. */
interface ConnectProgress {
  readonly socket: TcpSocket;
  /** Progress of the socket's own connect. */
  readonly inner: unknown;
}

export function nativeSockets(network: Network): NativeSockets {
  return {
    connectTcp: (call, address, port) => connectTcp(network, call, address, port),
    listenTcp(address, port, backlog): OpenFile {
      const socket = new TcpSocket(network);
      try {
        // A server that is started again gets its port back at once.
        socket.setOption(SOL_SOCKET, SO_REUSEADDR, Uint8Array.of(1, 0, 0, 0));
        socket.bind({ family: AF_INET, host: hostOf(address), port });
        socket.listen(backlog);
      } catch (error) {
        socket.release();
        throw error;
      }
      return socket;
    },
    acceptTcp(call, listener): OpenFile | Blocked {
      if (!(listener instanceof TcpSocket)) throw EINVAL;
      return listener.accept(call);
    },
  };
}

function connectTcp(network: Network, call: Call, address: string, port: number): OpenFile | Blocked {
  const before = call.progress as ConnectProgress | undefined;
  const socket = before?.socket ?? new TcpSocket(network);
  try {
    const inner = socket.connect(new InnerCall(call, before?.inner), { family: AF_INET, host: hostOf(address), port });
    if (!isBlocked(inner)) return socket;
    const progress: ConnectProgress = { socket, inner: inner.progress };
    return { ...inner, progress };
  } catch (error) {
    socket.release();
    throw error;
  }
}

/** The same call as its caller's, with the socket's own progress. */
class InnerCall implements Call {
  readonly progress: unknown;
  readonly #outer: Call;

  constructor(outer: Call, progress: unknown) {
    this.#outer = outer;
    this.progress = progress;
  }

  get isInterrupted(): boolean {
    return this.#outer.isInterrupted;
  }

  get nowNs(): number {
    return this.#outer.nowNs;
  }

  get threadId(): number {
    return this.#outer.threadId;
  }

  raise(signal: number): void {
    this.#outer.raise(signal);
  }
}

function hostOf(address: string): number {
  const host = address === 'localhost' ? 0x7f00_0001 : parseHost(address);
  if (host === undefined) throw ENETUNREACH;
  return host;
}
