/**
 * A case: machine code with a whole start state; an ending: what running it left behind. Both are plain data that every
 * executor (host CPU, reference interpreter, JavaScript backend) takes and gives.
 *
 * The sandbox is the same for all of them; harness.c maps it on the host, machine.ts in an AddressSpace:
 *
 *   0x300000  code, 2 pages rwx, full of INT3     0x311000  data, 2 pages rw    0x314000  read-only page
 *   0x316000  edge: a page rw with a read-only one behind it
 *
 *   every other page is unmapped
 */

const PAGE = 4096;
export const CODE = { addr: 0x300000, sizeBytes: 2 * PAGE } as const;
export const DATA = { addr: 0x311000, sizeBytes: 2 * PAGE } as const;
export const CONSTANT = { addr: 0x314000, sizeBytes: PAGE } as const;
/** A writable page before a read-only one; both start as zeros. */
export const EDGE = { addr: 0x316000, sizeBytes: PAGE, readOnlyAddr: 0x317000 } as const;
/** The GS base of every case. FS belongs to the host's C library. */
export const GS_BASE: bigint = BigInt(DATA.addr);

/** Bytes at a guest address. */
export interface Patch {
  readonly addr: number;
  readonly bytes: Uint8Array;
}

export interface Case {
  /** Where `code` lies inside CODE. */
  readonly codeAddr: number;
  readonly code: Uint8Array;
  /** 16, in the order of encodings. */
  readonly gpr: BigUint64Array;
  readonly rflags: bigint;
  /** FXSAVE64 image: x87, MXCSR, XMM (Intel SDM 2A, FXSAVE). */
  readonly fxsave: Uint8Array;
  /** Contents of DATA and CONSTANT that are not zero. */
  readonly memory: readonly Patch[];
  /** Address of the ModRM memory operand; 0n without one. Nothing runs by it, comparisons may ask. */
  readonly operandAddr: bigint;
}

/** Linux signal numbers by which a case can end. */
export const SIGNAL = { ILL: 4, TRAP: 5, BUS: 7, FPE: 8, SEGV: 11, VTALRM: 26 } as const;

export interface Ending {
  readonly signal: number;
  /** Vector of the exception (Intel SDM 3A table 6-1). */
  readonly vector: number;
  /** Linux' si_code; -1 where an executor does not know it (codes of floating-point exceptions are the kernel's). */
  readonly siCode: number;
  /** Linux' si_addr of the signals of faults. */
  readonly siAddr: bigint;
  /** Page fault error code; 0 for others. */
  readonly errorCode: number;
  /** CR2: address of a page fault. */
  readonly faultAddr: bigint;
  readonly rip: bigint;
  readonly gpr: BigUint64Array;
  readonly rflags: bigint;
  readonly fxsave: Uint8Array;
  /** Runs of bytes of DATA and EDGE that differ from the start, ascending. */
  readonly changes: readonly Patch[];
}

/** The cases as the harness reads them. */
export function encodeCases(cases: readonly Case[]): Uint8Array {
  const sizes = cases.map(
    (one) => 664 + one.code.length + one.memory.reduce((sum, patch) => sum + 8 + patch.bytes.length, 0),
  );
  const out = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  for (const [i, one] of cases.entries()) {
    encodeCase(one, out.subarray(at, at + sizes[i]));
    at += sizes[i];
  }
  return out;
}

function encodeCase(one: Case, out: Uint8Array): void {
  const data = new DataView(out.buffer, out.byteOffset, out.length);
  for (const [i, word] of [out.length, one.codeAddr, one.code.length, one.memory.length].entries())
    data.setUint32(4 * i, word, true);
  for (const [i, value] of one.gpr.entries()) data.setBigUint64(16 + 8 * i, value, true);
  data.setBigUint64(144, one.rflags, true);
  out.set(one.fxsave, 152);
  out.set(one.code, 664);
  let at = 664 + one.code.length;
  for (const patch of one.memory) {
    data.setUint32(at, patch.addr, true);
    data.setUint32(at + 4, patch.bytes.length, true);
    out.set(patch.bytes, at + 8);
    at += 8 + patch.bytes.length;
  }
}

/** The endings the harness wrote, in the order of the cases. */
export function decodeEndings(bytes: Uint8Array): Ending[] {
  const endings: Ending[] = [];
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; at += data.getUint32(at, true)) {
    endings.push(decodeEnding(bytes.subarray(at, at + data.getUint32(at, true))));
  }
  return endings;
}

function decodeEnding(bytes: Uint8Array): Ending {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const changes: Patch[] = [];
  let at = 700;
  for (let left = data.getUint32(696, true); left > 0; left--) {
    const sizeBytes = data.getUint32(at + 4, true);
    changes.push({ addr: data.getUint32(at, true), bytes: bytes.slice(at + 8, at + 8 + sizeBytes) });
    at += 8 + sizeBytes;
  }
  return {
    signal: data.getUint32(4, true),
    siCode: data.getInt32(8, true),
    siAddr: data.getBigUint64(32, true),
    vector: data.getUint32(12, true),
    errorCode: Number(data.getBigUint64(16, true)),
    faultAddr: data.getBigUint64(24, true),
    rip: data.getBigUint64(40, true),
    gpr: BigUint64Array.from({ length: 16 }, (_, i) => data.getBigUint64(48 + 8 * i, true)),
    rflags: data.getBigUint64(176, true),
    fxsave: bytes.slice(184, 696),
    changes,
  };
}
