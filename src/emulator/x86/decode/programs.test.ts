/**
 * Programs of the distribution as objdump reads them: the same lengths and mnemonics, of instructions with a row and of
 * those without. The unit tests read a window of each; `npm run test:decoder` reads libc, libstdc++, libm, python3, node
 * and libjvm whole.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readSync, realpathSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { objdumpNamesAgree } from '../../testing/mnemonics.ts';
import { disassembled } from '../../testing/objdump.ts';
import { mnemonicOf } from '../disassemble.ts';
import { INSTRUCTIONS } from '../instructions/index.ts';
import { buildDecodeTable } from './decode-table.ts';
import { Decoder } from './decoder.ts';
import { describeMissing } from './describe-missing.ts';

const isWhole = process.env['DECODE_ALL'] !== undefined;
const LIBRARIES = '/usr/lib/x86_64-linux-gnu';
const PROGRAMS = [`${LIBRARIES}/libc.so.6`, `${LIBRARIES}/libm.so.6`, `${LIBRARIES}/libstdc++.so.6`, '/usr/bin/python3', process.execPath]; // oxfmt-ignore
const WINDOW_BYTES = 120_000;

const table = buildDecodeTable(INSTRUCTIONS);
const u8 = new Uint8Array(64);
const decoder = new Decoder(table, { u8, isExecutable: (addr) => addr < u8.length });

function reading(bytes: Uint8Array): { readonly length: number; readonly mnemonic: string } {
  u8.fill(0x90);
  u8.set(bytes);
  const result = decoder.decode(0);
  if (result.kind === 'instruction') return { length: result.decoded.length, mnemonic: mnemonicOf(result.decoded) };
  // Objdump does not ask whether LOCK is legal; data in a text section often has it.
  if (result.kind === 'undefined' && result.mnemonic.startsWith('lock '))
    return { length: result.length, mnemonic: result.mnemonic.slice('lock '.length) };
  return describeMissing(u8.subarray(0, 15), table);
}

/** Data between functions, prefixes that end before data; instructions of VIA's processors, which node asks for by CPUID. */
const NOT_INSTRUCTIONS = /^(\(bad\)|x(store|crypt|sha\d+).*|\.byte|rex.*|data16|addr32|lock|rep[nz]*|[c-gs]s|)$/;

/** Middle of .text, where code of every kind lies. */
function window(file: string): readonly [number, number] {
  const [, size = 0, addr = 0] = (/ \.text\s+(\S+)\s+(\S+)/.exec(execFileSync('objdump', ['-h', file], { encoding: 'utf8' })) ?? []).map((text) => parseInt(text, 16)); // oxfmt-ignore
  const from = addr + (size >> 1);
  return [from, from + WINDOW_BYTES];
}

/** One example of each pair of names. */
async function disagreements(file: string): Promise<{ readonly count: number; readonly found: readonly string[] }> {
  const found = new Map<string, string>();
  let count = 0;
  for await (const { bytes, mnemonic } of disassembled(file, isWhole ? undefined : window(file))) {
    if (NOT_INSTRUCTIONS.test(mnemonic) || bytes.length > 15) continue;
    count++;
    const ours = reading(bytes);
    if (ours.length === bytes.length && objdumpNamesAgree(mnemonic, ours.mnemonic)) continue;
    const hex = Buffer.from(bytes).toString('hex');
    const text = `${hex}: ours ${ours.mnemonic} of ${ours.length}, objdump ${mnemonic} of ${bytes.length}`;
    found.set(`${ours.mnemonic} ${mnemonic} ${ours.length - bytes.length}`, text);
  }
  return { count, found: [...found.values()] };
}

/** An ELF file for x86-64: elsewhere the same paths hold other programs. */
function isX86Program(file: string): boolean {
  if (!existsSync(file)) return false;
  const head = Buffer.alloc(20);
  const fd = openSync(file, 'r');
  readSync(fd, head);
  closeSync(fd);
  return head.readUInt32BE(0) === 0x7f454c46 && head.readUInt16LE(18) === 62; // e_machine: EM_X86_64
}

/** Every Java that is installed (Debian: openjdk-17-jre-headless). */
function jvms(): string[] {
  const folder = '/usr/lib/jvm';
  return existsSync(folder) ? readdirSync(folder).map((name) => `${folder}/${name}/lib/server/libjvm.so`) : [];
}

const files = [...new Set([...PROGRAMS, ...jvms()].filter(isX86Program).map((file) => realpathSync(file)))];

describe.skipIf(files.length === 0)('reads the code of the distribution as objdump does', () => {
  it.each(files)('%s', { timeout: 3_600_000 }, async (file) => {
    const { count, found } = await disagreements(file);
    if (isWhole) process.stderr.write(`${file}: ${count} instructions\n`);
    expect(found).toEqual([]);
    expect(count).toBeGreaterThan(isWhole ? 20_000 : 10_000);
  });
});
