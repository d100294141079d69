/**
 * A machine without guest code for tests of its management: native programs over a ramfs, a fake clock and console, and
 * a client at the host door. Everything runs synchronously: `fetch` runs the scheduler until the answer is whole.
 */
import { bytesOf, byteStringFrom, utf8Decode } from '../../emulator/util/bytes.ts';
import { ConsoleTty } from '../devices/tty.ts';
import { Ramfs } from '../fs/ramfs/ramfs.ts';
import type { HostConnection } from '../kernel.ts';
import { connectFromHost } from '../net/host-door.ts';
import { formatRequestHead } from '../net/http/format.ts';
import { HttpHeaders, type ResponseHead } from '../net/http/message.ts';
import { HttpParser } from '../net/http/parser.ts';
import { nativeSockets } from '../net/socket/native-sockets.ts';
import type { NativeProgram } from '../program/native-program.ts';
import { NativePrograms } from '../program/native-registry.ts';
import { ProgramTable } from '../program/program-table.ts';
import { LaunchError } from '../program/programs.ts';
import { RunningMachine } from '../program/running-machine.ts';
import type { Management } from '../rest/management.ts';
import { CallTrace } from '../trace/call-trace.ts';
import { DmesgLog } from '../trace/log.ts';
import { rootCredentials } from '../vfs/credentials.ts';
import { MountTable } from '../vfs/mount-table.ts';
import type { Viewer } from '../vfs/vfs.ts';
import { type FakePorts, fakePorts } from './fake-ports.ts';

export interface Answer {
  readonly status: number;
  readonly headers: HttpHeaders;
  /** Bytes as chars. */
  readonly body: string;
  /** The body as JSON; undefined where it is none. */
  readonly json: unknown;
}

export interface RequestOptions {
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
}

export interface ManagementMachine {
  readonly ports: FakePorts;
  readonly machine: RunningMachine;
  readonly management: Management;
  readonly programs: ProgramTable;
  /** What shutDown was called with. */
  readonly shutDowns: string[];
  /** Makes a file with all its directories. */
  putFile(path: string, text: string, mode?: number): void;
  readFile(path: string): string;
  /** Runs what is ready, for at most so much of the machine's time. */
  run(forNs?: number): void;
  /** Sends raw bytes to a port and runs until the guest closes, or nothing more comes. */
  exchange(bytes: string, port?: number): string;
  fetch(method: string, target: string, options?: RequestOptions): Answer;
}

export function managementMachine(programsOf: (management: Management) => readonly NativeProgram[]): ManagementMachine {
  const ports = fakePorts();
  const log = new DmesgLog(ports.clock, (bytes) => ports.console.write(bytes));
  const root = new Ramfs({ type: 'ramfs', deviceNumber: 1, capacityBytes: 64 << 20, now });
  const vfs = new MountTable(root, '/dev/vblk0.1', 'rw');
  const machine = new RunningMachine({ ports, vfs, log, tty: new ConsoleTty(ports.console), memoryBytes: 2 ** 31 });
  const shutDowns: string[] = [];
  const lazy: { programs?: ProgramTable } = {};
  const management: Management = {
    machine,
    get programs() {
      if (lazy.programs === undefined) throw new Error('no programs yet');
      return lazy.programs;
    },
    calls: new CallTrace(ports.clock, () => {}),
    hypervisor: 'browser',
    firmwareVendor: 'none',
    cpuFlags: 'fpu sse sse2',
    cpuCount: 1,
    commandLine: '/cli/cli.so',
    shutDown: (reason) => shutDowns.push(reason),
  };
  const natives = new NativePrograms(programsOf(management), nativeSockets(machine.network));
  const programs = new ProgramTable(machine, natives, {
    start: ([path]) => {
      throw new LaunchError(`Failed to load object: ${path}`);
    },
  });
  lazy.programs = programs;
  const run = (forNs = 1e9): void => {
    machine.scheduler.run(ports.clock.nowNs + forNs);
  };
  const exchange = (bytes: string, port = 8000): string => speak(machine, port, bytes, run);
  return {
    ports,
    machine,
    management,
    programs,
    shutDowns,
    run,
    exchange,
    putFile: (path, text, mode = 0o644) => putFile(vfs, path, text, mode),
    readFile: (path) => readFile(vfs, path),
    fetch: (method, target, options = {}) => fetchFrom(exchange, method, target, options),
  };
}

const now = (): { seconds: number; nanoseconds: number } => ({ seconds: 1_700_000_000, nanoseconds: 0 });
const CALL = { progress: undefined, isInterrupted: false, nowNs: 0, threadId: 0, raise: () => {} };

function rootOf(vfs: MountTable): Viewer {
  return {
    fs: { cwd: vfs.root, root: vfs.root, umask: 0 },
    credentials: rootCredentials(),
  };
}

function putFile(vfs: MountTable, path: string, text: string, mode: number): void {
  const viewer = rootOf(vfs);
  const parts = path.split('/').slice(1, -1);
  for (let i = 1; i <= parts.length; i++) {
    try {
      vfs.mkdir(viewer, { path: `/${parts.slice(0, i).join('/')}` }, 0o755);
    } catch {
      // it is there
    }
  }
  const file = vfs.open(viewer, path, 0o1101, mode);
  file.write(CALL, bytesOf(text));
  file.release();
}

function readFile(vfs: MountTable, path: string): string {
  const file = vfs.open(rootOf(vfs), path, 0, 0);
  const bytes = new Uint8Array(file.attributes().sizeBytes);
  file.read(CALL, bytes);
  file.release();
  return byteStringFrom(bytes);
}

function speak(machine: RunningMachine, port: number, bytes: string, run: () => void): string {
  const connection: HostConnection | undefined = connectFromHost(machine.network, port);
  if (connection === undefined) throw new Error(`nobody listens on ${port}`);
  let text = '';
  const state = { isOver: false };
  connection.onData((part) => (text += byteStringFrom(part)));
  connection.onEnd(() => (state.isOver = true));
  connection.send(bytesOf(bytes));
  for (let turns = 0; turns < 200 && !state.isOver; turns++) {
    const before = text.length;
    run();
    if (text.length === before && turns > 70) break;
  }
  connection.close();
  run();
  return text;
}

function fetchFrom(
  exchange: (bytes: string) => string,
  method: string,
  target: string,
  { headers = [], body }: RequestOptions,
): Answer {
  const fields = new HttpHeaders([['Host', '8000.localhost'], ['Connection', 'close'], ...headers]);
  if (body !== undefined) fields.add('Content-Length', String(body.length));
  const answer = exchange(byteStringFrom(formatRequestHead(method, target, fields)) + (body ?? ''));
  const parser = new HttpParser('response');
  if (method === 'HEAD') parser.expectNoBody();
  parser.push(bytesOf(answer));
  parser.finish();
  let head: ResponseHead | undefined;
  let text = '';
  for (let event = parser.next(); event !== undefined && event.kind !== 'end'; event = parser.next()) {
    if (event.kind === 'head') {
      head = event.head as ResponseHead;
      if (head.status === 100) parser.next(); // its end
    } else text += byteStringFrom(event.bytes);
  }
  if (head === undefined) throw new Error(`no answer to ${method} ${target}`);
  return { status: head.status, headers: head.headers, body: text, json: jsonOf(text) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(utf8Decode(bytesOf(text)));
  } catch {
    return undefined;
  }
}
