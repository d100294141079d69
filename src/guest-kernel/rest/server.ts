/**
 * The HTTP server of port 8000 (/libhttpserver.so): a program of the machine that anybody may kill and start again.
 * One thread accepts; each connection has a thread of its own, so a slow client holds up nobody.
 */
import { bytesOf, type ByteString } from '../../emulator/util/bytes.ts';
import { EINTR, Errno } from '../abi/errno.ts';
import { SIGINT, SIGTERM } from '../abi/signal.ts';
import type { NativeCalls, NativeProgram, Wait } from '../program/native-program.ts';
import { serveConnection } from './connection.ts';
import type { Management } from './management.ts';

const BACKLOG = 128;

interface Settings {
  readonly address: string;
  readonly port: number;
  readonly allowedOrigins: readonly string[];
}

const USAGE = `Allowed options:
  --help                 show this text
  --access-allow=ORIGINS origins that may read answers: true for all, or a comma-separated list
  --ipaddress=ADDRESS    address to listen on (0.0.0.0)
  --port=PORT            port to listen on (8000)
`;

export function httpServer(management: Management): NativeProgram {
  return {
    path: '/libhttpserver.so',
    name: 'httpserver',
    *main(sys, argv): Wait<number> {
      if (argv.includes('--help')) {
        yield* sys.write(1, bytesOf(USAGE));
        return 0;
      }
      const settings = parseSettings(argv.slice(1));
      if (typeof settings === 'string') return yield* fail(sys, settings);
      return yield* serve(management, sys, settings);
    },
  };
}

/** Settings, or what is wrong with them. */
function parseSettings(options: readonly ByteString[]): Settings | string {
  let settings: Settings = { address: '0.0.0.0', port: 8000, allowedOrigins: [] };
  for (const option of options) {
    const [, name, value = ''] = /^--([a-z]+(?:-[a-z]+)*)=(.*)$/.exec(option) ?? [];
    if (name === 'port' && /^\d{1,5}$/.test(value) && Number(value) < 65_536)
      settings = { ...settings, port: Number(value) };
    else if (name === 'ipaddress') settings = { ...settings, address: value };
    else if (name === 'access-allow') settings = { ...settings, allowedOrigins: origins(value) };
    else return `invalid configuration: ${option}`;
  }
  return settings;
}

function origins(text: string): readonly string[] {
  if (text === 'false' || text === '') return [];
  return text === 'true' ? ['*'] : text.split(',').map((origin) => origin.trim());
}

function* serve(management: Management, sys: NativeCalls, settings: Settings): Wait<number> {
  let listener: number;
  try {
    listener = sys.listenTcp(settings.address, settings.port, BACKLOG);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return yield* fail(sys, `cannot listen on ${settings.address}:${settings.port}: ${error.message}`);
  }
  yield* sys.write(1, bytesOf(`Rest API server running on port ${settings.port}\n`));
  for (;;) {
    try {
      const fd = yield* sys.acceptTcp(listener);
      sys.spawn('http', (inner) => serveConnection({ management, sys: inner }, fd, settings.allowedOrigins));
    } catch (error) {
      if (error !== EINTR) throw error;
      if (sys.takeSignals().some((signal) => signal === SIGTERM || signal === SIGINT)) return 0;
    }
  }
}

function* fail(sys: NativeCalls, message: string): Wait<number> {
  yield* sys.write(2, bytesOf(`httpserver: ${message}\n`));
  return 1;
}
