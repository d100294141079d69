/**
 * Programs of the machine whose code is TypeScript: the CLI (/cli/cli.so), the HTTP server (/libhttpserver.so).
 * They have thread ids, file descriptors and signals like any other and reach the kernel only through NativeCalls,
 * which are the kernel's system calls as generators: `yield*` them. A generator yields Blocked and is resumed when the
 * wait is over; no promise is involved, so they are scheduled and replayed as guest threads are.
 *
 *   function* main(sys: NativeCalls): Wait<number> {
 *     const fd = yield* sys.open('/etc/hosts', O_RDONLY, 0);
 *     const text = utf8Decode(yield* sys.read(fd, 4096));
 */
import type { EditedLine } from '../devices/tty.ts';
import type { ByteString } from '../../emulator/util/bytes.ts';
import type { TerminalSize } from '../ports.ts';
import type { Call, OpenFile, PollMask } from '../vfs/open-file.ts';
import type { Blocked } from './blocked.ts';

export type Wait<T> = Generator<Blocked, T, void>;

export interface NativeProgram {
  /** File in the image that stands for it; its start is recognised by this path. */
  readonly path: ByteString;
  readonly name: string;
  main(sys: NativeCalls, argv: readonly ByteString[]): Wait<number>;
}

export interface PollRequest {
  readonly fd: number;
  readonly events: PollMask;
}

/** All throw Errno. Interrupted waits throw EINTR, after which `takeSignals` tells what came. */
export interface NativeCalls {
  readonly threadId: number;
  /** Monotonic ns. */
  nowNs(): number;
  open(path: ByteString, flags: number, mode: number): Wait<number>;
  close(fd: number): void;
  /** At most maxBytes; an empty array is end of file. */
  read(fd: number, maxBytes: number): Wait<Uint8Array>;
  /** Writes all of `bytes`. */
  write(fd: number, bytes: Uint8Array): Wait<void>;
  sleepUntil(deadlineNs: number): Wait<void>;
  /** poll(2): the ready masks in the order of the requests; all zero at the deadline. */
  poll(requests: readonly PollRequest[], deadlineNs?: number): Wait<readonly PollMask[]>;
  /** TCP over IPv4 (only loopback for now): a connected socket, a listener, an accepted connection. */
  connectTcp(address: string, port: number): Wait<number>;
  listenTcp(address: string, port: number, backlog: number): number;
  acceptTcp(fd: number): Wait<number>;
  /** Terminal of fd 0: raw mode on or off (cooked), its size, and who owns it. */
  setRawMode(isRaw: boolean): void;
  /** What others write at the console goes above this line, until it is undefined. */
  editLine(line: EditedLine | undefined): void;
  /** Brings the line back where others left an unfinished one of theirs; before it changes. */
  showEditedLine(): void;
  terminalSize(): TerminalSize;
  /** Whether the terminal's last output ended its line. */
  isAtLineStart(): boolean;
  /** Makes a program the tty's foreground (TIOCSPGRP); undefined: this program again. */
  setForeground(tid: number | undefined): void;
  /** osv_waittid: waits until the program whose main thread is `tid` ended. */
  waitProgram(tid: number, deadlineNs?: number): Wait<void>;
  /** Signals delivered since the last call; native programs never die of SIGINT, SIGTERM ends them unless taken here. */
  takeSignals(): readonly number[];
  /** Runs `body` on a thread of its own in this program. */
  spawn(name: string, body: (sys: NativeCalls) => Wait<void>): number;
  /** Runs a synchronous piece of kernel work that may throw NotResident, again and again until it goes through. */
  retry<T>(work: () => T): Wait<T>;
}

/** What the network gives to native programs; made by net/socket, handed over in boot.ts. All throw Errno. */
export interface NativeSockets {
  /** Runs again with call.progress until the connection stands. */
  connectTcp(call: Call, address: string, port: number): OpenFile | Blocked;
  listenTcp(address: string, port: number, backlog: number): OpenFile;
  acceptTcp(call: Call, listener: OpenFile): OpenFile | Blocked;
}
