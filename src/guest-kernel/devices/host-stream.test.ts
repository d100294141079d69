import { describe, expect, it } from 'vitest';
import { EAGAIN, EINTR, EPIPE } from '../abi/errno.ts';
import { O_NONBLOCK } from '../abi/fcntl.ts';
import { POLLERR, POLLHUP, POLLIN } from '../abi/poll.ts';
import { isBlocked } from '../program/blocked.ts';
import { HostInput, HostOutput } from './host-stream.ts';

function fakeStdio(): {
  answers: ((bytes: Uint8Array) => void)[];
  written: string[];
  isOpen: boolean;
  readInput(maxBytes: number, done: (bytes: Uint8Array<ArrayBuffer>) => void): void;
  writeOutput(stream: 'stdout' | 'stderr', bytes: Uint8Array): boolean;
} {
  return {
    answers: [],
    written: [],
    isOpen: true,
    readInput(_maxBytes, done) {
      this.answers.push(done as (bytes: Uint8Array) => void);
    },
    writeOutput(stream, bytes) {
      if (this.isOpen) this.written.push(`${stream}: ${String.fromCharCode(...bytes)}`);
      return this.isOpen;
    },
  };
}

function fakeCall(isInterrupted = false): {
  progress: undefined;
  isInterrupted: boolean;
  nowNs: number;
  threadId: number;
  signals: number[];
  raise(signal: number): void;
} {
  const signals: number[] = [];
  return {
    progress: undefined,
    isInterrupted,
    nowNs: 0,
    threadId: 1,
    signals,
    raise: (signal: number) => void signals.push(signal),
  };
}

function thrownBy(body: () => unknown): unknown {
  try {
    return body();
  } catch (error) {
    return error;
  }
}

describe('host input', () => {
  it('asks the host only when a program reads, once, and hands on what comes in pieces', () => {
    const stdio = fakeStdio();
    const input = new HostInput(stdio);
    expect(stdio.answers).toHaveLength(0);
    const dst = new Uint8Array(3);
    expect(isBlocked(input.read(fakeCall(), dst))).toBe(true);
    expect(isBlocked(input.read(fakeCall(), dst))).toBe(true);
    expect(stdio.answers).toHaveLength(1);
    stdio.answers[0](new Uint8Array([1, 2, 3, 4]));
    expect(input.poll()).toBe(POLLIN | 0x40);
    expect(input.read(fakeCall(), dst)).toBe(3);
    expect(input.read(fakeCall(), dst)).toBe(1);
    expect(dst[0]).toBe(4);
  });

  it('an empty answer is the end of the file, again and again', () => {
    const stdio = fakeStdio();
    const input = new HostInput(stdio);
    input.poll();
    stdio.answers[0](new Uint8Array(0));
    expect(input.poll()).toBe(POLLHUP);
    expect(input.read(fakeCall(), new Uint8Array(1))).toBe(0);
    expect(input.read(fakeCall(), new Uint8Array(1))).toBe(0);
    expect(stdio.answers).toHaveLength(1);
  });

  it('does not wait when the file is non-blocking or a signal came', () => {
    const input = new HostInput(fakeStdio());
    expect(thrownBy(() => input.read(fakeCall(true), new Uint8Array(1)))).toBe(EINTR);
    input.flags |= O_NONBLOCK;
    expect(thrownBy(() => input.read(fakeCall(), new Uint8Array(1)))).toBe(EAGAIN);
  });
});

describe('host output', () => {
  it('keeps stdout and stderr apart', () => {
    const stdio = fakeStdio();
    new HostOutput(stdio, 'stdout').write(fakeCall(), new Uint8Array([97]));
    new HostOutput(stdio, 'stderr').write(fakeCall(), new Uint8Array([98]));
    expect(stdio.written).toEqual(['stdout: a', 'stderr: b']);
  });

  it('a host that reads no more is SIGPIPE and EPIPE', () => {
    const stdio = fakeStdio();
    stdio.isOpen = false;
    const output = new HostOutput(stdio, 'stdout');
    const call = fakeCall();
    expect(thrownBy(() => output.write(call, new Uint8Array(1)))).toBe(EPIPE);
    expect(call.signals).toEqual([13]);
    expect(output.poll() & POLLERR).toBe(POLLERR);
  });
});
