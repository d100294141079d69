/** Randomness for the kernel from the browser. */
import type { EntropyPort } from '../../guest-kernel/index.ts';

const MOST_AT_ONCE = 65_536; // Web Cryptography: getRandomValues refuses more

export const entropy: EntropyPort = {
  fill(dst) {
    for (let at = 0; at < dst.length; at += MOST_AT_ONCE) {
      // getRandomValues wants memory that is not shared; the kernel's buffers never are.
      crypto.getRandomValues(dst.subarray(at, at + MOST_AT_ONCE) as Uint8Array<ArrayBuffer>);
    }
  },
};
