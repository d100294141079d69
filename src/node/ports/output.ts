/** Writing to the host's descriptors, in order and at once. */
import { writeSync } from 'node:fs';

const RETRY_MS = 2;

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of `bytes`, waiting for a slow reader. @returns false when the reader is gone. */
export function writeFully(fd: number, bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE' || code === 'EBADF') return false;
      if (code !== 'EAGAIN') throw error;
      // Somebody made the pipe non-blocking; nothing else can happen before its reader is ready.
      Atomics.wait(sleeper, 0, 0, RETRY_MS);
    }
  }
  return true;
}
