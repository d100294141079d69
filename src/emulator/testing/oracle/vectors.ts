/**
 * What a processor made of the boundary cases, in a file: the oracle of hosts that are not x86-64. The cases themselves
 * are made again from the rows; the file holds a digest of them by form and of each ending what differs from its start.
 *
 *   brotli( u32 bytes of the index, index as JSON, endings in its order )
 *   ending   u8 signal, vector, error code, si_code; i64 rip - end of code; [vector 14: u64 CR2]; u32 rflags;
 *            u16 mask of changed registers, u64 each; runs of changed FXSAVE bytes; runs of changed memory
 *   runs     u8 count, then u32 where, u8 length, bytes
 */
import { createHash } from 'node:crypto';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { encodeCases, type Case, type Ending, type Patch } from './case.ts';

export interface RecordedForm {
  readonly row: string;
  readonly form: string;
  /** Of its cases; another one means that they are others now. */
  readonly digest: string;
  readonly endings: readonly Ending[];
}

export interface Recording {
  /** The processor, as /proc/cpuinfo names it. */
  readonly cpu: string;
  readonly forms: readonly RecordedForm[];
}

export function digestOf(cases: readonly Case[]): string {
  return createHash('sha256').update(encodeCases(cases)).digest('hex').slice(0, 10);
}

interface Index {
  readonly cpu: string;
  readonly forms: readonly (readonly [row: string, form: string, digest: string, count: number])[];
}

/** @param casesOf the cases of a form, in the order of its endings */
export function encodeRecording(
  { cpu, forms }: Recording,
  casesOf: (form: RecordedForm) => readonly Case[],
): Uint8Array {
  const index: Index = {
    cpu,
    forms: forms.map(({ row, form, digest, endings }) => [row, form, digest, endings.length]),
  };
  const text = Buffer.from(JSON.stringify(index));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(text.length);
  const writer = new Writer();
  for (const form of forms) {
    const cases = casesOf(form);
    for (const [i, ending] of form.endings.entries()) writeEnding(writer, cases[i], ending);
  }
  const raw = Buffer.concat([size, text, writer.bytes()]);
  return brotliCompressSync(raw, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 },
  });
}

/** @param casesOf the form's cases now, or null when they are others than those recorded: such a form is left out */
export function decodeRecording(
  file: Uint8Array,
  casesOf: (row: string, form: string, digest: string) => readonly Case[] | null,
): Recording {
  const raw = brotliDecompressSync(file);
  const indexBytes = raw.readUInt32LE(0);
  const index = JSON.parse(raw.subarray(4, 4 + indexBytes).toString()) as Index;
  const reader = new Reader(raw.subarray(4 + indexBytes));
  const forms: RecordedForm[] = [];
  for (const [row, form, digest, count] of index.forms) {
    const cases = casesOf(row, form, digest);
    const endings = Array.from({ length: count }, (_, i) => readEnding(reader, cases?.[i]));
    if (cases !== null) forms.push({ row, form, digest, endings });
  }
  return { cpu: index.cpu, forms };
}

/** FXSAVE bytes that count: not the last instruction's pointers, not which MXCSR bits exist, not what is reserved. */
const FXSAVE_COMPARED: readonly (readonly [from: number, to: number])[] = [
  [0, 5],
  [24, 28],
  [32, 416],
];

function writeEnding(out: Writer, one: Case, ending: Ending): void {
  out
    .u8(ending.signal)
    .u8(ending.vector)
    .u8(ending.errorCode)
    .u8(ending.siCode & 0xff);
  out.u64(ending.rip - BigInt(one.codeAddr + one.code.length));
  if (ending.vector === 14) out.u64(ending.faultAddr);
  out.u32(Number(ending.rflags & 0xffff_ffffn));
  const changed = Array.from(ending.gpr.entries()).filter(([i, value]) => value !== one.gpr[i]);
  out.u16(changed.reduce((mask, [i]) => mask | (1 << i), 0));
  for (const [, value] of changed) out.u64(value);
  writeRuns(
    out,
    FXSAVE_COMPARED.flatMap(([from, to]) => runsOf(one.fxsave, ending.fxsave, from, to)),
  );
  writeRuns(out, ending.changes.flatMap(shortRuns));
}

function readEnding(from: Reader, one: Case | undefined): Ending {
  const [signal, vector, errorCode, siCode] = [from.u8(), from.u8(), from.u8(), from.u8()];
  const rip = BigInt.asUintN(64, from.u64() + BigInt((one?.codeAddr ?? 0) + (one?.code.length ?? 0)));
  const faultAddr = vector === 14 ? from.u64() : 0n;
  const rflags = BigInt(from.u32());
  const mask = from.u16();
  const gpr = BigUint64Array.from({ length: 16 }, (_, i) =>
    ((mask >> i) & 1) !== 0 ? from.u64() : (one?.gpr[i] ?? 0n),
  );
  const fxsave = one?.fxsave.slice() ?? new Uint8Array(512);
  for (const { addr, bytes } of readRuns(from)) fxsave.set(bytes, addr);
  const changes = readRuns(from);
  return { signal, vector, errorCode, siCode, siAddr: faultAddr, faultAddr, rip, rflags, gpr, fxsave, changes };
}

function runsOf(before: Uint8Array, after: Uint8Array, from: number, to: number): Patch[] {
  const runs: Patch[] = [];
  for (let i = from; i < to; i++) {
    let end = i;
    while (end < to && before[end] !== after[end]) end++;
    if (end > i) runs.push({ addr: i, bytes: after.slice(i, end) });
    i = Math.max(i, end - 1);
  }
  return runs;
}

/** Lengths are bytes: long runs become several. */
function shortRuns({ addr, bytes }: Patch): Patch[] {
  return Array.from({ length: Math.ceil(bytes.length / 255) }, (_, i) => ({
    addr: addr + 255 * i,
    bytes: bytes.slice(255 * i, 255 * (i + 1)),
  }));
}

function writeRuns(out: Writer, runs: readonly Patch[]): void {
  out.u16(runs.length);
  for (const { addr, bytes } of runs) {
    out.u32(addr).u8(bytes.length);
    for (const byte of bytes) out.u8(byte);
  }
}

function readRuns(from: Reader): Patch[] {
  return Array.from({ length: from.u16() }, () => {
    const addr = from.u32();
    return { addr, bytes: Uint8Array.from({ length: from.u8() }, () => from.u8()) };
  });
}

class Writer {
  readonly #bytes: number[] = [];

  u8(value: number): this {
    this.#bytes.push(value & 0xff);
    return this;
  }

  u16(value: number): this {
    return this.u8(value).u8(value >>> 8);
  }

  u32(value: number): this {
    return this.u16(value).u16(value >>> 16);
  }

  u64(value: bigint): this {
    return this.u32(Number(BigInt.asUintN(32, value))).u32(Number(BigInt.asUintN(32, value >> 32n)));
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  u8(): number {
    return this.#bytes[this.#at++];
  }

  u16(): number {
    return this.u8() | (this.u8() << 8);
  }

  u32(): number {
    return (this.u16() | (this.u16() << 16)) >>> 0;
  }

  u64(): bigint {
    return BigInt(this.u32()) | (BigInt(this.u32()) << 32n);
  }
}
