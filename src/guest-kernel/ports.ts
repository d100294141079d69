/**
 * Everything the kernel asks of its host. The kernel has no clock, timer, randomness or promise of its own, so a run
 * can be replayed from what came through these ports (DESIGN decision 9).
 *
 * Callbacks that a port takes are called from the host's event loop, never from inside the call that registered them.
 */

import type { CodeStorePort } from '../emulator/index.ts';
import type { ByteString } from '../emulator/util/bytes.ts';

/** Something with a life; closing twice is allowed. */
export interface Closable {
  close(): void;
}

export interface ClockPort {
  /** Nanoseconds since the machine started; never goes back. */
  monotonicNs(): number;
  /** Nanoseconds since 1970-01-01 UTC. */
  realtimeNs(): bigint;
}

export interface EntropyPort {
  fill(dst: Uint8Array): void;
}

/** The machine's console: a terminal that a person looks at, or stdin and stdout under Node. */
export interface ConsolePort {
  /** Bytes are copied before return. */
  write(bytes: Uint8Array): void;
  onInput(listener: (bytes: Uint8Array) => void): Closable;
  onResize(listener: (size: TerminalSize) => void): Closable;
  size(): TerminalSize;
  /** Absent: programs are told what OSv tells them. */
  readonly terminal?: TerminalKind;
}

/** What a terminal emulator tells the programs that it shows. */
export interface TerminalKind {
  /** Names in terminfo, best first: TERM is the first that the disk describes, or the last. */
  readonly names: readonly [ByteString, ...ByteString[]];
  /** Other variables: COLORTERM, LANG. */
  readonly variables: Readonly<Record<string, ByteString>>;
}

export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/** A disk of 4 KiB blocks whose contents may be far away. Errors are HostError. */
export interface BlockPort {
  readonly blockCount: number;
  readonly isReadOnly: boolean;
  /** The block's bytes, [4096] u8, if they are at hand now. The caller does not change or keep them. */
  readNow(block: number): Uint8Array | undefined;
  /** Brings blocks near; afterwards readNow answers for each, until the port needs the room. */
  fetch(blocks: readonly number[], done: (error?: HostError) => void): void;
  /**
   * Makes all of these blocks durable in one atomic step, or none of them; readNow sees the new bytes at once.
   * The bytes belong to the port afterwards.
   */
  commit(blocks: ReadonlyMap<number, Uint8Array>, done: (error?: HostError) => void): void;
}

/** The host's own standard streams, for one program that runs under Node (BootOptions.run). */
export interface HostStdio {
  /** Answers once, with at most `maxBytes` bytes or, at the end of the input, none. The bytes belong to the caller. */
  readInput(maxBytes: number, done: (bytes: Uint8Array<ArrayBuffer>) => void): void;
  /** All of `bytes`, copied or written before return. @returns false when nobody reads the stream any more. */
  writeOutput(stream: 'stdout' | 'stderr', bytes: Uint8Array): boolean;
}

/** The kernel's own control of its host. */
export interface PowerPort {
  /** Called once; the host drops the machine after the disk is flushed. */
  onHalt(reason: 'poweroff' | 'reboot' | 'panic', report: string): void;
}

export interface KernelPorts {
  readonly clock: ClockPort;
  readonly entropy: EntropyPort;
  readonly console: ConsolePort;
  readonly disk: BlockPort;
  readonly power: PowerPort;
  /** Where compiled code outlives the machine; absent: nowhere. */
  readonly code?: CodeStorePort;
}

/** Trouble of the host (quota, fetch, bad image), made at the port: EIO for the guest, `message` for the user. */
export class HostError extends Error {
  override readonly name = 'HostError';
}
